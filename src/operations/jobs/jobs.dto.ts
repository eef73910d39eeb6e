import { ApiProperty } from '@nestjs/swagger';
import { listResponseOf } from '../../common/page.js';
import type { JobState } from '../../platform/jobs/job-runner.js';

export class JobResponse {
  @ApiProperty({ example: 'api-key-expiry' })
  name!: string;

  @ApiProperty({ example: 'Announces keys that expire soon or have expired.' })
  description!: string;

  /** A cron expression, in the time zone of the server. */
  @ApiProperty({ example: '0 0-23/1 * * *' })
  schedule!: string;

  /** Whether a node is at it now. */
  @ApiProperty()
  running!: boolean;

  /** When the last run began; null before the first one. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T09:00:00.000Z' })
  started_at!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T09:00:00.041Z' })
  finished_at!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: 41 })
  duration_ms!: number | null;

  /** How the last finished run ended. */
  @ApiProperty({ type: String, enum: ['succeeded', 'failed'], nullable: true, example: 'succeeded' })
  outcome!: 'succeeded' | 'failed' | null;

  /** What the last finished run did, or why it failed. */
  @ApiProperty({ type: String, nullable: true, example: '2 keys changed status' })
  result!: string | null;

  static from(this: void, { job, row, isRunning }: JobState): JobResponse {
    return {
      name: job.name,
      description: job.description,
      schedule: job.schedule,
      running: isRunning,
      started_at: row?.startedAt ?? null,
      finished_at: row?.finishedAt ?? null,
      duration_ms: row?.durationMs ?? null,
      outcome: outcomeOf(row?.hasFailed ?? null),
      result: row?.result ?? null,
    };
  }
}

function outcomeOf(hasFailed: boolean | null): JobResponse['outcome'] {
  if (hasFailed === null) return null;
  return hasFailed ? 'failed' : 'succeeded';
}

export const JobList = listResponseOf(JobResponse);
