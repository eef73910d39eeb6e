// node --import …/capture.mjs dist/src/main.js
// Writes each statement of a request to the file BENCH_SQL_FILE, one line of JSON each: what the product really sends.
import { appendFileSync } from 'node:fs';
import { currentContext } from '../../dist/src/common/request-context.js';
import { usePackedPackages } from '../../dist/src/packed-packages.js';

// The TypeORM that the product will have, not the installed one beside it.
usePackedPackages(new URL('../../dist/', import.meta.url));
const { DataSource } = await import('typeorm');
const { Database } = await import('../../dist/src/platform/database/database.js');

const { initialize } = DataSource.prototype;

DataSource.prototype.initialize = function () {
  const silent = this.logger;
  this.logger = Object.assign(Object.create(silent), { logQuery: record });
  return initialize.call(this);
};

// What is prepared goes past TypeORM, but for what is read in a transaction.
const { select } = Database.prototype;

Database.prototype.select = function (sql, values) {
  if (!this.isInTransaction()) record(sql, values);
  return select.call(this, sql, values);
};

function record(sql, parameters = []) {
  const requestId = currentContext()?.requestId;
  if (requestId === undefined) return;
  appendFileSync(process.env.BENCH_SQL_FILE, `${JSON.stringify({ requestId, sql, parameters })}\n`);
}
