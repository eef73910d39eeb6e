import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../measure/scenario.ts';
import { scenarios } from '../measure/scenarios.ts';
import { startProduct } from '../systems/product.ts';
import { SMALL, type Stage } from '../systems/stage.ts';
import { type CpuProfile, type Share, sharesOf } from './shares.ts';

const SECONDS = 10;
const WARM_UP = 4;
/** Microseconds between two looks. */
const INTERVAL = 200;
const SHOWN = 25;

/** Loads one scenario on a product that takes its own CPU profile, and says where the time went. */
export async function profile(stage: Stage, name: string): Promise<void> {
  const scenario = scenarios(stage).find((it) => it.name === name);
  if (scenario?.subject.system !== 'product')
    throw new Error(`${name} cannot be profiled: it is not a scenario of one product.`);
  const { found, requests } = await take(stage, scenario);
  console.log(`${scenario.title}: ${requests} requests in ${SECONDS} s\n`);
  const shares = sharesOf(found.profile, found.from);
  show('by package and by file of ours', shares.places, requests);
  show('by function', shares.functions, requests);
}

interface Taken {
  readonly found: { readonly profile: CpuProfile; readonly from: number };
  readonly requests: number;
}

async function take(stage: Stage, scenario: Scenario): Promise<Taken> {
  // The keys are made through another process of the same installation, so that this one only answers.
  const request = await scenario.subject.request();
  const databaseUrl = await stage.seeded('small', SMALL);
  const folder = stage.home('small');
  const flags = ['--cpu-prof', `--cpu-prof-interval=${INTERVAL}`, `--cpu-prof-dir=${join(stage.folder, 'profile')}`];
  const begun = performance.now();
  const server = await startProduct({ cores: stage.cores, folder, databaseUrl, flags });
  await stage.load.ask(server.url, request, { seconds: WARM_UP });
  const from = (performance.now() - begun) * 1_000;
  const { requests } = await stage.load.ask(server.url, request, { seconds: SECONDS });
  await server.stop();
  return { found: { profile: read(join(stage.folder, 'profile')), from }, requests };
}

function read(folder: string): CpuProfile {
  const [file = ''] = readdirSync(folder);
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
}

function show(title: string, shares: readonly Share[], requests: number): void {
  const all = shares.reduce((sum, it) => sum + it.micros, 0);
  console.log(`${title}\n     %  µs/req`);
  for (const { name, micros } of shares.slice(0, SHOWN)) {
    const percent = ((micros / all) * 100).toFixed(1).padStart(6);
    console.log(`${percent}  ${(micros / requests).toFixed(1).padStart(6)}  ${name}`);
  }
  console.log('');
}
