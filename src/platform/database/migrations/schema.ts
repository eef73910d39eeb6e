import { Table, type TableColumnOptions, TableIndex, type QueryRunner } from 'typeorm';

/** The words that migrations are written in: column kinds that both databases spell alike. */
type Extra = Partial<Pick<TableColumnOptions, 'isNullable' | 'isPrimary' | 'default'>>;

export const nullable: Extra = { isNullable: true };
export const primary: Extra = { isPrimary: true };

export function id(name: string): TableColumnOptions {
  return { name, type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' };
}

export function text(name: string, length: number, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'varchar', length: String(length), ...extra };
}

export function instant(name: string, extra: Extra = {}): TableColumnOptions {
  return text(name, 24, extra);
}

/** `integer` is what SQLite calls it and an alias on MariaDB. */
export function int(name: string, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'integer', ...extra };
}

export function bigint(name: string, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'bigint', ...extra };
}

export function flag(name: string): TableColumnOptions {
  return { name, type: 'boolean' };
}

/** At most 64 KB on MariaDB. */
export function longText(name: string, extra: Extra = {}): TableColumnOptions {
  return { name, type: 'text', ...extra };
}

/** JSON is text on both databases. */
export function json(name: string, extra: Extra = {}): TableColumnOptions {
  return longText(name, extra);
}

export interface TableParts {
  readonly columns: TableColumnOptions[];
  /** Columns of each unique index; it is called `uq_<table>_<columns>`. */
  readonly unique?: string[][];
  readonly indexes?: string[][];
  /** Column → table it refers to (by that table's id column), and what happens when the other row goes. */
  readonly references?: Record<string, { table: string; column: string; onDelete: 'CASCADE' | 'RESTRICT' }>;
}

export async function createTable(runner: QueryRunner, name: string, parts: TableParts): Promise<void> {
  const foreignKeys = Object.entries(parts.references ?? {}).map(([column, target]) => ({
    name: `fk_${name}_${column}`,
    columnNames: [column],
    referencedTableName: target.table,
    referencedColumnNames: [target.column],
    onDelete: target.onDelete,
    onUpdate: 'NO ACTION',
  }));
  const index = (kind: string, columnNames: string[]): TableIndex =>
    new TableIndex({ name: `${kind}_${name}_${columnNames.join('_')}`, columnNames, isUnique: kind === 'uq' });
  const indices = [
    ...(parts.unique ?? []).map((columns) => index('uq', columns)),
    ...(parts.indexes ?? []).map((columns) => index('ix', columns)),
  ];
  await runner.createTable(new Table({ name, columns: parts.columns, foreignKeys, indices }));
}

/**
 * Every `up` that makes tables begins with its own `down`: MariaDB commits DDL by itself, so an interrupted run leaves
 * some of them behind. Those that refer to others go first.
 */
export async function dropTables(runner: QueryRunner, names: readonly string[]): Promise<void> {
  for (const name of names) await runner.dropTable(name, true);
}
