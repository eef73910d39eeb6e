import type { LoggerService, Type } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { ConfigKeysService } from './api-keys/config-keys.service.js';
import { AppModule, type Foundation } from './app.module.js';
import { keepAccessLog } from './audit/access-log.hook.js';
import { AccessLogsService } from './audit/access-logs.service.js';
import { LastUseService } from './audit/last-use.service.js';
import { type Clock, SystemClock } from './common/clock.js';
import { ProblemFilter } from './common/problem.filter.js';
import { serveDocuments } from './documents.js';
import { entities } from './entities.js';
import { answerShapes, requestContexts, serverOptions } from './http-server.js';
import type { LiveConfig } from './platform/config/live-config.js';
import type { Database } from './platform/database/database.js';
import { openDatabase } from './platform/database/open-database.js';
import { RequestMetrics } from './platform/metrics/request-metrics.js';
import { PepperLedger } from './platform/pepper/pepper-ledger.js';
import { PepperVersionsRepository } from './platform/pepper/pepper-versions.repository.js';
import { shortenPipeline } from './platform/routing/direct-routes.js';
import { Secrets } from './platform/secrets/secrets.service.js';
import { RolesService } from './rbac/roles.service.js';
import { countRequests } from './request-metrics.hook.js';
import { gracefulEnd } from './shutdown.js';
import { FirstAdministrator, type NewAdministrator } from './users/first-administrator.service.js';

export interface RunningApp {
  readonly app: NestFastifyApplication;
  readonly foundation: Foundation;
  /** Only at the very first start. */
  readonly firstAdministrator: NewAdministrator | null;
  /** Answers what was accepted, writes what was answered, then closes the database. */
  close(): Promise<void>;
}

export interface Services {
  readonly foundation: Foundation;
  get<T>(type: Type<T>): T;
  close(): Promise<void>;
}

/** Opens everything that stands below Nest: the database, migrated, and the secrets. */
export async function lay(config: LiveConfig, clock: Clock = new SystemClock()): Promise<Foundation> {
  const { environment } = config.current;
  const database = await openDatabase(environment, entities);
  try {
    return { config, database, secrets: await secretsOf(config, database, clock), clock };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A pepper that is not this database's is refused before anything is made under it. */
async function secretsOf(config: LiveConfig, database: Database, clock: Clock): Promise<Secrets> {
  const ledger = new PepperLedger(database, new PepperVersionsRepository(database), clock);
  const secrets = Secrets.load(config.current.environment, clock.millis(), await ledger.versions());
  await ledger.admit(secrets.pepperMarks(), secrets.pepperSource);
  return secrets;
}

/** What `main` and the tests share: the whole server but for listening. */
export async function createApp(foundation: Foundation, logger: LoggerService | false): Promise<RunningApp> {
  const { config, database } = foundation;
  try {
    const { app, end } = await assemble(foundation, logger);
    const firstAdministrator = await makeReady(app, config).catch(async (error: unknown) => {
      // A server that is refused at the last moment leaves no timer running.
      await app.close();
      throw error;
    });
    const close = async (): Promise<void> => {
      await end();
      await app.close();
      await database.close();
    };
    return { app, foundation, firstAdministrator, close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function makeReady(app: NestFastifyApplication, config: LiveConfig): Promise<NewAdministrator | null> {
  await config.verify();
  await app.get(ConfigKeysService).start();
  const firstAdministrator = await app.get(FirstAdministrator).ensure();
  config.watch();
  return firstAdministrator;
}

/**
 * The same house for the command line: every service, audited alike, and none of a server's duties. Nothing runs by the
 * clock, no first administrator is made, and the keys of the file stay what the running server made of them.
 */
export async function createServices(foundation: Foundation, logger: LoggerService | false): Promise<Services> {
  const { database } = foundation;
  try {
    const app = await compose(foundation, new FastifyAdapter(), logger);
    await app.get(RolesService).seedBuiltIn();
    const close = async (): Promise<void> => {
      await app.close();
      await database.close();
    };
    return { get: (type) => app.get(type, { strict: false }), foundation, close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function assemble(
  foundation: Foundation,
  logger: LoggerService | false,
): Promise<{ app: NestFastifyApplication; end: () => Promise<void> }> {
  const { config, clock } = foundation;
  const problems = new ProblemFilter();
  const adapter = new FastifyAdapter(serverOptions(config, problems, clock));
  const app = await compose(foundation, adapter, logger);
  const server = adapter.getInstance<FastifyInstance>();
  const end = gracefulEnd(server);
  // Before any hook that refuses: what begins here must end here.
  countRequests(server, app.get(RequestMetrics));
  requestContexts(server, config);
  keepAccessLog(server, { accessLogs: app.get(AccessLogsService), lastUse: app.get(LastUseService), clock });
  answerShapes(server, config, clock);
  serveDocuments(app, config);
  shortenPipeline(app);
  await app.init();
  return { app, end };
}

function compose(
  foundation: Foundation,
  adapter: AbstractHttpAdapter,
  logger: LoggerService | false,
): Promise<NestFastifyApplication> {
  return NestFactory.create<NestFastifyApplication>(AppModule.forRoot(foundation), adapter, {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
}
