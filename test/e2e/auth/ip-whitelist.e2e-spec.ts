import { LastUseService } from '../../../src/audit/last-use.service.js';
import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

const CONFIG = `
rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }
trusted_proxies: [10.0.0.9]
ip_whitelist:
  - 127.0.0.5
  - 10.0.0.0/24
  - { address: 10.0.0.7, roles: [Finance], description: Grafana, expires: 2030-06-01 }
  - { address: 127.0.2.0/24, roles: [view_customer], expires: 2030-01-01 }
ip_whitelist_default_roles: [view_product]
`;

describe('the trusted addresses', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const list = async () => (await app.ask('GET', '/crm/ip-whitelist', { headers: admin })).body.data;
  const test = (body: unknown, headers: Credentials = admin) =>
    app.ask('POST', '/crm/ip-whitelist/test', { headers, body });

  it('200 lists the entries of the file, with what each grants', async () => {
    const entries = await list();
    expect(entries.map((entry: { address: string }) => entry.address)).toEqual([
      '127.0.0.5',
      '10.0.0.0/24',
      '10.0.0.7',
      '127.0.2.0/24',
    ]);
    expect(entries[0]).toEqual({
      address: '127.0.0.5',
      description: null,
      roles: [],
      permissions: ['view_product'],
      expires: null,
      allow_public: false,
      allow_admin: false,
      last_used_at: null,
      last_used_address: null,
    });
    expect(entries[2]).toMatchObject({
      description: 'Grafana',
      roles: ['Finance'],
      expires: '2030-06-01T23:59:59.000Z',
    });
  });

  it('200 shows when and from where an entry was last of use', async () => {
    expect((await app.ask('GET', '/crm/auth/whoami', { from: '127.0.0.5' })).status).toBe(200);
    await app.get(LastUseService).flush();
    expect((await list())[0]).toMatchObject({ last_used_at: app.clock.instant(), last_used_address: '127.0.0.5' });
  });

  it.each<[string, string | null]>([
    ['10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['10.0.0.8', '10.0.0.0/24'],
    ['10.0.0.255', '10.0.0.0/24'],
    ['10.0.1.0', null],
    ['10.0.0.9', null],
    ['127.0.2.1', null],
    ['2001:db8::1', null],
  ])('200 says which entry decides about %s', async (address, entry) => {
    const { status, body } = await test({ address });
    expect(status).toBe(200);
    expect({ trusted: body.trusted, entry: body.entry?.address ?? null }).toEqual({ trusted: entry !== null, entry });
  });

  it.each(['', '10.0.0', '010.0.0.1', '10.0.0.0/24', 'localhost', 167772161, null, {}, '10.0.0.1\0'])(
    '400 for an address of %j',
    async (address) => {
      const answer = await test({ address });
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/address']);
    },
  );

  it('401 for a stranger, 403 naming the right that is missing', async () => {
    const { headers } = await asApiKey(app, ['view_setting']);
    expectProblem(await app.ask('GET', '/crm/ip-whitelist'), 401);
    expectProblem(await test({ address: '10.0.0.1' }, {}), 401);
    for (const answer of [await app.ask('GET', '/crm/ip-whitelist', { headers }), await test({}, headers)]) {
      expect(expectProblem(answer, 403).missing_permissions).toEqual(['view_ip_whitelist']);
    }
  });

  it('404 for changing it: the file is the only way', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expectProblem(await app.ask(method, '/crm/ip-whitelist', { headers: admin }), 404);
      expectProblem(await app.ask(method, '/crm/ip-whitelist/1', { headers: admin }), 404);
    }
  });
});
