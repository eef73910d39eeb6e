import { LastUseService } from '../../../src/audit/last-use.service.js';
import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itPaginates } from '../../support/contracts/pages.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import {
  asAdmin,
  asApiKey,
  asUser,
  type Credentials,
  login,
  type Session,
  type UserHolder,
} from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [admin], allow_admin: true }]\n`;
const DAY = 86_400_000;
const MINUTE = 60_000;

describe('sessions', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
  });

  const again = (): Promise<Session> => login(app, user.email, user.password);
  const list = (headers: Credentials, query = ''): Promise<Answer> =>
    app.ask('GET', `/crm/auth/sessions${query}`, { headers });
  const end = (headers: Credentials, id: number | string = ''): Promise<Answer> =>
    app.ask('DELETE', `/crm/auth/sessions${id === '' ? '' : `/${id}`}`, { headers });
  const endAllOf = (headers: Credentials, userId: number): Promise<Answer> =>
    app.ask('DELETE', `/crm/users/${userId}/sessions`, { headers });
  const idOf = async ({ headers }: Session): Promise<number> =>
    (await list(headers)).body.data.find((row: { current: boolean }) => row.current).session_id;
  const whoami = ({ headers }: Session): Promise<Answer> => app.ask('GET', '/crm/auth/whoami', { headers });
  const refresh = ({ refreshToken }: Session): Promise<Answer> =>
    app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: refreshToken } });

  /** Neither its access token nor its refresh token is good any more, from the next request on. */
  const expectEnded = async (session: Session): Promise<void> => {
    expectProblem(await whoami(session), 401, 'auth.invalid_credentials');
    expectProblem(await refresh(session), 401, 'auth.invalid_refresh_token');
  };
  const expectAlive = async (session: Session): Promise<void> => {
    expect((await whoami(session)).status).toBe(200);
    expect((await refresh(session)).status).toBe(200);
  };

  describe('GET /crm/auth/sessions', () => {
    it('200 with one’s own live sessions: device, address, times, and which one asks', async () => {
      app.clock.advance(MINUTE);
      const body = { email: user.email, password: user.password };
      const headers = { 'user-agent': 'A phone/1.0' };
      const other = await app.ask('POST', '/crm/auth/login', { from: '127.0.0.9', headers, body });
      await asUser(app, ['Admin']);
      const answer = await list(user.headers);
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).toEqual({
        data: [
          {
            session_id: expect.any(Number),
            device: null,
            address: '127.0.0.1',
            created: app.clock.instant(-MINUTE),
            last_seen_at: app.clock.instant(-MINUTE),
            expires_at: app.clock.instant(90 * DAY - MINUTE),
            current: true,
          },
          {
            session_id: expect.any(Number),
            device: 'A phone/1.0',
            address: '127.0.0.9',
            created: app.clock.instant(),
            last_seen_at: app.clock.instant(),
            expires_at: app.clock.instant(90 * DAY),
            current: false,
          },
        ],
        page: { limit: 25, next_cursor: null },
      });
      const seen = await list({ authorization: `Bearer ${other.body.token}` });
      expect(seen.body.data.map((row: { current: boolean }) => row.current)).toEqual([false, true]);
      expect(answer.text).not.toMatch(/rt1\.|eyJ|digest|generation/);
    });

    it('200 without those that ended, ran out, or were ended with the account', async () => {
      const [ended, idle] = [await again(), await again()];
      await app.ask('POST', '/crm/auth/logout', { headers: ended.headers });
      expect((await list(user.headers, '?count=true')).body.page.total).toBe(2);
      app.clock.advance(13 * DAY);
      const fresh = await refresh(user);
      app.clock.advance(DAY);
      const headers = {
        authorization: `Bearer ${(await refresh({ ...user, refreshToken: fresh.body.refresh_token })).body.token}`,
      };
      expect((await list(headers)).body.data).toHaveLength(1);
      expectProblem(await refresh(idle), 401);
      const admin = await asAdmin(app);
      for (const status of ['deactivated', 'active']) {
        await app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body: { status } });
      }
      app.clock.advance(1);
      expect((await list((await again()).headers)).body.data).toHaveLength(1);
    });

    it('200 with when each was last seen, written at most once a minute', async () => {
      const other = await again();
      const flush = () => app.get(LastUseService).flush();
      const seen = async () => (await list(user.headers)).body.data.map((row: any) => row.last_seen_at as string);
      await whoami(user);
      await flush();
      const first = app.clock.instant();
      app.clock.advance(MINUTE - 1);
      await whoami(user);
      await flush();
      expect(await seen()).toEqual([first, first]);
      app.clock.advance(1);
      await whoami(user);
      await flush();
      expect(await seen()).toEqual([app.clock.instant(), first]);
      await whoami(other);
      await flush();
      expect(await seen()).toEqual([app.clock.instant(), app.clock.instant()]);
    });

    describe('on pages', () => {
      let many: Session;
      beforeAll(async () => {
        const holder = await asUser(app, []);
        for (let index = 0; index < 26; index += 1) {
          if (index % 3 === 0) app.clock.advance(1_000);
          many = await login(app, holder.email, holder.password);
        }
      });
      itPaginates(() => app, {
        path: '/crm/auth/sessions',
        id: 'session_id',
        as: () => many.headers,
        sorts: {
          session_id: (row) => row.session_id,
          created: (row) => row.created,
        },
        defaultSort: 'session_id',
      });
    });
  });

  describe('DELETE /crm/auth/sessions/{id}', () => {
    it('204 ends that session from the next request on, and no other', async () => {
      const other = await again();
      expect((await whoami(other)).status).toBe(200);
      const answer = await end(user.headers, await idOf(other));
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      await expectEnded(other);
      await expectAlive(user);
      const records = await recordsOfRequest(app, answer);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({
        event: 'session.ended',
        actorKind: 'user',
        actorId: user.userId,
        subjectType: 'user',
        subjectId: user.userId,
        after: { count: 1 },
      });
    });

    it('204 for the one that asks, too', async () => {
      expect((await end(user.headers, await idOf(user))).status).toBe(204);
      await expectEnded(user);
    });

    it('404 for a foreign, an ended and an absent one, in the same words, and nothing changes', async () => {
      const [foreign, ended] = [await asUser(app, []), await again()];
      const [foreignId, endedId] = [await idOf(foreign), await idOf(ended)];
      await end(user.headers, endedId);
      const before = await countRecords(app);
      const details: string[] = [];
      for (const id of [foreignId, endedId, 2_000_000_000]) {
        const problem = expectProblem(await end(user.headers, id), 404, 'auth.session_not_found');
        details.push(String(problem.detail).replace(String(id), 'ID'));
      }
      expect(new Set(details).size).toBe(1);
      expect(await countRecords(app)).toBe(before);
      await expectAlive(foreign);
    });

    it('404 for all but one of ten that end it at once', async () => {
      const id = await idOf(await again());
      const answers = await Promise.all(Array.from({ length: 10 }, () => end(user.headers, id)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, ...Array.from({ length: 9 }, () => 404)]);
      expect(
        (await recordsOf(app, 'session.ended')).filter(({ after }) => JSON.stringify(after).includes(`[${id}]`)),
      ).toHaveLength(1);
    });

    it.each(['0', '-1', '1e3', '01', 'x', '9007199254740993', '%00'])('400 for %s', async (id) => {
      expectProblem(await end(user.headers, id), 400, 'request.invalid');
    });
  });

  describe('DELETE /crm/auth/sessions', () => {
    it('204 ends all but the one that asks, and of this user alone', async () => {
      const [stranger, one, two] = [await asUser(app, []), await again(), await again()];
      const answer = await end(user.headers);
      expect(answer.status).toBe(204);
      await expectEnded(one);
      await expectEnded(two);
      await expectAlive(user);
      await expectAlive(stranger);
      const [record, ...more] = await recordsOfRequest(app, answer);
      expect(more).toEqual([]);
      expect(record).toMatchObject({ event: 'session.ended', subjectId: user.userId, after: { count: 2 } });
    });

    it('204 and no record when there is no other', async () => {
      const before = await countRecords(app);
      expect((await end(user.headers)).status).toBe(204);
      expect(await countRecords(app)).toBe(before);
      await expectAlive(user);
    });
  });

  describe('DELETE /crm/users/{id}/sessions', () => {
    it('204 ends every session of that user, and of nobody else', async () => {
      const [holder, other, stranger] = [await asApiKey(app, ['admin']), await again(), await asUser(app, [])];
      const answer = await endAllOf(holder.headers, user.userId);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      await expectEnded(user);
      await expectEnded(other);
      await expectAlive(stranger);
      const records = await recordsOfRequest(app, answer);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({
        event: 'session.ended',
        actorKind: 'api_key',
        actorId: holder.apiKeyId,
        subjectId: user.userId,
        after: { count: 2 },
      });
      await expectAlive(await again());
    });

    it('204 with the one permission, for a user who has no more than that', async () => {
      const target = await asUser(app, []);
      const holder = await asApiKey(app, ['end_user_session']);
      expect((await endAllOf(holder.headers, target.userId)).status).toBe(204);
      await expectEnded(target);
    });

    it('403 for a user with more rights, naming them; recorded, and nothing ended', async () => {
      const target = await asUser(app, [await aRole(app, ['end_user_session', 'delete_customer'])]);
      const holder = await asApiKey(app, ['end_user_session', 'view_user']);
      const answer = await endAllOf(holder.headers, target.userId);
      expect(expectProblem(answer, 403, 'users.target_above_you').missing_permissions).toEqual(['delete_customer']);
      const records = await recordsOfRequest(app, answer);
      expect(records.map(({ event }) => event)).toEqual(['authz_fail']);
      await expectAlive(target);
    });

    it('403 for a user of customers that one does not see', async () => {
      const [mine, foreign] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
      const holder = await asApiKey(app, ['end_user_session', 'view_own_customer'], { customer_ids: [mine] });
      const target = await asUser(app, [], [mine, foreign]);
      expectProblem(await endAllOf(holder.headers, target.userId), 403, 'users.foreign_customers');
      await expectAlive(target);
    });

    it('404 for a user who is not there, 400 for what is no id', async () => {
      const admin = await asAdmin(app);
      expectProblem(await endAllOf(admin, 2_000_000_000), 404, 'users.not_found');
      expectProblem(await app.ask('DELETE', '/crm/users/x/sessions', { headers: admin }), 400);
    });

    itNeedsPermission(() => app, 'end_user_session', [
      { method: 'DELETE', path: () => `/crm/users/${user.userId}/sessions` },
    ]);
  });

  const OWN = [
    ['GET', '/crm/auth/sessions'],
    ['DELETE', '/crm/auth/sessions'],
    ['DELETE', '/crm/auth/sessions/1'],
  ] as const;

  it.each(OWN)('403 for a key and a trusted address, whatever they hold: %s %s', async (method, path) => {
    const { key } = await asApiKey(app, ['admin']);
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }] as Credentials[]) {
      expectProblem(await app.ask(method, path, { headers }), 403, 'rbac.wrong_principal');
    }
    expectProblem(await app.ask(method, path, { from: TRUSTED }), 403, 'rbac.wrong_principal');
  });

  itNeedsAuthentication(
    () => app,
    [...OWN, ['DELETE', '/crm/users/1/sessions'] as const].map(([method, path]) => ({ method, path })),
  );
});
