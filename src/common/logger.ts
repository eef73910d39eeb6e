import type { LoggerService } from '@nestjs/common';
import { destination, type Level, type Logger as Pino, pino } from 'pino';
import { currentContext } from './request-context.js';
import { secretNames } from './secret.decorator.js';
import { withoutSecrets } from './text.js';

/** Nest tells every module and route at start: of use to who looks for a missing one, noise to everybody else. */
const CHATTY = new Set(['InstanceLoader', 'NestFactory', 'RouterExplorer', 'RoutesResolver', 'NestApplication']);

/** Structured lines on standard output, each with the request id it was written for. Nothing secret leaves through it. */
export class JsonLogger implements LoggerService {
  private readonly pino: Pino;

  constructor(level: string, stream = destination({ sync: true })) {
    this.pino = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: secretNames().flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
        mixin: () => {
          const context = currentContext();
          return context ? { request_id: context.requestId } : {};
        },
      },
      stream,
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest hands the context name as the last argument. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
    const isChatter = level === 'info' && CHATTY.has(String(context));
    // An error may be the message, or stand beside its sentence.
    const error = [message, ...rest].find((part) => part instanceof Error);
    const about = { context, ...(error ? describe(error) : {}) };
    this.pino[isChatter ? 'debug' : level](
      about,
      withoutSecrets(message instanceof Error ? message.message : String(message)),
    );
  }
}

/** Type, place and cause; never the parameters of a query, which are somebody's data. */
function describe(error: Error): Record<string, unknown> {
  const cause = error.cause instanceof Error ? describe(error.cause) : undefined;
  return { error: error.name, stack: withoutSecrets(error.stack ?? ''), ...(cause ? { cause } : {}) };
}
