import type { MigrationInterface, QueryRunner } from 'typeorm';
import { bigint, createTable, dropTables, instant, int, json, nullable, primary, text } from './schema.js';

export class Platform1763700000001 implements MigrationInterface {
  name = 'Platform1763700000001';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'revisions', { columns: [text('kind', 32, primary), bigint('value')] });
    await runner.query(
      `INSERT INTO revisions (kind, value) VALUES ('api_keys', 0), ('roles', 0), ('sessions', 0), ('users', 0)`,
    );
    await createTable(runner, 'sequences', { columns: [text('name', 32, primary), bigint('value')] });
    await createTable(runner, 'jobs', {
      columns: [
        text('name', 64, primary),
        text('locked_by', 64, nullable),
        instant('locked_until', nullable),
        instant('started_at', nullable),
        instant('finished_at', nullable),
        int('duration_ms', nullable),
        text('result', 500, nullable),
      ],
    });
    await createTable(runner, 'idempotency_keys', {
      columns: [
        text('principal', 100, primary),
        text('idempotency_key', 255, primary),
        text('request_digest', 64),
        int('status', nullable),
        json('response', nullable),
        text('etag', 64, nullable),
        instant('created'),
      ],
      indexes: [['created']],
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['idempotency_keys', 'jobs', 'sequences', 'revisions']);
  }
}
