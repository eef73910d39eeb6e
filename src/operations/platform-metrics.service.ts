import { Injectable } from '@nestjs/common';
import { Clock, SECOND, toMillis } from '../common/clock.js';
import { PROGRAM_VERSION } from '../common/version.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Database } from '../platform/database/database.js';
import { JobRunner, type JobState } from '../platform/jobs/job-runner.js';
import { Mail } from '../platform/mail/mail.service.js';
import { labelText, type Sample } from '../platform/metrics/exposition.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { Recent } from '../platform/metrics/recent.js';
import { Outbox } from '../platform/outbox/outbox.service.js';

/** What the platform can tell in numbers. Its parts do not know each other, so none of them knows the metrics either. */
@Injectable()
export class PlatformMetricsService {
  /** By job; the row keeps the last run alone, so a success before a failure is remembered here. */
  private readonly succeededAt = new Map<string, number>();

  constructor(
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly config: LiveConfig,
    private readonly database: Database,
    private readonly jobs: JobRunner,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
  ) {
    this.tellOfProgram();
    this.tellOfDatabase();
    this.tellOfJobs();
    this.tellOfMessages();
  }

  private tellOfProgram(): void {
    const built = labelText({ version: PROGRAM_VERSION, node: process.version });
    this.metrics.register(
      {
        name: 'omnicrm_build_info',
        type: 'gauge',
        help: 'Which version this is, and on which Node it runs; always 1.',
        labels: ['version', 'node'],
        read: () => [{ labels: built, value: 1 }],
      },
      {
        name: 'omnicrm_config_last_reload_successful',
        type: 'gauge',
        help: '0 while the configuration file is refused and an older one is in force.',
        read: () => Number(!this.config.isRefused),
      },
    );
  }

  private tellOfDatabase(): void {
    const ping = new Recent(this.clock, () => this.database.ping().then(() => 1));
    this.metrics.register(
      {
        name: 'omnicrm_database_up',
        type: 'gauge',
        help: '1 while the database answers within a second.',
        read: async () => (await ping.get()) ?? 0,
      },
      {
        name: 'omnicrm_database_connections',
        type: 'gauge',
        help: 'Connections of both pools to MariaDB or MySQL. SQLite has none.',
        labels: ['state'],
        read: () => this.connections(),
      },
      {
        name: 'omnicrm_database_waiting',
        type: 'gauge',
        help: 'Who waits for a connection of either pool; on SQLite, transactions that wait for the one writer.',
        read: () => this.database.load.waiting,
      },
    );
  }

  private tellOfJobs(): void {
    const states = new Recent(this.clock, () => this.jobs.states());
    const each = (value: (state: JobState) => number | null) => async (): Promise<Sample[]> =>
      ((await states.get()) ?? []).flatMap((state) => sampleOf(state.job.name, value(state)));
    this.metrics.register(
      {
        name: 'omnicrm_job_last_success_timestamp_seconds',
        type: 'gauge',
        help: 'When a job last ended well, on whichever node.',
        labels: ['job'],
        read: each((state) => this.lastSuccess(state)),
      },
      {
        name: 'omnicrm_job_last_duration_seconds',
        type: 'gauge',
        help: 'How long the last run of a job took, on whichever node.',
        labels: ['job'],
        read: each(({ row }) => inSeconds(row?.durationMs)),
      },
      {
        name: 'omnicrm_job_last_run_failed',
        type: 'gauge',
        help: '1 where the last run of a job failed, on whichever node.',
        labels: ['job'],
        read: each(({ row }) => (row?.hasFailed == null ? null : Number(row.hasFailed))),
      },
      {
        name: 'omnicrm_job_runs_total',
        type: 'counter',
        help: 'Runs of jobs by this process, by how they ended.',
        labels: ['job', 'outcome'],
        read: () => this.runs(),
      },
    );
  }

  private tellOfMessages(): void {
    const waiting = new Recent(this.clock, () => this.mail.waiting());
    this.metrics.register(
      {
        name: 'omnicrm_mail_messages_waiting',
        type: 'gauge',
        help: 'Mail that is not delivered yet, by whichever node.',
        read: () => waiting.get(),
      },
      {
        name: 'omnicrm_mail_deliveries_total',
        type: 'counter',
        help: 'Deliveries that this process tried. A deferred message is tried again, a failed one is given up.',
        labels: ['outcome'],
        read: () => this.deliveries(),
      },
      {
        name: 'omnicrm_outbox_events_published_total',
        type: 'counter',
        help: 'Events that this process wrote into the outbox.',
        read: () => this.outbox.published,
      },
    );
  }

  private connections(): Sample[] {
    const { connections } = this.database.load;
    if (!connections) return [];
    return [
      { labels: labelText({ state: 'in_use' }), value: connections.inUse },
      { labels: labelText({ state: 'idle' }), value: connections.idle },
    ];
  }

  private lastSuccess({ job, row }: JobState): number | null {
    if (row?.hasFailed === false && row.finishedAt !== null) {
      this.succeededAt.set(job.name, toMillis(row.finishedAt) / SECOND);
    }
    return this.succeededAt.get(job.name) ?? null;
  }

  private runs(): Sample[] {
    return [...this.jobs.runCounts()].flatMap(([job, { succeeded, failed }]) => [
      { labels: labelText({ job, outcome: 'succeeded' }), value: succeeded },
      { labels: labelText({ job, outcome: 'failed' }), value: failed },
    ]);
  }

  private deliveries(): Sample[] {
    const { sent, waiting, failed } = this.mail.tried;
    return Object.entries({ sent, deferred: waiting, failed }).map(([outcome, value]) => ({
      labels: labelText({ outcome }),
      value,
    }));
  }
}

function sampleOf(job: string, value: number | null): Sample[] {
  return value === null ? [] : [{ labels: labelText({ job }), value }];
}

function inSeconds(millis: number | null | undefined): number | null {
  return millis == null ? null : millis / SECOND;
}
