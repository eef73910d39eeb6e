import { type DataSource, type EntityMetadata, QueryFailedError } from 'typeorm';
import { CommonErrors, Conflict, type ErrorDefinition } from '../../common/errors.js';

const definitions = new Map<string, ErrorDefinition>();

/** A feature says what a violated unique index means: `onConstraint('uq_users_email_key', UserErrors.emailTaken)`. */
export function onConstraint(name: string, error: ErrorDefinition): void {
  definitions.set(name, error);
}

/** A violated constraint becomes the `Conflict` declared for its name; everything else stays what it was. */
export function translateConstraint(error: unknown, dataSource: DataSource): unknown {
  if (!(error instanceof QueryFailedError)) return error;
  const name = violated(error.driverError as DriverError, dataSource);
  if (name === null) return error;
  return new Conflict(definitions.get(name) ?? CommonErrors.conflict, {}, { cause: error });
}

interface DriverError {
  readonly code?: string;
  readonly message: string;
}

function violated({ code, message }: DriverError, dataSource: DataSource): string | null {
  switch (code) {
    case 'ER_DUP_ENTRY':
      return /for key '(?:[^'.]+\.)?([^']+)'$/.exec(message)?.[1] ?? 'unknown';
    case 'ER_NO_REFERENCED_ROW_2':
    case 'ER_ROW_IS_REFERENCED_2':
      return /CONSTRAINT `([^`]+)`/.exec(message)?.[1] ?? 'unknown';
    case 'SQLITE_CONSTRAINT_UNIQUE':
    case 'SQLITE_CONSTRAINT_PRIMARYKEY':
      return indexOn(message, dataSource) ?? 'unknown';
    case 'SQLITE_CONSTRAINT_FOREIGNKEY':
      return 'unknown';
    default:
      return null;
  }
}

/** SQLite names the columns (`UNIQUE constraint failed: users.email_key`), so the index is looked up by them. */
function indexOn(message: string, dataSource: DataSource): string | undefined {
  const columns = (message.split(': ').at(-1) ?? '').split(', ').map((column) => column.split('.'));
  const table = columns[0]?.[0];
  const wanted = columns.map(([, column]) => column).join();
  const metadata = dataSource.entityMetadatas.find((entity) => entity.tableName === table);
  return metadata && uniqueIndexes(metadata).find((index) => index.columns === wanted)?.name;
}

function uniqueIndexes(metadata: EntityMetadata): { name: string; columns: string }[] {
  return metadata.indices
    .filter((index) => index.isUnique)
    .map((index) => ({ name: index.name, columns: index.columns.map((column) => column.databaseName).join() }));
}
