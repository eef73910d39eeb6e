import { Revisions } from '../../../src/platform/database/revisions.js';
import { Settings } from '../../../src/platform/settings/settings.service.js';
import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';
import { execute } from '../../support/rows.js';

const NAME = 'personal_tokens.enabled';
const PATH = '/crm/settings';

describe('settings', () => {
  let app: TestApp;
  let admin: Credentials;
  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const read = () => app.ask('GET', PATH, { headers: admin });
  const change = (body: unknown, more: Credentials = {}) =>
    app.ask('PATCH', PATH, { headers: { ...admin, ...more }, body });
  const reset = () => change({ [NAME]: false });
  afterEach(reset);

  const LIST = { method: 'GET', path: PATH };
  const CHANGE = { method: 'PATCH', path: PATH, body: { [NAME]: true } };
  itNeedsAuthentication(() => app, [LIST, CHANGE]);
  itNeedsPermission(() => app, 'view_setting', [LIST]);
  itNeedsPermission(() => app, 'update_setting', [CHANGE]);
  itIsAudited(() => app, {
    event: 'setting.updated',
    subjectType: null as never,
    subjectId: () => null as never,
    act: () => change({ [NAME]: true }),
    before: { [NAME]: false },
    after: { [NAME]: true },
  });

  it('200 with the default of every setting that any feature declares, and a version', async () => {
    const { headers } = await asApiKey(app, ['view_setting']);
    const answer = await app.ask('GET', PATH, { headers });
    expect(answer.status).toBe(200);
    const declared = app.get(Settings).list();
    expect(answer.body).toEqual(Object.fromEntries(declared.map((it) => [it.name, it.default])));
    expect(declared.map(({ name }) => name)).toContain(NAME);
    expect(answer.headers.etag).toMatch(/^"\d+"$/);
  });

  it('200 with what was changed; what is not said stays', async () => {
    const { headers } = await asApiKey(app, ['update_setting']);
    const answer = await app.ask('PATCH', PATH, { headers, body: { [NAME]: true } });
    expect(answer).toMatchObject({ status: 200, body: { [NAME]: true } });
    expect((await change({})).body).toEqual(answer.body);
    const again = await read();
    expect(again.body).toEqual(answer.body);
    expect(again.headers.etag).toBe(answer.headers.etag);
  });

  it('200 without a new version and without a record when nothing changes', async () => {
    await change({ [NAME]: true });
    const records = await countRecords(app);
    const { etag } = (await read()).headers;
    expect((await change({ [NAME]: true })).headers.etag).toBe(etag);
    expect(await countRecords(app)).toBe(records);
  });

  it('412 when somebody changed any of them since, and nothing is written', async () => {
    const etag = String((await read()).headers.etag);
    expect((await change({ [NAME]: true }, { 'if-match': etag })).status).toBe(200);
    expectProblem(await change({ [NAME]: false }, { 'if-match': etag }), 412, 'request.precondition_failed');
    expect((await read()).body[NAME]).toBe(true);
  });

  it('400 naming each unknown name, and nothing is written', async () => {
    const unknown = ['nosuch', 'personal_tokens', 'Personal_Tokens.enabled', 'constructor', 'toString'];
    const answer = await change({ [NAME]: true, ...Object.fromEntries(unknown.map((name) => [name, true])) });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer).toSorted()).toEqual(unknown.map((name) => `/${name}`).toSorted());
    const poison = await change(`{"${NAME}": true, "__proto__": true}`, { 'content-type': 'application/json' });
    expectProblem(poison, 400);
    expect((await read()).body[NAME]).toBe(false);
  });

  it.each([null, 1, 0, 'true', '', [], [true], {}])('400 naming a value of another type: %j', async (value) => {
    const answer = await change({ [NAME]: value });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([`/${NAME}`]);
  });

  it.each(['[]', '"x"', 'null', '7'])('400 for a body that is no map: %s', async (body) => {
    expectProblem(await change(body, { 'content-type': 'application/json' }), 400);
  });

  it('counts at once where it was changed, and elsewhere with the next look at the revisions', async () => {
    const settings = app.get(Settings);
    const [definition] = settings.list().filter(({ name }) => name === NAME);
    if (!definition) throw new Error('nobody declares it');
    expect(await settings.get(definition)).toBe(false);
    await change({ [NAME]: true });
    expect(await settings.get(definition)).toBe(true);
    // As another node would: past this one.
    await execute(app.database, `UPDATE settings SET value = 'false'`);
    await execute(app.database, `UPDATE revisions SET value = value + 1 WHERE kind = 'settings'`);
    await (app.get(Revisions) as unknown as { poll(): Promise<void> }).poll();
    expect(await settings.get(definition)).toBe(false);
  });

  it('leaves one winner when two change the same version at the same time', async () => {
    const etag = String((await read()).headers.etag);
    const both = [1, 2].map(() => change({ [NAME]: true }, { 'if-match': etag }));
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 412]);
  });
});
