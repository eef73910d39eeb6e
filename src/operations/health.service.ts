import { Injectable } from '@nestjs/common';
import { Unavailable } from '../common/errors.js';
import { Database } from '../platform/database/database.js';
import { HealthErrors } from './health.errors.js';

/** So long an answer is reused: probes may be many and come without credentials, so they must stay cheap. */
const REUSED_MS = 1_000;

@Injectable()
export class HealthService {
  private checkedAt = -Infinity;
  private checking: Promise<boolean> | null = null;

  constructor(private readonly database: Database) {}

  /** 503 while the database is away; no detail, for anybody may ask. */
  async assertReady(): Promise<void> {
    if (!(await this.isReady())) throw new Unavailable(HealthErrors.notReady);
  }

  /** Whether the database answers; asked at most once a second, however many probes there are. */
  private isReady(): Promise<boolean> {
    const now = performance.now();
    if (this.checking && now - this.checkedAt < REUSED_MS) return this.checking;
    this.checkedAt = now;
    this.checking = this.database.ping().then(
      () => true,
      () => false,
    );
    return this.checking;
  }
}
