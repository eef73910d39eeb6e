import { Injectable } from '@nestjs/common';
import { DAY, toMillis } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { ApiKeyEventsService } from '../api-key-events.service.js';
import { noticeOf } from '../api-key.status.js';
import type { ApiKeyView } from '../api-key.view.js';
import { ApiKeysRepository } from '../api-keys.repository.js';
import { ApiKeysService } from '../api-keys.service.js';

const JOB = 'api-key-expiry';

/**
 * Tells what time does to keys (K8, K18): that one began to expire, or expired, and the notices before that. Each is told
 * once, in the transaction that remembers it; what came due while nobody was running is told as it stands now.
 */
@Injectable()
export class ExpiryService {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly apiKeys: ApiKeysService,
    private readonly events: ApiKeyEventsService,
  ) {}

  /** Returns a sentence for the job's record. */
  async announce(): Promise<string> {
    const told = { statuses: 0, notices: 0 };
    for (const apiKeyId of await this.keys.dueForNotice(this.apiKeys.moments())) {
      await this.database.transaction(async () => {
        const view = await this.apiKeys.findForUpdate(apiKeyId);
        if (!view || view.key.revokedAt !== null) return;
        const hasChanged = await this.tellStatus(view);
        const isNoticed = await this.tellNotice(view);
        told.statuses += Number(hasChanged);
        told.notices += Number(isNoticed);
      });
    }
    return `${told.statuses} keys changed status, ${told.notices} notices given`;
  }

  private async tellStatus({ key, status, ...view }: ApiKeyView): Promise<boolean> {
    if ((status !== 'expiring_soon' && status !== 'expired') || key.flaggedStatus === status) return false;
    await this.keys.update(key.apiKeyId, { flaggedStatus: status });
    await this.events.announced(
      JOB,
      { key, status, ...view },
      {
        event: status === 'expired' ? 'expired' : 'expiring',
        before: { status: key.flaggedStatus },
        after: { status, expiry_date: key.expiryDate },
      },
    );
    return true;
  }

  /** Of the notices that are due only the last one: whoever hears of three days has no use for "in two weeks". */
  private async tellNotice(view: ApiKeyView): Promise<boolean> {
    const { apiKeyId, expiryDate, noticedDays } = view.key;
    const { now } = this.apiKeys.moments();
    const days = noticeOf(expiryDate, now);
    if (expiryDate === null || days === null || (noticedDays !== null && noticedDays <= days)) return false;
    await this.keys.update(apiKeyId, { noticedDays: days });
    await this.events.announced(JOB, view, {
      event: 'expiry_notice',
      after: {
        notice_days: days,
        days_left: Math.ceil((toMillis(expiryDate) - toMillis(now)) / DAY),
        expiry_date: expiryDate,
        last_used_at: view.key.lastUsedAt,
      },
    });
    return true;
  }
}
