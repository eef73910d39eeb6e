import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, instant, int, json, primary, text } from './schema.js';

export class Settings1763700000006 implements MigrationInterface {
  name = 'Settings1763700000006';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'settings', {
      columns: [text('name', 100, primary), json('value'), int('version'), instant('updated')],
    });
    await runner.query(`INSERT INTO revisions (kind, value) VALUES ('settings', 0)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM revisions WHERE kind = 'settings'`);
    await dropTables(runner, ['settings']);
  }
}
