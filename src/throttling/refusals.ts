import { Injectable } from '@nestjs/common';
import type { TooManyRequests } from '../common/errors.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { Tally } from '../platform/metrics/tally.js';
import { type Limit, POLICY_NAMES, tooMany } from './rate-limit.js';

/** Makes every 429, and counts it by its policy. */
@Injectable()
export class Refusals {
  private readonly byPolicy = new Tally<'policy'>(POLICY_NAMES.map((policy) => ({ policy })));

  constructor(metrics: Metrics) {
    metrics.register({
      name: 'omnicrm_rate_limited_total',
      type: 'counter',
      help: 'Requests that were answered with 429, by the limit that was used up.',
      labels: ['policy'],
      read: () => this.byPolicy.samples(),
    });
  }

  tooMany(limit: Limit, kind?: 'requests' | 'failures'): TooManyRequests {
    this.byPolicy.count({ policy: limit.policy });
    return tooMany(limit, kind);
  }
}
