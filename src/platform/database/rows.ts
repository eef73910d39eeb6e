import { Injectable } from '@nestjs/common';
import type { EntityMetadata, EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { Database } from './database.js';
import type { BoundValue, RawRow } from './prepared-reads.js';

type Column = EntityMetadata['columns'][number];
export type Parameters = Readonly<Record<string, BoundValue | readonly number[]>>;

/** Where a value is bound: a parameter, or one item of a list. */
interface Place {
  readonly name: string;
  readonly item: number | null;
}

/** A SELECT of one entity's rows, put together once; each use only binds values. */
export interface Statement<Row> {
  readonly sql: string;
  readonly places: readonly Place[];
  /** Columns whose values the database does not hand out as the entity has them. */
  readonly converted: readonly Column[];
  /** Never set: which rows it reads is known to the compiler alone. */
  readonly row?: Row;
}

/** Text, and numbers that every driver reads as numbers. */
const AS_THEY_ARE = new Set<unknown>(['varchar', 'text', 'int', String, Number]);

/**
 * Reads rows at little more than the driver's own price. TypeORM puts a statement together at each request and looks at
 * each row as if it might be a tree: together more than the rows cost. Here it is asked once for each text.
 */
@Injectable()
export class Rows {
  constructor(private readonly database: Database) {}

  /**
   * What `build` makes, as a statement. `build` sees a builder whose alias is `row`, and sets sample values. `key` is read
   * even where the entity does not read it by itself.
   */
  compile<Row extends ObjectLiteral>(
    entity: EntityTarget<Row>,
    key: string,
    build: (rows: SelectQueryBuilder<Row>) => void,
  ): Statement<Row> {
    const rows = this.database.repository(entity).createQueryBuilder('row').select([]);
    const metadata = rows.expressionMap.mainAlias?.metadata;
    if (!metadata) throw new Error('rows are read of an entity');
    const columns = metadata.columns.filter(({ isSelect, propertyName }) => isSelect || propertyName === key);
    for (const { propertyName } of columns) rows.addSelect(`row.${propertyName}`, propertyName);
    build(rows);
    const samples = Object.entries(rows.getParameters()).map(([name, sample]) => [name, placesOf(name, sample)]);
    const [sql, places] = metadata.dataSource.driver.escapeQueryWithParameters(
      rows.getQuery(),
      Object.fromEntries(samples) as ObjectLiteral,
    );
    return { sql, places: places as Place[], converted: columns.filter(isConverted) };
  }

  async read<Row>({ sql, places, converted }: Statement<Row>, parameters: Parameters): Promise<Row[]> {
    const rows = await this.database.select(
      sql,
      places.map((place) => valueAt(place, parameters)),
    );
    if (converted.length > 0) for (const row of rows) convert(row, converted);
    return rows as Row[];
  }
}

function placesOf(name: string, sample: unknown): Place | Place[] {
  return Array.isArray(sample) ? sample.map((_, item) => ({ name, item })) : { name, item: null };
}

/** A value that is missing would be bound as NULL and find nothing, or too much: it is a mistake of ours. */
function valueAt({ name, item }: Place, parameters: Parameters): BoundValue {
  const value = parameters[name];
  const bound = item === null ? value : (value as readonly number[] | undefined)?.[item];
  if (bound === undefined || (bound !== null && typeof bound === 'object'))
    throw new Error(`no value for ${name} ${item ?? ''}`);
  return bound;
}

/** Whether TypeORM changes its values on their way, from the database or to it. Ids are numbers already. */
export function isConverted({ transformer, type }: Column): boolean {
  return transformer !== undefined || !AS_THEY_ARE.has(type);
}

function convert(row: RawRow, columns: readonly Column[]): void {
  for (const column of columns) {
    const { driver } = column.entityMetadata.dataSource;
    row[column.propertyName] = driver.prepareHydratedValue(row[column.propertyName], column) as unknown;
  }
}
