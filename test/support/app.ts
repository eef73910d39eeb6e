import { request as httpRequest } from 'node:http';
import type { LoggerService, Type } from '@nestjs/common';
import { createApp, lay, type RunningApp } from '../../src/app.setup.js';
import { AccessLogsService } from '../../src/audit/access-logs.service.js';
import { LiveConfig } from '../../src/platform/config/live-config.js';
import { TestClock } from './clock.js';
import { type TestDatabase, testDatabase } from './database.js';

export interface Answer<Body = any> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed JSON, or undefined. */
  readonly body: Body;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON, unless it is a string or a buffer, which go as they are. */
  readonly body?: unknown;
  /** A loopback address to come from, e.g. 127.0.0.5. */
  readonly from?: string;
  /** Where the server listens, when that is not 127.0.0.1. */
  readonly to?: string;
}

export interface AppOptions {
  /** crm_config.yaml; limits are off unless it sets them. */
  readonly config?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** To start a second time on what the first one left. The caller drops it. */
  readonly database?: TestDatabase;
  readonly clock?: TestClock;
  readonly logger?: LoggerService;
}

export const ADMIN = { email: 'admin@example.com', password: 'an administrator of tests' };
export const NO_LIMITS =
  'rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }\n';

/** The real application over HTTP, on the database of the present Jest project. */
export class TestApp {
  private constructor(
    private readonly running: RunningApp,
    private readonly options: { database: TestDatabase; isOwner: boolean; text: { current: string } },
    readonly clock: TestClock,
  ) {}

  static async start(options: AppOptions = {}): Promise<TestApp> {
    const database = options.database ?? (await testDatabase());
    const clock = options.clock ?? new TestClock();
    const text = { current: options.config ?? NO_LIMITS };
    const environment: Record<string, string> = {
      CRM_DATA_DIR: database.dataDir,
      CRM_DATABASE_URL: database.url ?? '',
      CRM_ADMIN_EMAIL: ADMIN.email,
      CRM_ADMIN_PASSWORD: ADMIN.password,
      ...options.environment,
    };
    const config = LiveConfig.fromSource({ file: 'crm_config.yaml', environment, read: () => text.current });
    try {
      const running = await createApp(await lay(config, clock), options.logger ?? false);
      await running.app.listen(0, environment.CRM_HOST ?? '127.0.0.1');
      return new TestApp(running, { database, isOwner: !options.database, text }, clock);
    } catch (error) {
      if (!options.database) await database.drop();
      throw error;
    }
  }

  get database(): TestDatabase {
    return this.options.database;
  }

  get port(): number {
    return (this.running.app.getHttpServer().address() as { port: number }).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get<T>(token: Type<T> | (abstract new (...rest: never[]) => T)): T {
    return this.running.app.get<T>(token);
  }

  /** Replaces crm_config.yaml under the running server, as an operator would. */
  async reconfigure(config: string): Promise<void> {
    this.options.text.current = config;
    await this.running.foundation.config.reload();
  }

  /** One request over a real socket; the path is sent to the letter. */
  ask<Body = any>(method: string, path: string, asking: Asking = {}): Promise<Answer<Body>> {
    const { to = '127.0.0.1', from = to, body } = asking;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body);
    const headers = {
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      ...asking.headers,
    };
    const target = { host: to, port: this.port, localAddress: from, method, path, headers, agent: false };
    return new Promise((resolve, reject) => {
      const request = httpRequest(target as object, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) as Body });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(payload);
    });
  }

  /** Everything that was answered so far stands in the access log afterwards. */
  async flushAccessLog(): Promise<void> {
    await this.get(AccessLogsService).flush();
  }

  async close(): Promise<void> {
    await this.running.close();
    if (this.options.isOwner) await this.options.database.drop();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
