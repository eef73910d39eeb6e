import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MariadbStore } from '../data/mariadb-store.ts';
import { seedCustomers } from '../data/seed.ts';
import { seedRecords } from '../data/records.ts';
import { SqliteStore } from '../data/sqlite-store.ts';
import { Client } from '../systems/client.ts';
import { startProduct } from '../systems/product.ts';
import { LARGE, type Stage } from '../systems/stage.ts';
import { examine, type Examination } from './examine.ts';
import type { Examined, Examiner, Survey } from './examined.ts';
import { lists } from './lists.ts';
import { MariadbExaminer } from './mariadb-examiner.ts';
import { planDocument } from './plan-document.ts';
import { SqliteExaminer } from './sqlite-examiner.ts';

const FILE = join(import.meta.dirname, '../plans.md');
const CAPTURE = join(import.meta.dirname, 'capture.mjs');

export async function writePlans(stage: Stage): Promise<void> {
  const surveys = [await surveyMariadb(stage), await surveySqlite(stage)];
  writeFileSync(FILE, planDocument(surveys));
  console.log(`written: ${FILE}`);
}

async function surveyMariadb(stage: Stage): Promise<Survey> {
  const databaseUrl = await stage.seeded('million', LARGE);
  const store = await MariadbStore.open(databaseUrl);
  await seedRecords(store);
  await store.close();
  return survey(stage, { home: 'million', databaseUrl, examiner: await MariadbExaminer.open(databaseUrl) });
}

async function surveySqlite(stage: Stage): Promise<Survey> {
  const home = 'embedded';
  const installer = await startProduct({ cores: stage.cores, folder: stage.home(home), databaseUrl: null });
  await installer.stop();
  const file = join(stage.home(home), 'data', 'omnicrm.sqlite');
  const store = new SqliteStore(file);
  await seedCustomers(store, LARGE);
  await seedRecords(store);
  await store.close();
  return survey(stage, { home, databaseUrl: null, examiner: new SqliteExaminer(file) });
}

interface Surveyed {
  readonly home: string;
  readonly databaseUrl: string | null;
  readonly examiner: Examiner;
}

async function survey(stage: Stage, { home, databaseUrl, examiner }: Surveyed): Promise<Survey> {
  const sqlFile = join(stage.folder, `${home}.sql`);
  const server = await startProduct({
    cores: stage.cores,
    folder: stage.home(home),
    databaseUrl,
    flags: ['--import', CAPTURE],
    environment: { BENCH_SQL_FILE: sqlFile },
  });
  const found = new Map<string, Examined[]>();
  try {
    const client = await Client.of(server.url);
    for (const { path, questions } of lists()) {
      await client.logIn();
      found.set(path, await examineAll(path, questions, { client, examiner, sqlFile }));
      console.log(`${examiner.name}: ${path}, ${questions.length} questions`);
    }
  } finally {
    // A server that is left would keep this process, and whoever waits for it.
    await server.stop();
    await examiner.close();
  }
  return { database: examiner.name, lists: found };
}

async function examineAll(path: string, questions: readonly string[], parts: Examination): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const question of questions) {
    examined.push(await examine(path, question, parts));
    const next = await cursorOf(path, question, parts.client);
    // The second page takes another way into the same order.
    if (next !== null) examined.push({ ...(await examine(path, next.asked, parts)), question: next.shown });
  }
  return examined;
}

async function cursorOf(
  path: string,
  question: string,
  client: Client,
): Promise<{ asked: string; shown: string } | null> {
  // A pair is a filter's own way or a sort's, both of which were followed already.
  if (question.includes('count=') || question.includes('&')) return null;
  const { page } = await client.get<{ page: { next_cursor: string | null } }>(`${path}?${question}`);
  if (page.next_cursor === null) return null;
  const before = question === '' ? '' : `${question}&`;
  return { asked: `${before}cursor=${page.next_cursor}`, shown: `${before}cursor=…` };
}
