import { Injectable } from '@nestjs/common';
import { Clock, DAY } from '../../common/clock.js';
import { withoutSecretFields } from '../../common/secret.decorator.js';
import { Database } from '../database/database.js';
import { OutboxRepository } from './outbox.repository.js';

/** What happened to what. `data` holds wire names, as the API shows them. */
export interface DomainEvent {
  /** `<subject>.<verb>`, e.g. `api_key.expired`. */
  readonly type: string;
  readonly subject: { readonly type: string; readonly id: number };
  readonly data: Readonly<Record<string, unknown>>;
}

/** Long enough for a receiver that was away for a holiday. */
const KEPT_DAYS = 30;
const BATCH = 500;

/**
 * Events for whoever wants to be told later (webhooks, mail). They are written in the transaction of their change, so an
 * event is there exactly when the change is; delivering them is the business of each consumer.
 */
@Injectable()
export class Outbox {
  /** By this process, since its start. */
  published = 0;

  constructor(
    private readonly database: Database,
    private readonly events: OutboxRepository,
    private readonly clock: Clock,
  ) {}

  async publish({ type, subject, data }: DomainEvent): Promise<void> {
    if (!this.database.isInTransaction()) throw new Error(`${type} is published in the transaction of its change`);
    await this.events.insert({
      at: this.clock.instant(),
      type,
      subjectType: subject.type,
      subjectId: subject.id,
      data: withoutSecretFields(data),
    });
    await this.database.onCommit(() => void (this.published += 1));
  }

  /** Returns how many events were past their age. */
  async removeOld(): Promise<number> {
    const before = this.clock.instant(-KEPT_DAYS * DAY);
    return this.database.inBatches(() => this.events.removeOlderThan(before, BATCH));
  }
}
