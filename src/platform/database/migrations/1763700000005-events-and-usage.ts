import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';
import { bigint, createTable, dropTables, id, instant, int, json, nullable, primary, text } from './schema.js';

/** Columns that older tables get: table, column, type in the words of both databases. */
const COLUMNS = [
  ['api_keys', 'noticed_days', 'integer'],
  ['jobs', 'has_failed', 'boolean'],
] as const;

/** Keys are sorted, and looked up, by their last use. */
const LAST_USE = { name: 'ix_api_keys_last_used_at_api_key_id', columnNames: ['last_used_at', 'api_key_id'] };

/** When a value was first counted. With all its columns in it the name would be longer than MariaDB takes. */
const FIRST_USE = {
  name: 'ix_usage_counters_value',
  columnNames: ['actor_kind', 'actor_id', 'period', 'dimension', 'value', 'starts_at'],
};

export class EventsAndUsage1763700000005 implements MigrationInterface {
  name = 'EventsAndUsage1763700000005';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'outbox_events', {
      columns: [
        id('event_id'),
        instant('at'),
        text('type', 64),
        text('subject_type', 40),
        bigint('subject_id'),
        json('data'),
      ],
      indexes: [['at', 'event_id']],
    });
    await createTable(runner, 'usage_counters', {
      columns: [
        text('actor_kind', 20, primary),
        bigint('actor_id', primary),
        text('period', 4, primary),
        text('dimension', 12, primary),
        instant('starts_at', primary),
        text('value', 200, primary),
        bigint('requests'),
      ],
      indexes: [['period', 'starts_at']],
    });
    await runner.createIndex('usage_counters', new TableIndex(FIRST_USE));
    await createTable(runner, 'api_key_alerts', {
      columns: [
        id('alert_id'),
        int('api_key_id'),
        text('kind', 24),
        text('value', 64),
        instant('at'),
        json('details', nullable),
      ],
      unique: [['api_key_id', 'kind', 'value']],
      references: { api_key_id: { table: 'api_keys', column: 'api_key_id', onDelete: 'CASCADE' } },
    });
    // By hand: on SQLite TypeORM would build the table anew, and dropping the old one would take its children along.
    for (const [table, column, type] of COLUMNS) {
      await runner.query(`ALTER TABLE ${table} ADD COLUMN ${column} ${type} NULL`);
    }
    await runner.createIndex('api_keys', new TableIndex(LAST_USE));
  }

  async down(runner: QueryRunner): Promise<void> {
    const indices = (await runner.getTable('api_keys'))?.indices ?? [];
    if (indices.some(({ name }) => name === LAST_USE.name)) await runner.dropIndex('api_keys', LAST_USE.name);
    for (const [table, column] of COLUMNS) {
      if (await runner.hasColumn(table, column)) await runner.query(`ALTER TABLE ${table} DROP COLUMN ${column}`);
    }
    await dropTables(runner, ['api_key_alerts', 'usage_counters', 'outbox_events']);
  }
}
