import { Injectable } from '@nestjs/common';
import { Clock, DAY, HOUR, type Instant, MINUTE } from '../../common/clock.js';
import { AccessLogsService } from '../../audit/access-logs.service.js';
import { LastUseService } from '../../audit/last-use.service.js';
import { type UsageActor, UsageService } from '../../audit/usage/usage.service.js';
import { LiveConfig } from '../../platform/config/live-config.js';
import { Database } from '../../platform/database/database.js';
import { actorKindOf } from '../api-key.principals.js';
import { ApiKeyEventsService } from '../api-key-events.service.js';
import type { ApiKey } from '../api-key.entity.js';
import { ApiKeysService } from '../api-keys.service.js';
import { type Finding, findingsOf, type KeyUse } from './alert.rules.js';
import { AlertsRepository } from './alerts.repository.js';

/** What counts as lately: long enough that no run of the job, however late, misses a request. */
const RECENT_MS = 2 * DAY;
/** What says how much is usual. */
const HABIT_MS = 28 * DAY;
/** "Last used" is written at most once a minute and a little later than the request. */
const WRITTEN_LATE_MS = 5 * MINUTE;

/** Looks for unusual use of keys, by the counts of their requests (K19). Each finding is told once. */
@Injectable()
export class AlertsService {
  private lookedAt: Instant | null = null;

  constructor(
    private readonly database: Database,
    private readonly alerts: AlertsRepository,
    private readonly usage: UsageService,
    private readonly accessLogs: AccessLogsService,
    private readonly lastUse: LastUseService,
    private readonly apiKeys: ApiKeysService,
    private readonly events: ApiKeyEventsService,
    private readonly config: LiveConfig,
    private readonly clock: Clock,
  ) {}

  /** Returns a sentence for the job's record. */
  async look(): Promise<string> {
    await this.accessLogs.flush();
    await this.lastUse.flush();
    const began = this.clock.instant(-WRITTEN_LATE_MS);
    const keys = await this.alerts.usedSince(this.lookedAt ?? this.clock.instant(-RECENT_MS));
    let told = 0;
    for (const key of keys) told += await this.lookAt(key);
    // Only once all of them were looked at: a run that fails is made good by the next.
    this.lookedAt = began;
    return `${keys.length} keys looked at, ${told} alerts`;
  }

  private async lookAt(key: ApiKey): Promise<number> {
    let told = 0;
    // No finding is older than the hours that are looked at, and none was told before it was there.
    const known = await this.alerts.toldSince(key.apiKeyId, this.clock.instant(-RECENT_MS - HOUR));
    for (const finding of findingsOf(await this.useOf(key), this.config.current.apiKeyAlerts, known)) {
      told += Number(await this.tell(key.apiKeyId, finding));
    }
    return told;
  }

  private async useOf(key: ApiKey): Promise<KeyUse> {
    const actor: UsageActor = { actorKind: actorKindOf(key), actorId: key.apiKeyId };
    const now = this.clock.instant(HOUR);
    const lately = this.clock.instant(-RECENT_MS);
    const recent = await this.usage.activeHours(actor, lately, now);
    const begin = recent[0]?.at ?? lately;
    return {
      created: key.created,
      recent,
      earlier: await this.usage.activeHours(actor, this.clock.instant(-RECENT_MS - HABIT_MS), begin),
      lastUseBefore: await this.usage.lastUseBefore(actor, begin),
      addresses: await this.usage.addressesSeen(actor, lately, now),
      addressDays: await this.usage.addressDays(actor),
    };
  }

  private tell(apiKeyId: number, { kind, value, figures }: Finding): Promise<boolean> {
    return this.database.transaction(async () => {
      // The key's lock makes two nodes that look at the same time one after the other.
      const view = await this.apiKeys.findForUpdate(apiKeyId);
      if (!view || (await this.alerts.isKnown(apiKeyId, { kind, value }))) return false;
      await this.alerts.insert({ apiKeyId, kind, value, at: this.clock.instant(), details: figures });
      await this.events.announced('api-key-alerts', view, { event: kind, after: figures });
      return true;
    });
  }
}
