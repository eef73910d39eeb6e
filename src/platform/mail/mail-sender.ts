import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, DAY, MINUTE, SECOND, toMillis } from '../../common/clock.js';
import { logLine } from '../../common/text.js';
import { Database } from '../database/database.js';
import type { MailMessage, MailStatus } from './mail-message.entity.js';
import { MailRepository } from './mail.repository.js';
import { MailSeal } from './mail-seal.js';
import { MailTransport } from './mail-transport.js';

const POLL_MS = 2 * SECOND;
const BATCH = 20;
/** Longer than the slowest delivery: a node that dies in one blocks the message for this long, no longer. */
const LEASE_MS = 5 * MINUTE;
/** The longest that one delivery may take, however slowly the server talks. */
const DEADLINE_MS = 2 * MINUTE;
const FIRST_PAUSE_MS = 30 * SECOND;
const LONGEST_PAUSE_MS = 10 * MINUTE;
const GIVE_UP_MS = 3 * DAY;
/** Whoever asked us to stop does not wait for a slow mail server: the message is delivered after the next start. */
const CLOSING_MS = 3 * SECOND;

interface Failure {
  readonly reason: string;
  /** The server knows the recipient and wants none of it: asking again is no use. */
  readonly isFinal: boolean;
  /** Nothing was said about this very message: the others need not be tried now. */
  readonly isAway: boolean;
}

/** Delivers what waits in the outbox. Of many nodes one delivers a message; what fails is tried again, ever more rarely. */
@Injectable()
export class MailSender implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(MailSender.name);
  private readonly owner = `${hostname()}:${process.pid}`.slice(0, 64);
  private running: Promise<void> | null = null;
  /** How often somebody asked, and which of these are answered. */
  private asked = 0;
  private done = 0;
  private timer: NodeJS.Timeout | undefined;
  private isOpen = false;
  private told = '';
  /** What became of the messages that this process tried to deliver; those that wait are tried again. */
  readonly tried: Record<MailStatus, number> = { waiting: 0, sent: 0, failed: 0 };

  constructor(
    private readonly database: Database,
    private readonly messages: MailRepository,
    private readonly sealing: MailSeal,
    private readonly transport: MailTransport,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.isOpen = true;
    this.timer = setInterval(() => this.wake(), POLL_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isOpen = false;
    clearInterval(this.timer);
    await Promise.race([this.running, pause(CLOSING_MS, undefined, { ref: false })]);
  }

  /** Something may be due. The command line delivers nothing: the server does. */
  wake(): void {
    if (this.isOpen) void this.deliverDue();
  }

  /** Resolves when everything that is due by now was tried. */
  async deliverDue(): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    while (this.done < mine) {
      this.running ??= this.rounds().finally(() => (this.running = null));
      await this.running;
    }
  }

  private async rounds(): Promise<void> {
    const upTo = this.asked;
    try {
      await this.round();
    } catch (error) {
      // The database is away: the next poll asks again.
      this.tell(`cannot read the outbox: ${reasonOf(error)}`);
    }
    this.done = upTo;
  }

  private async round(): Promise<void> {
    for (;;) {
      const due = await this.messages.dueIds(this.clock.instant(), BATCH);
      let tried = 0;
      for (const messageId of due) {
        if (!this.isOpen) return;
        const message = await this.lease(messageId);
        if (!message) continue;
        tried += 1;
        if (!(await this.attempt(message))) return;
      }
      if (tried === 0) return;
    }
  }

  private lease(messageId: number): Promise<MailMessage | null> {
    const lease = { owner: this.owner, now: this.clock.instant(), until: this.clock.instant(LEASE_MS) };
    return this.database.transaction(() => this.messages.tryLease(messageId, lease));
  }

  /** False when the mail server is away. */
  private async attempt(message: MailMessage): Promise<boolean> {
    const failure = await this.deliver(message);
    const outcome = failure ? this.failed(message, failure) : this.sent();
    await this.database.transaction(() => this.messages.release(message, outcome));
    this.tried[outcome.status ?? 'waiting'] += 1;
    if (failure) this.tell(`mail ${message.messageId} (${message.template}) was not delivered: ${failure.reason}`);
    else this.told = '';
    return !failure?.isAway;
  }

  private async deliver(message: MailMessage): Promise<Failure | null> {
    const slow = new AbortController();
    try {
      const { body, pepperVersion } = message;
      const content = this.sealing.open(message.messageKey, { body: body ?? '', pepperVersion });
      const late = pause(DEADLINE_MS, undefined, { ref: false, signal: slow.signal }).then(() => {
        throw Object.assign(new Error('the mail server took too long'), { code: 'ETIMEDOUT' });
      });
      late.catch(() => undefined);
      await Promise.race([this.transport.deliver(message, content), late]);
      return null;
    } catch (error) {
      return failureOf(error);
    } finally {
      slow.abort();
    }
  }

  private sent(): Partial<MailMessage> {
    return { status: 'sent', body: null, lastError: null, finishedAt: this.clock.instant() };
  }

  private failed({ attempts, created }: MailMessage, { reason, isFinal }: Failure): Partial<MailMessage> {
    const lastError = reason;
    const wait = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS);
    const isOver = this.clock.millis() + wait - toMillis(created) > GIVE_UP_MS;
    if (!isFinal && !isOver) return { lastError, nextAttemptAt: this.clock.instant(wait) };
    return { status: 'failed', body: null, lastError, finishedAt: this.clock.instant() };
  }

  /** Once: a server that is away for a night would be told of every few seconds. */
  private tell(sentence: string): void {
    const said = sentence.replace(/\d+/g, '');
    if (said !== this.told) this.logger.warn(sentence);
    this.told = said;
  }
}

const AWAY = new Set([
  'ECONNECTION',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ESOCKET',
  'EDNS',
  'EAUTH',
  'ETLS',
  'ENOENT',
  'EACCES',
]);

function failureOf(error: unknown): Failure {
  const {
    code = '',
    command = '',
    responseCode = 0,
  } = error as { code?: string; command?: string; responseCode?: number };
  return {
    reason: reasonOf(error),
    isFinal: command === 'RCPT TO' && responseCode >= 500,
    isAway: AWAY.has(code),
  };
}

function reasonOf(error: unknown): string {
  return logLine(error instanceof Error ? error.message : String(error), 500);
}
