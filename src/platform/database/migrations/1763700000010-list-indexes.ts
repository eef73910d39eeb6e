import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

type Columns = readonly [table: string, ...columns: string[]];

/** A filter or a sort of a list for each. */
const NEW: readonly Columns[] = [
  ['users', 'status', 'user_id'],
  ['users', 'created', 'user_id'],
  ['users', 'last_login_at', 'user_id'],
  ['api_keys', 'source', 'api_key_id'],
  ['audit_logs', 'address', 'audit_id'],
  ['audit_logs', 'subject_type', 'audit_id'],
  ['audit_logs', 'subject_id', 'audit_id'],
  ['access_logs', 'route', 'access_id'],
];

/** Few subjects share a number, so its own index finds them with their type, too. */
const OLD: readonly Columns[] = [['audit_logs', 'subject_type', 'subject_id', 'audit_id']];

export class ListIndexes1763700000010 implements MigrationInterface {
  name = 'ListIndexes1763700000010';

  async up(runner: QueryRunner): Promise<void> {
    await replace(runner, OLD, NEW);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replace(runner, NEW, OLD);
  }
}

/** Whatever an interrupted run left is taken as it is: MariaDB commits each step by itself. */
async function replace(runner: QueryRunner, before: readonly Columns[], after: readonly Columns[]): Promise<void> {
  for (const it of after)
    if (!(await isThere(runner, it))) await runner.createIndex(it[0], new TableIndex(indexOf(it)));
  for (const it of before) if (await isThere(runner, it)) await runner.dropIndex(it[0], indexOf(it).name);
}

async function isThere(runner: QueryRunner, index: Columns): Promise<boolean> {
  const { indices = [] } = (await runner.getTable(index[0])) ?? {};
  return indices.some(({ name }) => name === indexOf(index).name);
}

function indexOf([table, ...columnNames]: Columns): { name: string; columnNames: string[] } {
  return { name: `ix_${table}_${columnNames.join('_')}`, columnNames };
}
