import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp, lay, type RunningApp } from './app.setup.js';
import { JsonLogger } from './common/logger.js';
import { reasonOf } from './failure.js';
import { LiveConfig } from './platform/config/live-config.js';
import { replacePrivate } from './platform/secrets/private-file.js';
import type { NewAdministrator } from './users/first-administrator.service.js';

/** Starts the server, or says in plain lines why it cannot and ends with 1. */
export async function start(): Promise<void> {
  // What is written here belongs to the server alone, the database's own files included.
  process.umask(0o077);
  try {
    const config = LiveConfig.fromProcess();
    const running = await createApp(await lay(config), new JsonLogger(config.current.environment.logLevel));
    closeOnSignals(running);
    await listen(running);
    announce(running);
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exit(1);
  }
}

async function listen(running: RunningApp): Promise<void> {
  const { host, port } = running.foundation.config.current.environment;
  try {
    await running.app.listen(port, host);
  } catch (error) {
    await running.close();
    throw error;
  }
}

/** In order: stop accepting, answer what was accepted, write what was answered, close the database. */
function closeOnSignals(running: RunningApp): void {
  let isClosing = false;
  const close = (signal: NodeJS.Signals): void => {
    if (isClosing) return;
    isClosing = true;
    new Logger('Main').log(`${signal}: closing`);
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${reasonOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

function announce({ app, foundation, firstAdministrator }: RunningApp): void {
  const { config } = foundation;
  const url = urlOf(app);
  const lines = [`OmniCRM is running at ${url}`];
  if (config.current.http.publicDocs) lines.push(`Documents: ${url}/crm/docs/`);
  if (firstAdministrator) lines.push(...introduce(firstAdministrator, config.current.environment.dataDir));
  lines.push(...config.current.warnings.map((warning) => `Warning: ${warning}`));
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** On a terminal the password is shown; elsewhere it goes to a file that only the owner reads, so that no journal keeps it. */
function introduce({ email, generatedPassword }: NewAdministrator, dataDir: string): string[] {
  const lines = [`First administrator: ${email}`];
  if (generatedPassword === null) return [...lines, 'Password: as set in CRM_ADMIN_PASSWORD'];
  if (process.stdout.isTTY) return [...lines, `Password: ${generatedPassword} (shown only now: keep it)`];
  const file = join(dataDir, 'first-administrator-password');
  replacePrivate(file, `${generatedPassword}\n`);
  return [...lines, `Password: in ${file} (delete the file once you have read it)`];
}

function urlOf(app: NestFastifyApplication): string {
  const address = app.getHttpServer().address();
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
