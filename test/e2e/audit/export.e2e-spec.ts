import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '  =1', '|calc', '%0A'];

describe('export of the logs', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    for (const name of [...FORMULAS, 'quoted "name", with a comma']) {
      const body = { name, permissions: ['view_customer'] };
      const { api_key: key } = (await app.ask('POST', '/crm/api-keys', { headers: admin, body })).body;
      await app.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } });
    }
    await app.flushAccessLog();
  });
  afterAll(() => app.close());

  const get = (path: string) => app.ask('GET', path, { headers: admin });

  it('200 with every change record as NDJSON, oldest first, in the shape of the list', async () => {
    const listed = (await get('/crm/audit-logs?sort=audit_id&limit=100')).body.data as { audit_id: number }[];
    const answer = await get('/crm/audit-logs/export?format=ndjson');
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="audit-log.ndjson"');
    const exported = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { audit_id: number });
    expect(exported.map((entry) => entry.audit_id)).toEqual(listed.map((entry) => entry.audit_id));
    expect(Object.keys(exported[0]!)).toEqual(Object.keys(listed[0]!));
  });

  it('200 with CSV whose cells no spreadsheet takes for formulas', async () => {
    const answer = await get('/crm/access-logs/export?format=csv&actor_kind=api_key');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    const [head, ...lines] = answer.text.trimEnd().split('\r\n');
    expect(head).toBe(
      'access_id,at,actor_kind,actor_id,actor_name,method,path,route,status,address,user_agent,duration_ms,request_id',
    );
    const names = lines.map((line) => /^\d+,[^,]*,api_key,\d+,("(?:[^"]|"")*"|[^,]*),GET/.exec(line)?.[1]);
    expect(names).toEqual([...FORMULAS.map((name) => `'${name.trim()}`), '"quoted ""name"", with a comma"']);
  });

  it('200 narrowed by the filters of the list', async () => {
    const answer = await get('/crm/audit-logs/export?format=ndjson&event=api_key.created');
    const lines = answer.text.trimEnd().split('\n');
    expect(lines).toHaveLength(FORMULAS.length + 1);
  });

  it('400 without a format, and for paging, which an export has none of', async () => {
    const answer = await get('/crm/audit-logs/export?limit=5&format=xml');
    expectProblem(answer, 400);
    expect(pointers(answer)).toEqual(['/limit', '/format']);
    expect(pointers(await get('/crm/audit-logs/export?format=xml'))).toEqual(['/format']);
  });

  it('403 without export_audit_log', async () => {
    const { headers } = await asApiKey(app, ['view_audit_log']);
    const answer = await app.ask('GET', '/crm/access-logs/export?format=csv', { headers });
    expect(expectProblem(answer, 403).missing_permissions).toEqual(['export_audit_log']);
  });
});
