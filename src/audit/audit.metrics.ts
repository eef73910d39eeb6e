import { Injectable } from '@nestjs/common';
import { Clock, SECOND } from '../common/clock.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { Recent } from '../platform/metrics/recent.js';
import { AccessLogsService } from './access-logs.service.js';
import { AuditService } from './audit.service.js';
import { ChainService } from './chain/chain.service.js';

@Injectable()
export class AuditMetrics {
  constructor(
    private readonly metrics: Metrics,
    private readonly accessLogs: AccessLogsService,
    private readonly audit: AuditService,
    private readonly chain: ChainService,
    private readonly clock: Clock,
  ) {
    this.tellOfAccessLog();
    this.tellOfTrail();
  }

  private tellOfAccessLog(): void {
    this.metrics.register(
      {
        name: 'omnicrm_access_log_lines_waiting',
        type: 'gauge',
        help: 'Lines of the access log in memory that are not written yet; at most 50,000 are kept.',
        read: () => this.accessLogs.waitingLines,
      },
      {
        name: 'omnicrm_access_log_lines_written_total',
        type: 'counter',
        help: 'Lines that this process wrote to the access log.',
        read: () => this.accessLogs.written,
      },
      {
        name: 'omnicrm_access_log_lines_dropped_total',
        type: 'counter',
        help: 'Lines that are lost because the database was away for too long.',
        read: () => this.accessLogs.dropped,
      },
    );
  }

  private tellOfTrail(): void {
    const lag = new Recent(this.clock, () => this.chain.lag());
    this.metrics.register(
      {
        name: 'omnicrm_security_events_total',
        type: 'counter',
        help: 'Security events of the audit trail: logins that failed or were locked out, tokens used twice, refused grants.',
        labels: ['event'],
        read: () => this.audit.securityEvents.samples(),
      },
      {
        name: 'omnicrm_audit_seal_lag_seconds',
        type: 'gauge',
        help: 'Age of the oldest record that stands outside the hash chain, 0 where there is none; about a second at most.',
        read: async () => secondsOf(await lag.get()),
      },
      {
        name: 'omnicrm_audit_chain_broken',
        type: 'gauge',
        help: '1 while this process does not seal because the chain was tampered with.',
        read: () => Number(this.chain.isBroken),
      },
    );
  }
}

function secondsOf(millis: number | null): number | null {
  return millis === null ? null : millis / SECOND;
}
