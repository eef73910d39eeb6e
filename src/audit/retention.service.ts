import { Injectable } from '@nestjs/common';
import { Clock, DAY, type Instant } from '../common/clock.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Database } from '../platform/database/database.js';
import { Outbox } from '../platform/outbox/outbox.service.js';
import { AccessLogsRepository } from './access-logs.repository.js';
import { AuditService } from './audit.service.js';
import { ChainBroken, ChainLinks, type ChainPlace, GENESIS } from './chain/chain-links.js';
import { ChainRepository } from './chain/chain.repository.js';
import { UsageService } from './usage/usage.service.js';

/** So few at a time that nobody waits for it. */
const BATCH = 500;

/** Removes records past their age (U6), oldest first. The chain is cut only from its beginning, and remembers where. */
@Injectable()
export class RetentionService {
  constructor(
    private readonly database: Database,
    private readonly accessLogs: AccessLogsRepository,
    private readonly chain: ChainRepository,
    private readonly links: ChainLinks,
    private readonly audit: AuditService,
    private readonly usage: UsageService,
    private readonly outbox: Outbox,
    private readonly config: LiveConfig,
    private readonly clock: Clock,
  ) {}

  /** Returns a sentence for the job's record. */
  async apply(): Promise<string> {
    const { accessLogDays, auditLogDays } = this.config.current.retention;
    const access = accessLogDays === null ? 0 : await this.removeAccessLogs(this.clock.instant(-accessLogDays * DAY));
    const changes = auditLogDays === null ? 0 : await this.removeChanges(this.clock.instant(-auditLogDays * DAY));
    const counts = await this.removeUsage();
    const events = await this.outbox.removeOld();
    return `${access} access records, ${changes} change records, ${counts} usage counts and ${events} events removed`;
  }

  private removeAccessLogs(before: Instant): Promise<number> {
    return this.database.inBatches(() => this.accessLogs.removeOlderThan(before, BATCH));
  }

  private async removeUsage(): Promise<number> {
    const { usageHourDays, usageDayDays } = this.config.current.retention;
    let removed = 0;
    for (const [period, days] of [['hour', usageHourDays] as const, ['day', usageDayDays] as const]) {
      if (days === null) continue;
      const before = this.clock.instant(-days * DAY);
      removed += await this.database.inBatches(() => this.usage.removeOlderThan(period, before, BATCH));
    }
    return removed;
  }

  /** Entries and the mark of what was removed go together, so that the chain is whole at every moment. */
  private async removeChanges(before: Instant): Promise<number> {
    const removed = await this.database.inBatches(() => this.removeFromBeginning(before));
    if (removed > 0) {
      const change = { event: 'audit_log.removed', subject: null, after: { before, entries: removed } };
      await this.database.transaction(() => this.audit.recordJob('retention', change));
    }
    return removed;
  }

  private async removeFromBeginning(before: Instant): Promise<number> {
    const anchor = await this.chain.lockMark('anchor');
    if (anchor && !this.links.isGenuineMark(anchor)) throw new ChainBroken('the anchor of the chain was changed');
    let place: ChainPlace = anchor ?? GENESIS;
    // Removing an entry that was changed would remove the evidence, and sign for it.
    for (const entry of await this.chain.oldest(place.seq, before, BATCH)) {
      if (!this.links.fits(entry, place))
        throw new ChainBroken(`audit entry ${entry.auditId} was changed: nothing is removed`);
      place = { seq: place.seq + 1, hash: entry.hash ?? '' };
    }
    if (place === (anchor ?? GENESIS)) return 0;
    await this.chain.setMark(this.links.mark('anchor', place));
    return this.chain.removeUpTo(place.seq);
  }
}
