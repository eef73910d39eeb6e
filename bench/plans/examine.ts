import { readFileSync, writeFileSync } from 'node:fs';
import type { Client } from '../systems/client.ts';
import type { Examined, Examiner, Statement } from './examined.ts';

/** The first fills what is cached. */
const TIMES = 2;

interface Captured extends Statement {
  readonly requestId: string;
}

export interface Examination {
  readonly client: Client;
  readonly examiner: Examiner;
  /** Where the product under capture.mjs writes. */
  readonly sqlFile: string;
}

/** Asks the product, and then the database about each statement that the product sent for it. */
export async function examine(path: string, question: string, examination: Examination): Promise<Examined> {
  const { client, examiner, sqlFile } = examination;
  const asked = question === '' ? path : `${path}?${question}`;
  const millis: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    writeFileSync(sqlFile, '');
    const begun = performance.now();
    await client.get(asked, `plan-${time}`);
    millis.push(performance.now() - begun);
  }
  const plans = [];
  for (const statement of captured(sqlFile, `plan-${TIMES - 1}`)) plans.push(await examiner.explain(statement));
  if (question === '' && plans.length === 0) {
    throw new Error(`no statement was seen of ${path}: bench/plans/capture.mjs does not hook where it was sent`);
  }
  return { question, plans, millis: Math.min(...millis) };
}

function captured(file: string, requestId: string): Statement[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as Captured)
    .filter((it) => it.requestId === requestId && it.sql.startsWith('SELECT'));
}
