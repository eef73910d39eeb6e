import { createServer } from 'node:net';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RunningApp } from './app.setup.js';
import { JsonLogger } from './common/logger.js';
import { reasonOf } from './failure.js';
import { LiveConfig } from './platform/config/live-config.js';
import { replacePrivate } from './platform/secrets/private-file.js';

/** A database that is away can keep the last lines of the access log waiting for ever. */
const DEADLINE_MS = 9_000;

/** Starts the server, or says in plain lines why it cannot and ends with 1. */
export async function start(): Promise<void> {
  // What is written here belongs to the server alone, the database's own files included.
  process.umask(0o077);
  try {
    const config = LiveConfig.fromProcess();
    await assertFree(config.current.environment);
    // Loaded only now: what is wrong with the settings is told before the whole house is read.
    const { createApp, lay } = await import('./app.setup.js');
    const running = await createApp(await lay(config), new JsonLogger(config.current.environment.logLevel));
    // Before anything else can fail: nobody could find out that password later.
    introduce(running);
    closeOnSignals(running);
    await listen(running);
    announce(running);
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exit(1);
  }
}

/** Asked first: a port that is taken must not cost a first start its migration and its password. */
async function assertFree({ host, port }: { host: string; port: number }): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
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

/**
 * In order: stop accepting, answer what was accepted, write what was answered, close the database. A second signal
 * changes nothing: at a terminal Ctrl-C reaches npm and the server, and npm hands its own on.
 */
function closeOnSignals(running: RunningApp): void {
  let isClosing = false;
  const close = (signal: NodeJS.Signals): void => {
    if (isClosing) return;
    isClosing = true;
    new Logger('Main').log(`${signal}: closing`);
    setTimeout(() => {
      process.stderr.write(`Could not close in ${DEADLINE_MS / 1_000} seconds; what was not written by now is lost.\n`);
      process.exit(1);
    }, DEADLINE_MS).unref();
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
  // The terminal that it was started from was closed.
  process.on('SIGHUP', close);
}

function announce({ app, foundation: { config } }: RunningApp): void {
  const url = urlOf(app);
  const lines = [`OmniCRM is running at ${url}`];
  if (config.current.http.publicDocs) lines.push(`Documents: ${url}/crm/docs/`);
  lines.push(...config.current.warnings.map((warning) => `Warning: ${warning}`));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function introduce({ firstAdministrator, foundation }: RunningApp): void {
  if (!firstAdministrator) return;
  const { email, generatedPassword } = firstAdministrator;
  const password = whereToFind(generatedPassword, foundation.config.current.environment.dataDir);
  process.stdout.write(`First administrator: ${email}\nPassword: ${password}\n`);
}

/** On a terminal the password is shown; elsewhere it goes to a file that only the owner reads, so that no journal keeps it. */
function whereToFind(password: string | null, dataDir: string): string {
  if (password === null) return 'as set in CRM_ADMIN_PASSWORD';
  if (process.stdout.isTTY) return `${password} (shown only now: keep it)`;
  const file = join(dataDir, 'first-administrator-password');
  replacePrivate(file, `${password}\n`);
  return `in ${file} (delete the file once you have read it)`;
}

function urlOf(app: NestFastifyApplication): string {
  const address = app.getHttpServer().address();
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
