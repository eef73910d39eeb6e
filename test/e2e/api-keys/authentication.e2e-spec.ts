import { DAY } from '../../../src/common/clock.js';
import { ApiKeysRepository } from '../../../src/api-keys/api-keys.repository.js';
import { generateKey, hasValidChecksum } from '../../../src/platform/secrets/key-format.js';
import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey } from '../../support/principals.js';

const HEADERS = [
  ['X-API-KEY', (key: string) => ({ 'x-api-key': key })],
  ['bearer', (key: string) => ({ authorization: `Bearer ${key}` })],
] as const;

describe('a request with an API key', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const whoami = (headers: Record<string, string>) => app.ask('GET', '/crm/auth/whoami', { headers });
  const revoke = async (id: number) => app.ask('DELETE', `/crm/api-keys/${id}`, { headers: await asAdmin(app) });
  const told = (answer: Awaited<ReturnType<typeof whoami>>) => ({ ...answer.body, request_id: null });

  it.each(HEADERS)('200 through %s, as the key it is', async (_name, by) => {
    const { key, apiKeyId } = await asApiKey(app, ['view_customer'], { roles: ['Customer'] });
    const { status, body } = await whoami(by(key));
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'api_key', id: apiKeyId, roles: ['Customer'], credential: 'api_key' });
    expect(body.permissions).toEqual(expect.arrayContaining(['view_customer', 'view_own_invoice']));
  });

  it('401 with one and the same body for a key that was revoked, one that never was, and a mistyped one', async () => {
    const { key, apiKeyId } = await asApiKey(app, ['view_customer'], {
      expiry_date: new Date(app.clock.millis() + DAY).toISOString(),
    });
    await revoke(apiKeyId);
    app.clock.advance(2 * DAY);
    const mistyped = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
    const answers = await Promise.all(
      [key, generateKey('sk_live_'), mistyped, 'x'].map((it) => whoami({ 'x-api-key': it })),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    const [revoked, ...others] = answers.map(told);
    for (const other of others) expect(other).toEqual(revoked);
    const challenges = new Set(answers.map(({ headers }) => headers['www-authenticate']));
    expect([...challenges]).toEqual(['Bearer error="invalid_token"']);
  });

  it('401 without asking the database for any key with one character changed or two neighbours swapped', async () => {
    const { key } = await asApiKey(app, ['view_customer']);
    const asked = jest.spyOn(app.get(ApiKeysRepository), 'findByDigests');
    const typos = [...key].flatMap((character, at) => {
      const [before, after] = [key.slice(0, at), key.slice(at + 1)];
      const swapped = before + after.slice(0, 1) + character + after.slice(1);
      return [before + (character === 'Q' ? 'R' : 'Q') + after, swapped].filter((typo) => typo !== key);
    });
    const answers = await Promise.all(typos.map((typo) => whoami({ 'x-api-key': typo })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(asked).not.toHaveBeenCalled();
    // The spy does see a key that is well-formed and unknown.
    const unknown = generateKey('sk_live_');
    expect(hasValidChecksum(unknown)).toBe(true);
    await whoami({ 'x-api-key': unknown });
    expect(asked).toHaveBeenCalledTimes(1);
    expect((await whoami({ 'x-api-key': key })).status).toBe(200);
  });

  it('200 a second time without asking the database, so nothing is verified twice', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    await whoami(headers);
    const asked = jest.spyOn(app.get(ApiKeysRepository), 'findByDigests');
    expect((await whoami(headers)).status).toBe(200);
    expect(asked).not.toHaveBeenCalled();
  });

  it('200 for a key that was refused before it was made: a refusal is not remembered', async () => {
    const late = generateKey('sk_live_');
    expect((await whoami({ 'x-api-key': late })).status).toBe(401);
    await app.reconfigure(`api_keys:\n  ${late}: { roles: [view_customer], description: late }\n`);
    expect((await whoami({ 'x-api-key': late })).status).toBe(200);
    await app.reconfigure('{}');
  });

  it.each(['?api_key=', '?x-api-key=', '?apikey=', '?access_token='])(
    '401 or 400 for a key in the URL: %s',
    async (query) => {
      const { key } = await asApiKey(app, ['view_customer']);
      const answer = await app.ask('GET', `/crm/customers${query}${key}`);
      expectProblem(answer, 401);
      expect(answer.text).not.toContain(key);
    },
  );

  it('401 for a key in a cookie', async () => {
    const { key } = await asApiKey(app, ['view_customer']);
    expectProblem(
      await app.ask('GET', '/crm/customers', { headers: { cookie: `x-api-key=${key}; api_key=${key}` } }),
      401,
    );
  });

  it('200 or 403 alike through both headers on every route', async () => {
    const { key } = await asApiKey(app, ['view_customer', 'view_audit_log']);
    const paths = [
      '/crm/customers',
      '/crm/audit-logs',
      '/crm/access-logs',
      '/crm/api-keys',
      '/crm/users',
      '/crm/roles',
    ];
    for (const path of paths) {
      const [one, other] = await Promise.all(HEADERS.map(([, by]) => app.ask('GET', path, { headers: by(key) })));
      expect([path, one?.status]).toEqual([path, other?.status]);
    }
  });
});
