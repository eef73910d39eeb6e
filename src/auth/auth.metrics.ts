import { Injectable } from '@nestjs/common';
import { labelText } from '../platform/metrics/exposition.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { VerifiedCredentials } from './verified-credentials.js';

const HIT = labelText({ outcome: 'hit' });
const MISS = labelText({ outcome: 'miss' });

@Injectable()
export class AuthMetrics {
  constructor(metrics: Metrics, verified: VerifiedCredentials) {
    metrics.register(
      {
        name: 'omnicrm_credential_cache_requests_total',
        type: 'counter',
        help: 'Credentials that were presented: a miss is verified against the database.',
        labels: ['outcome'],
        read: () => [
          { labels: HIT, value: verified.hits },
          { labels: MISS, value: verified.misses },
        ],
      },
      {
        name: 'omnicrm_credential_cache_entries',
        type: 'gauge',
        help: 'Verified credentials in memory; every change of a key, user, role or session empties it.',
        read: () => verified.size,
      },
    );
  }
}
