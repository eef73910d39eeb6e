// Jest loads this file and what it imports outside of its own module resolver: the names must be those of the files.
import { dropDatabases } from './database.ts';
import { closeRunFolder } from './keep.ts';

/** After the last test of all projects: nothing of this run stays, also not on a server that is not ours. */
export default async function tearDown(): Promise<void> {
  if (globalThis.mariadbOfThisRun) {
    await dropDatabases(process.env.CRM_TEST_DATABASE_PREFIX ?? '');
    await globalThis.mariadbOfThisRun.stop();
    globalThis.mariadbOfThisRun = undefined;
  }
  await closeRunFolder();
}
