import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { pythonWithRequests } from '../../support/python.js';
import { ServerProcess } from '../../support/server-process.js';

const SOURCE = join(__dirname, '../../fixtures/source');
const EMAIL = 'admin@example.com';
const PASSWORD = 'an administrator of tests';

/** Runs one of the source's curl lines; the status code follows the body. */
function curl(...args: string[]): { status: number; body: any } {
  const run = spawnSync('curl', ['--silent', '--globoff', '--write-out', '\n%{http_code}', ...args], {
    encoding: 'utf8',
  });
  const [, body = '', status = ''] = /^([^]*)\n(\d+)$/.exec(run.stdout) ?? [];
  return { status: Number(status), body: body === '' ? null : JSON.parse(body) };
}

describe('what the source shows', () => {
  let place: TestDatabase;
  let server: ServerProcess;

  const start = async (config: string, environment = {}) => {
    const file = join(place.dataDir, 'crm_config.yaml');
    writeFileSync(file, config);
    const settings = { CRM_CONFIG_FILE: file, CRM_ADMIN_PASSWORD: PASSWORD, ...environment };
    server = await ServerProcess.start(place, { environment: settings });
  };
  const token = () => {
    const body = JSON.stringify({ email: EMAIL, password: PASSWORD });
    const json = ['-H', 'Content-Type: application/json'];
    return curl('-X', 'POST', `${server.url}/crm/auth/login`, ...json, '-d', body).body.token as string;
  };
  const admin = (...args: string[]) => curl('-H', `Authorization: Bearer ${token()}`, ...args);
  const json = (body: object) => ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
  const addCustomer = (customer_name: string) =>
    expect(admin('-X', 'POST', `${server.url}/crm/customers`, ...json({ customer_name })).status).toBe(201);

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  it('both Python scripts print the customers, with only URL and credentials replaced', async () => {
    await start('{}');
    addCustomer('Nordlicht Telekom GmbH');
    const key = admin(
      '-X',
      'POST',
      `${server.url}/crm/api-keys`,
      ...json({ name: 'Script', permissions: ['view_customer'] }),
    );
    const values: Record<string, string> = { URL: server.url, EMAIL, PASSWORD, KEY: key.body.api_key };
    const python = pythonWithRequests();
    for (const name of ['login_and_list.py', 'key_and_list.py']) {
      const script = readFileSync(join(SOURCE, name), 'utf8').replace(
        /(?<=['"])(URL|EMAIL|PASSWORD|KEY)(?=['"])/g,
        (word) => values[word] ?? '',
      );
      const run = spawnSync(python, ['-'], { input: script, encoding: 'utf8' });
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(run.stdout).toContain(`'customer_name': 'Nordlicht Telekom GmbH'`);
    }
  });

  it('its curl lines create, list, edit, use and revoke a key', async () => {
    await start('{}');
    addCustomer('Nordlicht Telekom GmbH');
    const keys = `${server.url}/crm/api-keys`;
    const year = new Date().getUTCFullYear() + 1;
    const wanted = {
      name: 'New Integration',
      description: 'Third-party billing sync',
      expiry_date: `${year}-01-10`,
      permissions: ['view_customer', 'view_service'],
    };
    const created = admin('-X', 'POST', keys, ...json(wanted));
    expect(created).toMatchObject({
      status: 201,
      body: {
        name: 'New Integration',
        status: expect.stringMatching(/^(active|expiring_soon)$/),
        expiry_date: `${year}-01-10T23:59:59.000Z`,
      },
    });
    const { api_key_id: id, api_key: key } = created.body;
    const customers = () => curl('-X', 'GET', `${server.url}/crm/customers`, '-H', `X-API-KEY: ${key}`);
    expect(customers()).toMatchObject({ status: 200, body: { data: [{ customer_name: 'Nordlicht Telekom GmbH' }] } });
    expect(admin(keys)).toMatchObject({ status: 200, body: { data: [{ api_key_id: id, name: 'New Integration' }] } });
    const changes = { name: 'Updated Name', expiry_date: `${year}-12-31` };
    expect(admin('-X', 'PATCH', `${keys}/${id}`, ...json(changes))).toMatchObject({
      status: 200,
      body: {
        name: 'Updated Name',
        expiry_date: `${year}-12-31T23:59:59.000Z`,
        api_key: expect.stringMatching(/^sk_live_\.\.\..{4}$/),
      },
    });
    expect(admin('-X', 'DELETE', `${keys}/${id}`)).toEqual({ status: 204, body: null });
    expect(customers().status).toBe(401);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::1', '::1', '[::1]'],
  ])(
    'a request without a key from %s is answered when it is whitelisted, and only then',
    async (_name, host, inUrl) => {
      const open = `ip_whitelist: ["${host}"]\nip_whitelist_default_roles: [view_customer]\n`;
      await start(open, { CRM_HOST: host });
      expect(server.url).toContain(`http://${inUrl}:`);
      addCustomer('Nordlicht Telekom GmbH');
      expect(curl(`${server.url}/crm/customers`)).toMatchObject({ status: 200, body: { data: [{ customer_id: 1 }] } });
      server.kill('SIGTERM');
      expect(await server.ended).toEqual({ code: 0, signal: null });

      await start('ip_whitelist: [10.0.0.0/24]\nip_whitelist_default_roles: [view_customer]\n', { CRM_HOST: host });
      expect(curl(`${server.url}/crm/customers`).status).toBe(401);
    },
  );

  it('its YAML starts the server with a warning, and each key has exactly its roles', async () => {
    const yaml = readFileSync(join(SOURCE, 'crm_config.yaml'), 'utf8');
    await start(yaml);
    expect(server.stdout.match(/^Warning: .* public documentation: .*loopback/gm)).toHaveLength(2);
    const ask = (key: string, path: string, ...more: string[]) =>
      curl('-H', `X-API-KEY: ${key}`, `${server.url}${path}`, ...more);
    const [provisioning = '', monitoring = ''] =
      yaml.match(/^ {2}[a-z\d-]{32,}(?=:$)/gm)?.map((key) => key.trim()) ?? [];
    expect(ask(provisioning, '/crm/auth/whoami').body.permissions).toEqual(['admin']);
    expect(ask(monitoring, '/crm/auth/whoami').body.permissions).toEqual(['view_customer', 'view_service']);
    const customer = json({ customer_name: 'By key' });
    expect(ask(provisioning, '/crm/customers', ...customer).status).toBe(201);
    expect(ask(provisioning, '/crm/users').status).toBe(200);
    expect(ask(monitoring, '/crm/customers')).toMatchObject({
      status: 200,
      body: { data: [{ customer_name: 'By key' }] },
    });
    expect(ask(monitoring, '/crm/customers', ...customer)).toMatchObject({
      status: 403,
      body: { missing_permissions: ['create_customer'] },
    });
    expect(ask(monitoring, '/crm/users').status).toBe(403);
  });

  it('its YAML is refused where others than this machine can reach the server', async () => {
    const environment = { CRM_CONFIG_FILE: join(SOURCE, 'crm_config.yaml'), CRM_HOST: '0.0.0.0' };
    const refused = ServerProcess.spawn(place, { environment });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.stderr.match(/crm_config\.yaml:\d+ api_keys\[\d\]: .*public documentation/g)).toHaveLength(2);
    expect(refused.stderr).not.toMatch(/your-secure|another-api/);
  });
});
