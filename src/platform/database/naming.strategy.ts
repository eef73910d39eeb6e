import { DefaultNamingStrategy, type NamingStrategyInterface, type Table } from 'typeorm';

type TableOrName = Table | string;

/** Columns in snake case, constraints by what they are: `uq_users_email_key`. Errors are translated by these names. */
export class SnakeNaming extends DefaultNamingStrategy implements NamingStrategyInterface {
  override columnName(property: string, custom: string | undefined, prefixes: string[]): string {
    return snake([...prefixes, custom ?? property].join('_'));
  }

  override primaryKeyName(table: TableOrName): string {
    return `pk_${bare(table)}`;
  }

  override uniqueConstraintName(table: TableOrName, columns: string[]): string {
    return `uq_${bare(table)}_${columns.join('_')}`;
  }

  override foreignKeyName(table: TableOrName, columns: string[]): string {
    return `fk_${bare(table)}_${columns.join('_')}`;
  }

  override indexName(table: TableOrName, columns: string[]): string {
    return `ix_${bare(table)}_${columns.join('_')}`;
  }
}

function bare(table: TableOrName): string {
  const name = typeof table === 'string' ? table : table.name;
  return name.split('.').at(-1) ?? name;
}

function snake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}
