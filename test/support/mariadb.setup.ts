// Jest loads this file and what it imports outside of its own module resolver: the names must be those of the files.
import { randomBytes } from 'node:crypto';
import { openRunFolder } from './keep.ts';
import { type MariadbServer, startMariadb } from './mariadb.ts';

declare global {
  var mariadbOfThisRun: MariadbServer | undefined;
}

/** Before the first test on MariaDB. The workers inherit the environment. */
export default async function setUp(): Promise<void> {
  openRunFolder();
  globalThis.mariadbOfThisRun = await startMariadb();
  process.env.CRM_TEST_SERVER_URL = globalThis.mariadbOfThisRun.url;
  process.env.CRM_TEST_DATABASE_PREFIX = `crm_test_${randomBytes(4).toString('hex')}_`;
}
