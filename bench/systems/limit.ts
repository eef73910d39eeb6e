import { join } from 'node:path';
import type { Cores } from '../machine/cores.ts';
import { Server } from './server.ts';

const MAIN = join(import.meta.dirname, '../limit/server.ts');

export function startLimit(cores: Cores, folder: string, databaseUrl: string): Promise<Server> {
  return Server.start({
    command: [...cores.server, process.execPath, '--disable-warning=ExperimentalWarning', MAIN],
    folder,
    environment: { LIMIT_DATABASE_URL: databaseUrl },
  });
}
