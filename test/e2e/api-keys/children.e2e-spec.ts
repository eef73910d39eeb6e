import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { HOUR } from '../../../src/common/clock.js';
import { Database } from '../../../src/platform/database/database.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { pointers } from '../../support/expect-problem.js';
import { asApiKey, type Credentials, type KeyHolder } from '../../support/principals.js';

const CONFIG_KEY = 'a-key-of-the-file-0123456789-abcdefghij';
const CONFIG = `${NO_LIMITS}api_keys:\n  ${CONFIG_KEY}: { roles: [admin] }\n`;

describe('keys that were made by a key', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    ({ headers: admin } = await asApiKey(app, ['admin']));
  });
  afterAll(() => app.close());

  const get = (path: string, headers = admin) => app.ask('GET', path, { headers });
  const remove = (id: number) => app.ask('DELETE', `/crm/api-keys/${id}`, { headers: admin });
  const makeParent = () => asApiKey(app, ['manage_api_keys', 'view_customer']);
  const makeChild = async ({ headers }: Pick<KeyHolder, 'headers'>, name: string, more: object = {}) => {
    const body = { name, permissions: ['view_customer'], ...more };
    return (await app.ask('POST', '/crm/api-keys', { headers, body })).body as {
      api_key_id: number;
      api_key: string;
      parent_api_key_id: number | null;
      children: unknown[];
    };
  };

  it('200 with the parent of a key and the children of a parent, those that work first, also once it is revoked', async () => {
    const parent = await makeParent();
    const ended = await makeChild(parent, 'Ended');
    const expired = await makeChild(parent, 'Expired', { expiry_date: app.clock.instant(HOUR) });
    const alive = await makeChild(parent, 'Alive');
    expect(alive).toMatchObject({ parent_api_key_id: parent.apiKeyId, children: [] });
    await remove(ended.api_key_id);
    app.clock.advance(HOUR);
    const path = `/crm/api-keys/${parent.apiKeyId}`;
    const children = [
      { api_key_id: alive.api_key_id, name: 'Alive', status: 'active' },
      { api_key_id: ended.api_key_id, name: 'Ended', status: 'revoked' },
      { api_key_id: expired.api_key_id, name: 'Expired', status: 'expired' },
    ];
    expect((await get(path)).body).toMatchObject({ children });
    expect((await get('/crm/api-keys/self', parent.headers)).body).toMatchObject({ children });
    await remove(parent.apiKeyId);
    expect((await get(path)).body).toMatchObject({ status: 'revoked', children });
    expect((await get(`/crm/api-keys/${alive.api_key_id}`)).body).toMatchObject({
      parent_api_key_id: parent.apiKeyId,
      children: [],
    });
  });

  it('200 with no parent where a user made the key', async () => {
    const made = await app.ask('POST', '/crm/auth/login', {
      body: { email: 'admin@example.com', password: 'an administrator of tests' },
    });
    const headers = { authorization: `Bearer ${made.body.token}` };
    expect(await makeChild({ headers }, 'Of a user')).toMatchObject({ parent_api_key_id: null, children: [] });
  });

  it('200 listing only the keys of one parent, 400 for what is no id', async () => {
    const parent = await makeParent();
    const first = await makeChild(parent, 'First');
    const second = await makeChild(parent, 'Second');
    const listed = (await get(`/crm/api-keys?parent_api_key_id=${parent.apiKeyId}&count=true`)).body;
    expect(listed.data.map((row: { api_key_id: number }) => row.api_key_id)).toEqual([
      first.api_key_id,
      second.api_key_id,
    ]);
    expect(listed.page.total).toBe(2);
    expect((await get('/crm/api-keys?parent_api_key_id=999999')).body.data).toEqual([]);
    for (const wrong of ['0', '-1', 'x', '1e1', ''])
      expect(pointers(await get(`/crm/api-keys?parent_api_key_id=${wrong}`))).toEqual(['/parent_api_key_id']);
  });

  it('200 naming the living children of a leaked key, in the answer and in both records; none of them is revoked', async () => {
    const parent = await makeParent();
    const gone = await makeChild(parent, 'Gone');
    const alive = await makeChild(parent, 'Alive');
    await remove(gone.api_key_id);
    const held = await asApiKey(app, ['manage_api_keys', 'view_customer'], { protected: true });
    const ofHeld = await makeChild(held, 'Child of a protected key');
    const tokens = [parent.key, held.key, 'something else'];
    const answer = await app.ask('POST', '/crm/api-keys/leaked', { headers: admin, body: { tokens } });
    expect(answer.body.results).toEqual([
      { index: 0, known: true, revoked: true, child_api_key_ids: [alive.api_key_id] },
      { index: 1, known: true, revoked: false, child_api_key_ids: [ofHeld.api_key_id] },
      { index: 2, known: false, revoked: false, child_api_key_ids: [] },
    ]);
    const [ofTheHeld, leaked] = await recordsOf(app, 'api_key.leaked');
    expect(leaked).toMatchObject({ subjectId: parent.apiKeyId, after: { child_api_key_ids: [alive.api_key_id] } });
    expect(ofTheHeld).toMatchObject({ subjectId: held.apiKeyId, after: { child_api_key_ids: [ofHeld.api_key_id] } });
    const [revoked] = await recordsOf(app, 'api_key.revoked');
    expect(revoked).toMatchObject({ subjectId: parent.apiKeyId, after: { child_api_key_ids: [alive.api_key_id] } });
    expect((await get('/crm/customers', { 'x-api-key': alive.api_key })).status).toBe(200);
  });

  it('204 revoking a key of thousands of children: the record names the first hundred and says how many there are', async () => {
    const parent = await makeParent();
    const child = await makeChild(parent, 'Model');
    const keys = app.get(Database).repository(ApiKey);
    const { apiKeyId: _, ...model } = await keys.findOneByOrFail({ apiKeyId: child.api_key_id });
    const copies = Array.from({ length: 6_000 }, () => ({ ...model, digest: null }));
    await app.get(Database).transaction(async () => {
      const rows = app.get(Database).repository(ApiKey);
      for (let at = 0; at < copies.length; at += 500) await rows.insert(copies.slice(at, at + 500));
    });
    expect((await remove(parent.apiKeyId)).status).toBe(204);
    const [revoked] = await recordsOf(app, 'api_key.revoked');
    expect(revoked?.after).toMatchObject({ child_api_key_count: 6_001 });
    expect(revoked?.after?.child_api_key_ids).toHaveLength(100);
  });

  it('204 revoking a key without children records none', async () => {
    const { api_key_id: id } = await makeChild(await makeParent(), 'Childless');
    await remove(id);
    const [revoked] = await recordsOf(app, 'api_key.revoked');
    expect(revoked?.subjectId).toBe(id);
    expect(revoked?.after).not.toHaveProperty('child_api_key_ids');
  });

  it('names the living children of a key of the file when it leaves the file', async () => {
    const child = await makeChild({ headers: { 'x-api-key': CONFIG_KEY } }, 'Child of the file');
    await app.reconfigure(NO_LIMITS);
    const [revoked] = await recordsOf(app, 'api_key.revoked');
    expect(revoked).toMatchObject({
      actorName: 'configuration file',
      after: { child_api_key_ids: [child.api_key_id] },
    });
    expect((await get('/crm/customers', { 'x-api-key': child.api_key })).status).toBe(200);
  });
});
