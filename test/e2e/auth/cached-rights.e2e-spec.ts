import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR, MINUTE } from '../../../src/common/clock.js';
import { Revisions } from '../../../src/platform/database/revisions.js';
import { PepperRotationService } from '../../../src/platform/pepper/pepper-rotation.service.js';
import { Secrets } from '../../../src/platform/secrets/secrets.service.js';
import { SigningKeys } from '../../../src/platform/secrets/signing-keys.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectEach, Rights, type Use, warm } from '../../support/cached.js';
import { tokenMailedTo } from '../../support/mails.js';
import { withholdAnswer } from '../../support/queries.js';
import { aToken, allowPersonalTokens, aTokenMaker } from '../../support/personal-tokens.js';
import { asApiKey, asUser, type KeyHolder, login, type Session, type UserHolder } from '../../support/principals.js';

const NEW = 'a better horse, a newer staple';
const PEPPER = 'a pepper of the second version; long enough';
const FILE_KEY = 'a-key-of-the-file-0123456789-abcdefghij';
const TRUSTED = '127.0.0.5';
const NETWORK = '127.0.0.4/30';
const INVALID = 'auth.invalid_credentials';

/** What was let in a moment ago, out of a cache, is refused at the very next request once it has ended. */
describe('a credential that is remembered', () => {
  let app: TestApp;
  let rights: Rights;

  beforeAll(async () => {
    app = await TestApp.start({ config: `${NO_LIMITS}http: { base_url: 'https://crm.example.com' }\n` });
    rights = await Rights.of(app);
    await allowPersonalTokens(app);
  });
  afterAll(() => app.close());
  afterEach(() => app.reconfigure(NO_LIMITS));

  const configure = (more: string) => app.reconfigure(`${NO_LIMITS}${more}\n`);

  describe('an API key', () => {
    let key: KeyHolder;
    let uses: Use[];
    beforeEach(async () => {
      key = await asApiKey(app, ['view_customer'], { expiry_date: app.clock.instant(HOUR) });
      uses = rights.usingKey(key.key);
      await warm(...uses);
    });

    const path = () => `/crm/api-keys/${key.apiKeyId}`;
    const regenerate = (body?: object) => rights.change('POST', `${path()}/regenerate`, body);

    it.each<[string, () => Promise<unknown>]>([
      ['revoked', () => rights.change('DELETE', path())],
      ['ended by itself', () => rights.change('DELETE', '/crm/api-keys/self', undefined, key.headers)],
      ['reported as leaked', () => rights.change('POST', '/crm/api-keys/leaked', { tokens: [key.key] })],
      ['regenerated', () => regenerate()],
    ])('401 through either header once it is %s', async (_how, end) => {
      await end();
      await expectEach(uses, 401, INVALID);
    });

    it('401 through either header once it expires by the clock', async () => {
      app.clock.advance(HOUR - 1);
      await warm(...uses);
      app.clock.advance(1);
      await expectEach(uses, 401, 'api_keys.expired');
    });

    it('401 once it expires by the clock at an hour that an edit brought forward', async () => {
      await rights.change('PATCH', path(), { expiry_date: app.clock.instant(MINUTE) });
      await warm(...uses);
      app.clock.advance(MINUTE);
      await expectEach(uses, 401, 'api_keys.expired');
    });

    it('401 for an old value once its grace is over by the clock', async () => {
      await regenerate({ grace_period_seconds: 60 });
      await warm(...uses);
      app.clock.advance(MINUTE);
      await expectEach(uses, 401, INVALID);
    });

    it('401 for an old value once the new one is used that ends it', async () => {
      const fresh = (await regenerate({ retire_seconds_after_first_use: 0 })).api_key as string;
      await warm(...uses);
      await expectEach(rights.usingKey(fresh), 200);
      await expectEach(uses, 401, INVALID);
    });

    it('401 once its entry has left the configuration file', async () => {
      await configure(`api_keys: { ${FILE_KEY}: { roles: [view_customer] } }`);
      await warm(...rights.usingKey(FILE_KEY));
      await configure('');
      await expectEach(rights.usingKey(FILE_KEY), 401, INVALID);
    });

    it('401 for one that is bound to a key once that one is revoked, or expires by the clock', async () => {
      const more = { expiry_date: app.clock.instant(MINUTE) };
      const parents = [{}, more].map((it) => asApiKey(app, ['manage_api_keys', 'view_customer'], it));
      const [revoked, expiring] = (await Promise.all(parents)) as [KeyHolder, KeyHolder];
      const child = async ({ headers }: KeyHolder) =>
        rights.usingKey(await rights.keyBy(headers, { permissions: ['view_customer'], bound_to_creator: true }));
      const [first, second] = [await child(revoked), await child(expiring)];
      await warm(...first, ...second);
      await rights.change('DELETE', `/crm/api-keys/${revoked.apiKeyId}`);
      await expectEach(first, 401, INVALID);
      await warm(...second);
      app.clock.advance(MINUTE);
      await expectEach(second, 401, 'api_keys.expired');
    });
  });

  describe('a session', () => {
    let user: UserHolder;
    let other: Session;
    let use: Use;
    const refresh = (token: string) => app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: token } });

    beforeEach(async () => {
      user = await asUser(app, ['Support']);
      other = await login(app, user.email, user.password);
      use = rights.using(user.headers);
      await warm(use, rights.using(other.headers));
    });

    it.each<[string, () => Promise<unknown>]>([
      ['logs out', () => rights.change('POST', '/crm/auth/logout', undefined, user.headers)],
      [
        'is ended by its user elsewhere',
        async () => {
          const { data } = await rights.change('GET', '/crm/auth/sessions', undefined, other.headers);
          const own = data.find(({ current }: { current: boolean }) => !current).session_id as number;
          await rights.change('DELETE', `/crm/auth/sessions/${own}`, undefined, other.headers);
        },
      ],
      [
        'is one of the others that its user ends',
        () => rights.change('DELETE', '/crm/auth/sessions', undefined, other.headers),
      ],
      ['is ended by an administrator', () => rights.change('DELETE', `/crm/users/${user.userId}/sessions`)],
      [
        'did not change the password, which another one did',
        () => {
          const body = { current_password: user.password, new_password: NEW };
          return rights.change('POST', '/crm/auth/password/change', body, other.headers);
        },
      ],
      [
        'is of a user who has set a new password by mail',
        async () => {
          app.clock.advance(1);
          await rights.change('POST', '/crm/auth/password/forgot', { email: user.email }, {});
          const token = await tokenMailedTo(app, user.email);
          await rights.change('POST', '/crm/auth/password/reset', { token, password: NEW }, {});
        },
      ],
      [
        'presented a spent refresh token',
        async () => {
          expect((await refresh(user.refreshToken)).status).toBe(200);
          app.clock.advance(11_000);
          await warm(use);
          expect((await refresh(user.refreshToken)).status).toBe(401);
        },
      ],
      [
        'is of a deactivated user',
        () => rights.change('PATCH', `/crm/users/${user.userId}`, { status: 'deactivated' }),
      ],
      ['is of a deleted user', () => rights.change('DELETE', `/crm/users/${user.userId}`)],
    ])('401 once it %s', async (_how, end) => {
      await end();
      await expectEach([use], 401, INVALID);
    });

    it('401 once its token expires by the clock', async () => {
      app.clock.advance(15 * MINUTE);
      await expectEach([use], 401, 'auth.token_expired');
    });

    it('401 once the key that signed its token is taken out of the file', async () => {
      const file = join(app.database.dataDir, 'jwt-keys.json');
      SigningKeys.rotate(file, app.clock.millis());
      refreshSecrets(app);
      await warm(use);
      writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(file, 'utf8')).slice(0, 1)));
      refreshSecrets(app);
      await expectEach([use], 401, INVALID);
    });

    it('403 once the configuration demands two-factor of it: of everybody, or of a role', async () => {
      for (const demand of ['required: true', 'required_roles: [Support]']) {
        await configure(`two_factor: { ${demand} }`);
        await expectEach([use], 403, 'auth.two_factor_enrolment_required');
        await configure('');
        await warm(use);
      }
    });
  });

  describe('what hangs on a user', () => {
    /** The user’s session, a personal token, a key bound to the user and one bound to the token; and one that is free. */
    const hangingOn = async () => {
      const user = await aTokenMaker(app, ['view_customer', 'manage_api_keys']);
      const token = await aToken(app, user);
      const grant = { permissions: ['view_customer'] };
      const bound = await rights.keyBy(user.headers, { ...grant, bound_to_creator: true });
      return {
        user,
        token,
        session: [rights.using(user.headers)],
        tokens: [...rights.usingKey(token.key), ...rights.usingKey(await rights.keyBy(token.headers, grant))],
        bound: rights.usingKey(bound),
        free: rights.usingKey(await rights.keyBy(user.headers, grant)),
      };
    };

    it.each<[string, (id: number) => Promise<unknown>]>([
      ['deactivated', (id) => rights.change('PATCH', `/crm/users/${id}`, { status: 'deactivated' })],
      ['deleted', (id) => rights.change('DELETE', `/crm/users/${id}`)],
    ])('401 for tokens and bound keys once the user is %s; 200 for a key that is free', async (_how, end) => {
      const { user, session, tokens, bound, free } = await hangingOn();
      await warm(...session, ...tokens, ...bound, ...free);
      await end(user.userId);
      await expectEach([...session, ...tokens, ...bound], 401, INVALID);
      await expectEach(free, 200);
    });

    it('401 for tokens and what they made once they are switched off; 200 for the rest', async () => {
      const { session, tokens, bound, free } = await hangingOn();
      await warm(...session, ...tokens, ...bound, ...free);
      await allowPersonalTokens(app, false);
      await expectEach(tokens, 401);
      await expectEach([...session, ...bound, ...free], 200);
      await allowPersonalTokens(app);
      await expectEach(tokens, 200);
    });

    it('401 for a token and what it made once its user revokes it; 200 for the rest', async () => {
      const { user, token, session, tokens, bound, free } = await hangingOn();
      await warm(...session, ...tokens, ...bound, ...free);
      await rights.change('DELETE', `/crm/personal-tokens/${token.apiKeyId}`, undefined, user.headers);
      await expectEach(tokens, 401, INVALID);
      await expectEach([...session, ...bound, ...free], 200);
    });

    it('401 for a token once it expires by the clock', async () => {
      const user = await aTokenMaker(app, ['view_customer']);
      const token = rights.usingKey((await aToken(app, user, { expiry_date: app.clock.instant(HOUR) })).key);
      await warm(...token);
      app.clock.advance(HOUR);
      await expectEach(token, 401, 'api_keys.expired');
    });
  });

  describe('a trusted address', () => {
    const entry = (more = '') => `ip_whitelist: [{ address: ${NETWORK}, roles: [view_customer]${more} }]\n`;
    const use = () => rights.usingAddress(TRUSTED);

    it.each([
      ['has left the file', ''],
      ['is a proxy', `${entry()}trusted_proxies: [${TRUSTED}]`],
    ])('401 once it %s', async (_how, after) => {
      await configure(entry());
      await warm(use());
      await configure(after);
      await expectEach([use()], 401, 'auth.missing_credential');
    });

    it('401 once its entry expires by the clock', async () => {
      await configure(entry(`, expires: ${app.clock.instant(HOUR)}`));
      await warm(use());
      app.clock.advance(HOUR);
      await expectEach([use()], 401, 'auth.missing_credential');
    });
  });

  describe('being looked up while it ends', () => {
    const permissions = ['view_customer'];
    afterEach(() => jest.restoreAllMocks());

    /** Which status, for what, whose rows it reads, and what then changes behind its back. */
    const cases: [number, string, string, () => Promise<{ use: Use; end: () => Promise<unknown> }>][] = [
      [
        401,
        'a key that is revoked',
        'api_keys',
        async () => {
          const { headers, apiKeyId } = await asApiKey(app, permissions);
          return { use: rights.using(headers), end: () => rights.change('DELETE', `/crm/api-keys/${apiKeyId}`) };
        },
      ],
      [
        401,
        'a session that is ended',
        'sessions',
        async () => {
          const { headers, userId } = await asUser(app, ['Support']);
          return { use: rights.using(headers), end: () => rights.change('DELETE', `/crm/users/${userId}/sessions`) };
        },
      ],
      [
        401,
        'a user who is deactivated',
        'users',
        async () => {
          const { headers, userId } = await asUser(app, ['Support']);
          const body = { status: 'deactivated' };
          return { use: rights.using(headers), end: () => rights.change('PATCH', `/crm/users/${userId}`, body) };
        },
      ],
      [
        403,
        'a role that loses the right',
        'roles',
        async () => {
          const { role_id: id } = await rights.change('POST', '/crm/roles', { name: 'Lately', permissions });
          const { headers } = await asApiKey(app, ['view_role'], { roles: ['Lately'] });
          const body = { permissions: ['view_role'] };
          return { use: rights.using(headers), end: () => rights.change('PATCH', `/crm/roles/${id}`, body) };
        },
      ],
      [
        403,
        'a role of a trusted address that loses the right',
        'roles',
        async () => {
          const { role_id: id } = await rights.change('POST', '/crm/roles', { name: 'Nearby', permissions });
          await configure(`ip_whitelist: [{ address: ${NETWORK}, roles: [Nearby] }]`);
          const body = { permissions: ['view_product'] };
          return { use: rights.usingAddress(TRUSTED), end: () => rights.change('PATCH', `/crm/roles/${id}`, body) };
        },
      ],
      [
        401,
        'a token while tokens are switched off',
        'settings',
        async () => {
          const { headers } = await aToken(app, await aTokenMaker(app, permissions));
          return { use: rights.using(headers), end: () => allowPersonalTokens(app, false) };
        },
      ],
    ];
    it.each(cases)('%i for %s: what was read before does not outlive it', async (status, _what, table, given) => {
      await allowPersonalTokens(app);
      const { use, end } = await given();
      app.get(Revisions).stale();
      const { answered, release } = withholdAnswer(app, table);
      const overtaken = use();
      expect(await Promise.race([answered, overtaken])).toBe(table);
      await end().finally(release);
      await overtaken;
      await expectEach([use, use], status);
    });
  });
});

/** As it does by itself every two seconds. */
function refreshSecrets(app: TestApp): void {
  (app.get(Secrets) as unknown as { refresh(): void }).refresh();
}

describe('keys that are remembered', () => {
  it('401 for those of a pepper that is taken out of its file; 200 for those that moved on', async () => {
    const app = await TestApp.start();
    const rights = await Rights.of(app);
    const file = join(app.database.dataDir, 'pepper');
    const old = readFileSync(file, 'utf8');
    const [moved, left] = [await asApiKey(app, ['view_customer']), await asApiKey(app, ['view_customer'])];
    const take = async (text: string) => {
      writeFileSync(file, text);
      await app.get(PepperRotationService).refresh();
    };
    await warm(...rights.usingKey(moved.key), ...rights.usingKey(left.key));
    await take(`2:${PEPPER}\n${old}`);
    await warm(...rights.usingKey(moved.key));
    await take(`2:${PEPPER}\n`);
    await expectEach(rights.usingKey(left.key), 401, INVALID);
    await expectEach(rights.usingKey(moved.key), 200);
    await app.close();
  });
});
