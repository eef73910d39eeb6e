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
  const database = app.get(Database) as unknown as { reader: DataSource; writer: DataSource };
  let count = 0;
  for (const source of new Set([database.reader, database.writer])) {
    const real = source.createQueryRunner.bind(source);
    jest.spyOn(source, 'createQueryRunner').mockImplementation((mode) => {
      if (currentContext()) count += 1;
      return real(mode);
    });
  }
  return () => count;
}
