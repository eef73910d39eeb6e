import type { DataSource } from 'typeorm';
import { currentContext } from '../../src/common/request-context.js';
import { Database } from '../../src/platform/database/database.js';
import type { TestApp } from './app.js';

/**
 * How often the database is asked, from now on, in the course of requests: whatever is asked takes a query runner first.
 * What the server does on its own account (it looks for changes twice a second) is nobody's request. Ends with
 * `jest.restoreAllMocks()`.
 */
export function countQueries(app: TestApp): () => number {
  let count = 0;
  for (const source of sourcesOf(app)) {
    const real = source.createQueryRunner.bind(source);
    jest.spyOn(source, 'createQueryRunner').mockImplementation((mode) => {
      if (currentContext()) count += 1;
      return real(mode);
    });
  }
  return () => count;
}

export interface Withheld {
  /** The table, once the database has answered; whoever asked does not know yet. */
  readonly answered: Promise<string>;
  release(): void;
}

/** Keeps the next answer about a table that a request waits for, so that something can change behind its back. */
export function withholdAnswer(app: TestApp, table: string): Withheld {
  const [answered, released] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const about = new RegExp(`\\bFROM [\`"]${table}[\`"]`);
  let isTaken = false;
  for (const source of sourcesOf(app)) {
    const runner = source.createQueryRunner.bind(source);
    jest.spyOn(source, 'createQueryRunner').mockImplementation((mode) => {
      const real = runner(mode);
      const query = real.query.bind(real) as (...asked: unknown[]) => Promise<unknown>;
      real.query = async (sql: string, ...more: unknown[]): Promise<any> => {
        const answer = await query(sql, ...more);
        if (isTaken || !currentContext() || !about.test(sql)) return answer;
        isTaken = true;
        answered.resolve(table);
        await released.promise;
        return answer;
      };
      return real;
    });
  }
  return { answered: answered.promise, release: () => released.resolve() };
}

function sourcesOf(app: TestApp): ReadonlySet<DataSource> {
  const { reader, writer } = app.get(Database) as unknown as { reader: DataSource; writer: DataSource };
  return new Set([reader, writer]);
}
