import { text } from 'node:stream/consumers';
import { createServices, lay, type Services } from '../app.setup.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { ValidationPipe } from '../common/validation.pipe.js';
import { fileSource, processSource } from '../platform/config/config.source.js';
import type { Variables } from '../platform/config/environment.js';
import { LiveConfig } from '../platform/config/live-config.js';

/** Everything a command takes from outside, handed in: tests run commands in their own process. */
export interface Shell {
  readonly environment: Variables;
  /** Whether a person is looking on, who likes to see progress. */
  readonly isTerminal: boolean;
  /** One or more whole lines. */
  out(lines: string): void;
  err(lines: string): void;
  /** Standard input to its end. */
  input(): Promise<string>;
}

/** A command that cannot do what it was asked; its message is for the operator. */
export class CommandFailed extends Error {}

/** The operator at the machine: owns the database anyway, and is audited like everybody else. */
export const OPERATOR: Principal = systemPrincipal('command line');

export function processShell(): Shell {
  return {
    environment: processSource().environment,
    isTerminal: process.stderr.isTTY,
    out: (lines) => void process.stdout.write(`${lines}\n`),
    err: (lines) => void process.stderr.write(`${lines}\n`),
    input: () => text(process.stdin),
  };
}

export function configOf(shell: Shell): LiveConfig {
  return LiveConfig.fromSource(fileSource(shell.environment));
}

/** Builds the application, lets `work` call its services, and closes everything. A server may run on the same database. */
export async function withServices<T>(shell: Shell, work: (services: Services) => Promise<T>): Promise<T> {
  const services = await createServices(await lay(configOf(shell)), false);
  try {
    return await work(services);
  } finally {
    await services.close();
  }
}

/** The same checks, and the same sentences, that a request over HTTP meets. */
export function checked<T extends object>(type: new () => T, values: Record<string, unknown>): T {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return new ValidationPipe().transform(given, { type: 'body', metatype: type }) as T;
}

/** Gathers an option that may be given several times. */
export function several(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
