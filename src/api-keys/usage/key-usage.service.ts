import { Injectable } from '@nestjs/common';
import { Clock, DAY, toInstant, toMillis } from '../../common/clock.js';
import { InvalidInput } from '../../common/errors.js';
import type { Page } from '../../common/page.js';
import { type AccessLog, AccessLogsService } from '../../audit/access-logs.service.js';
import {
  lengthOf,
  type UsageActor,
  type UsagePeriod,
  UsageService,
  type UsageSpan,
  type UsageSummary,
} from '../../audit/usage/usage.service.js';
import { actorKindOf } from '../api-key.principals.js';
import type { ApiKeyView } from '../api-key.view.js';
import { ApiKeysService } from '../api-keys.service.js';
import { GetUsageQuery, ListKeyAccessLogsQuery } from './usage.dto.js';

interface Spans {
  /** How far back it looks when nothing is said, and how far it looks at most. */
  readonly usual: number;
  readonly longest: number;
}

const SPANS: Record<UsagePeriod, Spans> = {
  hour: { usual: DAY, longest: 92 * DAY },
  day: { usual: 30 * DAY, longest: 800 * DAY },
};

/** Beyond these an instant is not 24 characters long. */
const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T00:00:00.000Z');

/** What a key was used for (K4): counts for a chart, and the lines behind them. */
@Injectable()
export class KeyUsageService {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly usage: UsageService,
    private readonly accessLogs: AccessLogsService,
    private readonly clock: Clock,
  ) {}

  async summary(apiKeyId: number, query: GetUsageQuery): Promise<UsageSummary> {
    return this.summaryOf(await this.apiKeys.get(apiKeyId), query);
  }

  async listAccessLogs(apiKeyId: number, query: ListKeyAccessLogsQuery): Promise<Page<AccessLog>> {
    return this.listAccessLogsOf(await this.apiKeys.get(apiKeyId), query);
  }

  /** As far as it is written by now: everything answered up to a moment ago. */
  async summaryOf(view: ApiKeyView, query: GetUsageQuery): Promise<UsageSummary> {
    const span = this.spanOf(query);
    await this.accessLogs.flush();
    return this.usage.summary({ ...actorOf(view), ...span });
  }

  async listAccessLogsOf(view: ApiKeyView, query: ListKeyAccessLogsQuery): Promise<Page<AccessLog>> {
    const { actorKind, actorId } = actorOf(view);
    await this.accessLogs.flush();
    return this.accessLogs.list({ ...query, actor_kind: actorKind, actor_id: actorId });
  }

  /** Whole buckets: `from` goes back to the beginning of its own, `to` on to the end of the last one that it touches. */
  private spanOf({ bucket, from, to }: GetUsageQuery): Omit<UsageSpan, keyof UsageActor> {
    const { usual, longest } = SPANS[bucket];
    const length = lengthOf(bucket);
    const end = Math.ceil((to === undefined ? this.clock.millis() + 1 : toMillis(to)) / length) * length;
    const begin = Math.floor((from === undefined ? end - usual : toMillis(from)) / length) * length;
    if (begin < EARLIEST || end > LATEST)
      throw InvalidInput.field(begin < EARLIEST ? '/from' : '/to', 'is no time to count in');
    assertSpan({ begin, end, longest, bucket });
    return { period: bucket, from: toInstant(begin), to: toInstant(end) };
  }
}

function actorOf({ key }: ApiKeyView): UsageActor {
  return { actorKind: actorKindOf(key), actorId: key.apiKeyId };
}

function assertSpan(span: { begin: number; end: number; longest: number; bucket: UsagePeriod }): void {
  const { begin, end, longest, bucket } = span;
  if (begin >= end) throw InvalidInput.field('/from', 'must lie before to');
  if (end - begin <= longest + lengthOf(bucket)) return;
  const hint = bucket === 'hour' ? ': ask by the day' : '';
  throw InvalidInput.field('/from', `must lie at most ${longest / DAY} days before to with bucket=${bucket}${hint}`);
}
