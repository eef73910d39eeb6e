import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, instant, int, primary, text } from './schema.js';

export class Pepper1763700000009 implements MigrationInterface {
  name = 'Pepper1763700000009';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'pepper_versions', {
      columns: [int('version', primary), text('fingerprint', 64), instant('created')],
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['pepper_versions']);
  }
}
