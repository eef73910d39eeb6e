import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { AccessLog } from '../../../src/audit/access-log.entity.js';
import { JsonLogger } from '../../../src/common/logger.js';
import { entities } from '../../../src/entities.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { ADMIN, NO_LIMITS, TestApp } from '../../support/app.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { asAdmin, asApiKey, asUser, login } from '../../support/principals.js';

const WRONG = 'a wrong password that somebody typed';
const CONFIGURED = generateKey('crm_');

describe('after a run with every kind of secret', () => {
  let place: TestDatabase;
  let secrets: string[];
  let log = '';
  const names = new Map<string, Set<string>>();

  beforeAll(async () => {
    place = await testDatabase();
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString();
        done();
      },
    });
    const config = `${NO_LIMITS}api_keys:\n  ${CONFIGURED}: { roles: [admin], description: in the file }\n`;
    const app = await TestApp.start({ database: place, config, logger: new JsonLogger('trace', stream as never) });
    secrets = await use(app);
    await walk(app);
    await app.close();
  });
  afterAll(() => place.drop());

  /** Uses everything there is to use, in the right places and in odd ones; returns what must be found nowhere. */
  async function use(app: TestApp): Promise<string[]> {
    const admin = await asAdmin(app);
    const user = await asUser(app, ['Support']);
    const session = await login(app, user.email, user.password);
    const key = await asApiKey(app, ['view_customer', 'manage_api_keys']);
    const post = (path: string, body: unknown, headers = {}) => app.ask('POST', path, { headers, body });
    await post('/crm/auth/login', { email: user.email, password: WRONG });
    await post('/crm/auth/login', { email: WRONG, password: key.key });
    const refreshed = await post('/crm/auth/refresh', { refresh_token: session.refreshToken });
    app.clock.advance(60_000);
    await post('/crm/auth/refresh', { refresh_token: session.refreshToken });
    await post('/crm/auth/refresh', { refresh_token: key.key });
    await app.ask('GET', '/crm/auth/whoami', { headers: { 'x-api-key': CONFIGURED } });
    const tokens = [session.token, user.token, session.refreshToken, user.refreshToken];
    const { token, refresh_token: next } = refreshed.body as Record<string, string>;
    for (const secret of [key.key, CONFIGURED, ...tokens, token ?? '', next ?? '']) {
      await app.ask('GET', `/crm/customers/${secret}`, { headers: admin });
      await app.ask('GET', `/crm/customers?search=${secret}&api_key=${secret}`, { headers: admin });
      await app.ask('GET', '/crm/customers', { headers: { authorization: `Basic ${secret}`, 'user-agent': secret } });
      await app.ask('GET', '/crm/customers', { headers: { ...key.headers, authorization: `Bearer ${secret}` } });
      await app.ask('GET', '/nowhere', { headers: { 'x-request-id': secret.slice(0, 64) } });
      await post('/crm/customers', `{"customer_name": "${secret}`, { ...admin, 'content-type': 'application/json' });
    }
    await post(
      '/crm/api-keys',
      { name: 'Again', permissions: ['admin'] },
      { ...key.headers, 'idempotency-key': 'once' },
    );
    const once = { ...admin, 'idempotency-key': 'twice' };
    const made = await post('/crm/api-keys', { name: 'Once', permissions: ['view_customer'] }, once);
    await app.ask('DELETE', `/crm/api-keys/${key.apiKeyId}`, { headers: admin });
    await app.ask('GET', '/crm/customers', { headers: key.headers });
    await app.flushAccessLog();
    return [
      ADMIN.password,
      user.password,
      WRONG,
      key.key,
      CONFIGURED,
      made.body.api_key,
      ...tokens,
      token ?? '',
      next ?? '',
    ];
  }

  /** Every list and every entry that an administrator can read, and the names of all properties in them. */
  async function walk(app: TestApp): Promise<void> {
    const headers = await asAdmin(app);
    const { body: document } = await app.ask('GET', '/crm/docs-json', { headers });
    for (const [path, operations] of Object.entries(document.paths as Record<string, Record<string, unknown>>)) {
      if (!operations.get || path.includes('docs')) continue;
      const answer = await app.ask('GET', path.replace(/\{\w+\}/g, '1'), { headers });
      names.set(`${answer.status} ${path}`, namesIn(answer.body));
    }
  }

  it('walked over every route that can be read', () => {
    const read = [...names.keys()].filter((name) => name.startsWith('200 '));
    for (const path of [
      '/crm/customers',
      '/crm/users',
      '/crm/users/{user_id}',
      '/crm/api-keys',
      '/crm/audit-logs/{audit_id}',
    ]) {
      expect(read).toContain(`200 ${path}`);
    }
  });

  it('no answer has a property that is called like a secret', () => {
    const secret = /password|digest|secret|totp|refresh|private/i;
    const found = [...names].flatMap(([path, properties]) =>
      [...properties].filter((name) => secret.test(name)).map((name) => [path, name]),
    );
    expect(found).toEqual([]);
  });

  it('no file in the data folder holds one in clear', () => {
    const files = readdirSync(place.dataDir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(place.dataDir, name))
      .filter((file) => statSync(file).isFile());
    expect(files.length).toBeGreaterThanOrEqual(place.url === null ? 3 : 2);
    for (const file of files) expect([file, found(readFileSync(file, 'latin1'))]).toEqual([file, []]);
  });

  it('no table holds one in clear', async () => {
    const database = await openDatabase({ databaseUrl: place.url, dataDir: place.dataDir }, entities);
    for (const entity of entities) {
      const rows = await database.repository(entity).find();
      expect(found(JSON.stringify(rows))).toEqual([]);
    }
    expect(await database.repository(AccessLog).count()).toBeGreaterThan(50);
    await database.close();
  });

  it('no log line holds one in clear', () => {
    expect(log.split('\n').length).toBeGreaterThan(10);
    expect(found(log)).toEqual([]);
  });

  /** Which of the secrets stands in a text, by its first letters: enough to see which, too little to use. */
  function found(text: string): string[] {
    return secrets
      .filter((secret) => text.includes(secret) || text.includes(secret.slice(-40)))
      .map((secret) => secret.slice(0, 6));
  }
});

function namesIn(value: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) namesIn(item, names);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) namesIn(item, names.add(name));
  }
  return names;
}
