import { Injectable } from '@nestjs/common';
import type { EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { Database } from './database.js';

type Column = EntityMetadata['columns'][number];

/** Rows as the database takes them apart itself: a JSON array (UTF-8) that has an array of values for each row. */
export interface JsonRowsText {
  /** Which property each value of a row is for, as the database has it: a flag is 0 or 1. */
  readonly properties: readonly string[];
  readonly json: Buffer;
  /** The first row's id; the others count on from it. */
  readonly firstId: number;
}

/**
 * Writes very many rows that nobody needs as objects any more. One text is one value of a prepared statement, where rows of
 * their own are thousands that the driver formats one by one and the garbage collector walks. In a transaction only.
 */
@Injectable()
export class JsonRows {
  private readonly statements = new Map<EntityMetadata, string>();

  constructor(private readonly database: Database) {}

  async addAll<Row extends ObjectLiteral>(entity: EntityTarget<Row>, rows: JsonRowsText): Promise<void> {
    const { metadata } = this.database.repository(entity);
    let statement = this.statements.get(metadata);
    if (statement === undefined) {
      statement = this.database.isSqlite ? ofSqlite(metadata, rows.properties) : ofMariadb(metadata, rows.properties);
      this.statements.set(metadata, statement);
    }
    const json = this.database.isSqlite ? rows.json.toString() : rows.json;
    await this.database.runPrepared(statement, [rows.firstId - 1, json]);
  }
}

/**
 * Whatever does not fit its column is an error, as it is in an INSERT of values. The driver sends a buffer as binary, which
 * MySQL takes for no JSON until it is told that it is text.
 */
function ofMariadb(metadata: EntityMetadata, properties: readonly string[]): string {
  const { driver } = metadata.dataSource;
  const columns = properties.map((property, index) => {
    const column = columnOf(metadata, property);
    return `${driver.escape(column.databaseName)} ${typeOf(column)} PATH '$[${index}]' ERROR ON ERROR`;
  });
  const table = `JSON_TABLE(CONVERT(? USING utf8mb4), '$[*]' COLUMNS (number FOR ORDINALITY, ${columns.join(', ')})) AS line`;
  const values = properties.map((property) => `line.${driver.escape(columnOf(metadata, property).databaseName)}`);
  return `${headOf(metadata, properties)} SELECT ? + line.number, ${values.join(', ')} FROM ${table}`;
}

function ofSqlite(metadata: EntityMetadata, properties: readonly string[]): string {
  const values = properties.map((_, index) => `value ->> ${index}`);
  return `${headOf(metadata, properties)} SELECT ? + key + 1, ${values.join(', ')} FROM json_each(?)`;
}

function headOf(metadata: EntityMetadata, properties: readonly string[]): string {
  const { driver } = metadata.dataSource;
  const columns = [...metadata.primaryColumns, ...properties.map((property) => columnOf(metadata, property))];
  const names = columns.map(({ databaseName }) => driver.escape(databaseName));
  return `INSERT INTO ${driver.escape(metadata.tableName)} (${names.join(', ')})`;
}

function typeOf({ type, length }: Column): string {
  if (type === 'varchar') return `varchar(${length}) CHARACTER SET utf8mb4`;
  return type === 'boolean' ? 'tinyint' : String(type);
}

function columnOf(metadata: EntityMetadata, property: string): Column {
  const column = metadata.findColumnWithPropertyName(property);
  if (!column) throw new Error(`${metadata.tableName} has no property ${property}`);
  return column;
}
