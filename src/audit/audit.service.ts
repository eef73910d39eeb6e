import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import type { Page } from '../common/page.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { currentContext } from '../common/request-context.js';
import { withoutSecretFields } from '../common/secret.decorator.js';
import { Database } from '../platform/database/database.js';
import { Tally } from '../platform/metrics/tally.js';
import type { AuditLog, Snapshot } from './audit-log.entity.js';
import { ListAuditLogsQuery } from './audit.dto.js';
import { AuditErrors } from './audit.errors.js';
import { AuditRepository } from './audit.repository.js';

export type { Snapshot };

/** Who did it, as far as the trail keeps it. */
export type Actor = Pick<Principal, 'kind' | 'id' | 'name'>;

/** What happened to what. `before` and `after` hold wire names, and only what changed on an update. */
export interface Change {
  /** `<subject>.<verb>`, e.g. `customer.updated`; the OWASP vocabulary for authentication and authorisation. */
  readonly event: string;
  readonly subject: { readonly type: string; readonly id: number } | null;
  readonly before?: Snapshot | null;
  readonly after?: Snapshot | null;
}

/** Somebody may want to be woken up by the first of these. */
const ALARMING = ['authn_login_fail', 'authn_login_lock', 'authn_2fa_fail', 'authn_token_reuse', 'authz_fail'];

const NOBODY: Actor = { kind: 'system', id: null, name: 'nobody' };

@Injectable()
export class AuditService {
  /** By the name of the event, of this process. */
  readonly securityEvents = new Tally<'event'>(ALARMING.map((event) => ({ event })));

  constructor(
    private readonly database: Database,
    private readonly entries: AuditRepository,
    private readonly clock: Clock,
  ) {}

  /** Records a change in the transaction that makes it: both are there, or neither is (U1). */
  async record(actor: Actor, change: Change): Promise<void> {
    if (!this.database.isInTransaction())
      throw new Error(`${change.event} is recorded in the transaction that makes it`);
    await this.insert(actor, change);
  }

  /**
   * Records a security event in a transaction of its own, once the open one (if any) has ended: no rollback takes it
   * along, and it is written before the answer leaves. Without a principal nobody was known yet.
   */
  async recordSecurity(change: Change, known?: Actor): Promise<void> {
    const actor = known ?? currentContext()?.principal ?? NOBODY;
    this.securityEvents.count({ event: change.event });
    await this.database.onSettled(() => this.database.transaction(() => this.insert(actor, change)));
  }

  /** What a job did, for the record. */
  async recordJob(job: string, change: Change): Promise<void> {
    await this.record(systemPrincipal(job), change);
  }

  async get(auditId: number): Promise<AuditLog> {
    const entry = await this.entries.find(auditId);
    if (!entry) throw new NotFound(AuditErrors.notFound, { id: auditId });
    return entry;
  }

  list(query: ListAuditLogsQuery): Promise<Page<AuditLog>> {
    return this.entries.list(query);
  }

  private async insert(actor: Actor, change: Change): Promise<void> {
    const context = currentContext();
    await this.entries.insert({
      at: this.clock.instant(),
      event: change.event,
      actorKind: actor.kind,
      actorId: actor.id,
      actorName: actor.name.slice(0, 200),
      address: context?.address ?? null,
      requestId: context?.requestId ?? null,
      subjectType: change.subject?.type ?? null,
      subjectId: change.subject?.id ?? null,
      before: change.before ? withoutSecretFields(change.before) : null,
      after: change.after ? withoutSecretFields(change.after) : null,
      sealedSeq: null,
      hash: null,
    });
  }
}

/** The fields of two snapshots that differ, as the pair that an update records; null when nothing changed. */
export function difference(before: Snapshot, after: Snapshot): { before: Snapshot; after: Snapshot } | null {
  const changed = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (changed.length === 0) return null;
  const pick = (from: Snapshot): Snapshot => Object.fromEntries(changed.map((name) => [name, from[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}
