import type { MigrationInterface, QueryRunner } from 'typeorm';
import { bigint, createTable, dropTables, flag, id, instant, int, json, nullable, primary, text } from './schema.js';

export class Audit1763700000002 implements MigrationInterface {
  name = 'Audit1763700000002';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'audit_logs', {
      columns: [
        id('audit_id'),
        instant('at'),
        text('event', 64),
        text('actor_kind', 20),
        bigint('actor_id', nullable),
        text('actor_name', 200),
        text('address', 45, nullable),
        text('request_id', 64, nullable),
        text('subject_type', 40, nullable),
        bigint('subject_id', nullable),
        json('before', nullable),
        json('after', nullable),
        bigint('sealed_seq', nullable),
        text('hash', 64, nullable),
      ],
      unique: [['sealed_seq']],
      indexes: [
        ['event', 'audit_id'],
        ['subject_type', 'subject_id', 'audit_id'],
        ['actor_kind', 'actor_id', 'audit_id'],
        ['request_id'],
        ['at', 'audit_id'],
      ],
    });
    await createTable(runner, 'access_logs', {
      columns: [
        bigint('access_id', primary),
        instant('at'),
        text('actor_kind', 20, nullable),
        bigint('actor_id', nullable),
        text('actor_name', 200, nullable),
        text('method', 16),
        text('path', 500),
        text('route', 200, nullable),
        int('status'),
        text('address', 45),
        text('user_agent', 256, nullable),
        int('duration_ms'),
        flag('is_outdated'),
        text('request_id', 64),
      ],
      indexes: [
        ['at', 'access_id'],
        ['actor_kind', 'actor_id', 'access_id'],
        ['status', 'access_id'],
        ['address', 'access_id'],
        ['request_id'],
      ],
    });
    await createTable(runner, 'audit_chain', {
      columns: [text('name', 16, primary), bigint('seq'), text('hash', 64), text('mac', 64)],
    });
    await runner.query(`INSERT INTO sequences (name, value) VALUES ('access_logs', 0)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['audit_chain', 'access_logs', 'audit_logs']);
    await runner.query(`DELETE FROM sequences WHERE name = 'access_logs'`);
  }
}
