/** A connection of mysql2, as far as prepared statements go. */
export interface DriverConnection {
  prepare(sql: string, done: (error: Error | null, statement: PreparedStatement) => void): unknown;
  unprepare(sql: string): unknown;
}

interface PreparedStatement {
  execute<Answer>(values: readonly unknown[], done: Done<Answer>): unknown;
}

type Done<Answer> = (error: Error | null, answer: Answer) => void;

/** Beyond it a connection starts afresh. A server holds some 16,000 for all nodes together, and refuses the next one. */
const CAPACITY = 200;
/** Of the driver's own table, which closes what it has no room for: never before ours does. */
export const DRIVER_CAPACITY = 2 * CAPACITY;

const kept = new WeakMap<DriverConnection, Map<string, PreparedStatement>>();

/**
 * Runs a statement that is prepared when its text first comes to this connection; later only values travel. The driver's
 * own `execute` looks the text up anew each time and inspects every value, which costs a twentieth of a list.
 */
export function execute<Answer>(
  connection: DriverConnection,
  sql: string,
  values: readonly unknown[],
  done: Done<Answer>,
): void {
  const statements = statementsOf(connection);
  const known = statements.get(sql);
  if (known) {
    known.execute(values, done);
    return;
  }
  connection.prepare(sql, (error, statement) => {
    if (error) {
      done(error, undefined as Answer);
      return;
    }
    // Counted only now: many may have been on their way at once, the same text twice among them.
    if (statements.size >= CAPACITY && !statements.has(sql)) forgetAll(connection, statements);
    statements.set(sql, statement);
    statement.execute(values, done);
  });
}

function statementsOf(connection: DriverConnection): Map<string, PreparedStatement> {
  let statements = kept.get(connection);
  if (!statements) kept.set(connection, (statements = new Map<string, PreparedStatement>()));
  return statements;
}

function forgetAll(connection: DriverConnection, statements: Map<string, PreparedStatement>): void {
  for (const sql of statements.keys()) connection.unprepare(sql);
  statements.clear();
}
