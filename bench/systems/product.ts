import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cores } from '../machine/cores.ts';
import { Server } from './server.ts';

const HOUSE = join(import.meta.dirname, '../..');
const MAIN = join(HOUSE, 'dist/src/main.js');
/** Flags and environment of `npm start`: what is measured is what an operator runs. */
const START = startOf(readFileSync(join(HOUSE, 'package.json'), 'utf8'));
export const ADMIN = { email: 'admin@example.com', password: randomBytes(16).toString('hex') };

/** Limits that are counted and never reached; and this machine is trusted, for the scenario without a key. */
const MOST = 1_000_000;
const CONFIG = `rate_limits: { api_key: ${MOST}, personal_token: ${MOST}, user: ${MOST}, address: ${MOST}, login: ${MOST}, failed_auth: ${MOST} }
ip_whitelist:
  - { address: 127.0.0.1, roles: [view_customer], description: "The load generator" }
`;

export interface ProductOptions {
  readonly cores: Cores;
  /** A folder of its own: data folder, configuration, working directory. Kept, it is the same installation again. */
  readonly folder: string;
  /** Null = SQLite in the data folder. */
  readonly databaseUrl: string | null;
  /** For node, before the program. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The built product as an operator runs it: production mode, everything on. */
export function startProduct(options: ProductOptions): Promise<Server> {
  const { cores, folder, databaseUrl, flags = [], environment } = options;
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'crm_config.yaml');
  writeFileSync(config, CONFIG, { mode: 0o600 });
  return Server.start({
    command: [...cores.server, process.execPath, ...START.flags, ...flags, MAIN],
    folder,
    environment: {
      ...START.environment,
      CRM_PORT: '0',
      CRM_DATA_DIR: join(folder, 'data'),
      CRM_DATABASE_URL: databaseUrl ?? '',
      CRM_CONFIG_FILE: config,
      CRM_ADMIN_EMAIL: ADMIN.email,
      CRM_ADMIN_PASSWORD: ADMIN.password,
      ...environment,
    },
  });
}

function startOf(manifest: string): { flags: string[]; environment: Record<string, string> } {
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string } };
  const words = scripts.start.split(' ');
  const flags = words.filter((word) => word.startsWith('--'));
  const variables = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('=') as [string, string]);
  return { flags, environment: Object.fromEntries(variables) };
}
