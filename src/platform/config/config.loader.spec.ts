import { inspect } from 'node:util';
import fc from 'fast-check';
import { ConfigError } from './config-problem.js';
import { loadConfig } from './config.loader.js';
import type { CrmConfig } from './crm-config.js';

type Variables = Record<string, string>;

function load(text: string | null, environment: Variables = {}): CrmConfig {
  return loadConfig({ text, file: 'crm.yaml', environment });
}

/** The lines of the error without the name of the file; none when the text loads. */
function told(text: string | null, environment: Variables = {}): string[] {
  try {
    load(text, environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^crm\.yaml:/, ''));
  }
}

const KEY = 'Zk3vQ9-correct-horse-battery-staple-42';
/** As the source prints it. */
const SOURCE = `api_keys:
  your-secure-api-key-here-minimum-32-chars:
    roles:
      - admin
    description: "Provisioning automation system"
  another-api-key-for-monitoring-system:
    roles:
      - view_customer
      - view_service
    description: "Monitoring and alerting"
ip_whitelist:
  - 192.168.1.100
  - 10.0.0.0/24
  - 172.16.50.10
`;

describe('loadConfig', () => {
  it('gives the defaults without a file, and from a file without settings', () => {
    const defaults = load(null);
    expect(defaults).toMatchObject({
      apiKeys: [],
      ipWhitelist: [],
      ipWhitelistDefaultRoles: [],
      trustedProxies: [],
      warnings: [],
    });
    expect(defaults).toMatchObject({
      http: { baseUrl: null, requireHttps: false, allowedHosts: [], corsOrigins: [], publicDocs: true },
      rateLimits: { apiKey: 60, personalToken: 60, user: 600, address: 600, login: 10, failedAuth: 60 },
      apiKeyPolicy: { prefix: 'sk_live_', personalPrefix: 'pat_live_', maxLifetimeDays: null, expiringSoonDays: 30 },
      environment: { configFile: null },
    });
    const sections = [
      'api_keys',
      'ip_whitelist',
      'ip_whitelist_default_roles',
      'trusted_proxies',
      'http',
      'rate_limits',
      'api_key_policy',
    ];
    for (const text of ['# words\n', '{}', sections.map((name) => `${name}:\n`).join('')]) {
      expect({ ...load(text), environment: defaults.environment }).toEqual(defaults);
    }
  });

  it("reads the source's own file, with the lines of its entries", () => {
    const { apiKeys, ipWhitelist, warnings, environment } = load(SOURCE);
    expect(apiKeys.map(({ path, line, roles, description }) => ({ path, line, roles, description }))).toEqual([
      { path: 'api_keys[0]', line: 2, roles: ['admin'], description: 'Provisioning automation system' },
      {
        path: 'api_keys[1]',
        line: 6,
        roles: ['view_customer', 'view_service'],
        description: 'Monitoring and alerting',
      },
    ]);
    expect(apiKeys[0]?.key.take()).toBe('your-secure-api-key-here-minimum-32-chars');
    expect(ipWhitelist.map(({ path, line, range }) => `${line} ${path} ${range.toString()}`)).toEqual([
      '12 ip_whitelist[0] 192.168.1.100',
      '13 ip_whitelist[1] 10.0.0.0/24',
      '14 ip_whitelist[2] 172.16.50.10',
    ]);
    expect(warnings).toHaveLength(3);
    expect(warnings[2]).toMatch(/^ip_whitelist\[0\] \(line \d+\), .*granted nothing/);
    expect(environment.configFile).toMatch(/^\/.*crm\.yaml$/);
  });

  it('reads every setting', () => {
    const config = load(`
ip_whitelist:
  - { address: 10.0.0.8, roles: [View_Service, view_service], permissions: [Provisioning], description: Grafana, expires: 2027-01-01 }
  - { address: "2001:db8::/64", allow_public: true, allow_admin: true, roles: [admin], expires: 2027-01-01T12:00:00+01:00 }
  - ::ffff:10.0.0.9
ip_whitelist_default_roles: [view_customer]
trusted_proxies: [10.1.0.0/16, ::1]
http: { base_url: "https://CRM.example.com/", require_https: true, allowed_hosts: [CRM.example.com, "[::1]:3000"], cors_origins: ["https://a.example:8443"], public_docs: false }
rate_limits: { api_key: 0, login: 1000000 }
api_key_policy: { prefix: acme_, personal_prefix: acme_pat_, max_lifetime_days: 365, expiring_soon_days: 14 }
`);
    expect(config.ipWhitelist).toMatchObject([
      { roles: ['view_service', 'provisioning'], description: 'Grafana', expiresAt: '2027-01-01T23:59:59.000Z' },
      { roles: ['admin'], allowPublic: true, allowAdmin: true, expiresAt: '2027-01-01T11:00:00.000Z' },
      { roles: ['view_customer'], description: null, expiresAt: null },
    ]);
    expect(config.ipWhitelist[2]?.range.toString()).toBe('10.0.0.9');
    expect(config.trustedProxies.map(String)).toEqual(['10.1.0.0/16', '::1']);
    expect(config.http).toMatchObject({
      baseUrl: 'https://crm.example.com',
      allowedHosts: ['crm.example.com', '[::1]:3000'],
    });
    expect(config.http).toMatchObject({
      requireHttps: true,
      publicDocs: false,
      corsOrigins: ['https://a.example:8443'],
    });
    expect(config.rateLimits).toMatchObject({ apiKey: 0, login: 1_000_000, user: 600 });
    expect(config.apiKeyPolicy).toEqual({
      prefix: 'acme_',
      personalPrefix: 'acme_pat_',
      maxLifetimeDays: 365,
      expiringSoonDays: 14,
    });
  });

  it('is frozen to the last leaf, and shows no key', () => {
    const config = load(SOURCE);
    expect(() => (config.ipWhitelist as unknown[]).push(1)).toThrow(TypeError);
    expect(() => ((config.http as { publicDocs: boolean }).publicDocs = false)).toThrow(TypeError);
    expect(JSON.stringify(config) + inspect(config, { depth: 9, showHidden: true })).not.toContain(
      'your-secure-api-key',
    );
  });

  it('lists everything that is wrong, environment and file, at once', () => {
    const problems = told(
      `htp: {}\nip_whitelist:\n  - 8.8.8.8\n  - { address: 8.8.4.4, rols: [x] }\nrate_limits: { user: x }\n`,
      {
        CRM_PORT: 'x',
        CRM_PROT: '1',
      },
    );
    expect(problems).toEqual([
      'environment CRM_PROT: is not a variable of this server; did you mean CRM_PORT?',
      'environment CRM_PORT: must be a whole number from 0 to 65535',
      '1 htp: is not a setting; did you mean http?',
      '3 ip_whitelist[0]: 8.8.8.8 is public; if it is yours alone, say so with allow_public: true',
      '4 ip_whitelist[1].rols: is not a setting; did you mean roles?',
      '4 ip_whitelist[1]: 8.8.4.4 is public; if it is yours alone, say so with allow_public: true',
      '5 rate_limits.user: must be a whole number',
    ]);
  });

  it.each([
    ['a list', '- a\n', 'must be a map of settings'],
    ['a word', 'hello\n', 'must be a map of settings'],
    ['broken', 'a: [\n', 'a bracket is not closed'],
    ['huge', `# ${'x'.repeat(1024 * 1024)}\n`, 'is larger than 1 MiB'],
  ])('refuses a file that is %s', (_what, text, message) =>
    expect(told(text)).toEqual([expect.stringContaining(message)]),
  );

  it('refuses a file that was asked for and is not there', () => {
    expect(told(null, { CRM_CONFIG_FILE: '/nowhere/crm.yaml' })).toEqual([
      'environment CRM_CONFIG_FILE: there is no file /nowhere/crm.yaml',
    ]);
  });

  it('is not slow on a file full of nonsense', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `name${index}: 1\n`).join('');
    expect(told(names)).toHaveLength(5_000);
  });

  it('never throws anything but a ConfigError', () => {
    const words = fc.constantFrom(
      'api_keys',
      'ip_whitelist',
      'http',
      'roles',
      ': ',
      '\n',
      '\n  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '10.0.0.1',
      'null',
      '1',
      KEY,
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) =>
        expect(told(parts.join('')).join()).not.toContain(KEY),
      ),
      { numRuns: 500 },
    );
  });
});

describe('api_keys', () => {
  const under = (key: string, environment: Variables = {}): string[] =>
    told(`api_keys:\n  ${key}:\n    roles: [x]\n`, environment);

  it.each([
    ['short', 'hunter2-hunter2-hunter2-hunter2', 'the key has 31 characters; at least 32 are needed'],
    ['with a blank', '"hunter2 hunter2-hunter2-hunter2-0123456789"', 'blank'],
    ['not ASCII', 'hünter2-hunter2-hunter2-hunter2-0123456789', 'printable ASCII'],
    ['a JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJodW50ZXIyIn0.hunter2', 'looks like a JWT'],
    ['an unsigned JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJodW50ZXIyIn0.', 'looks like a JWT'],
    ['not random', 'hunter2hunter2hunter2hunter2hunter2', 'cannot be random'],
    ['a number', '12345678901234567890123456789012', 'reads as a number; put it in quotes'],
  ])('refuses a key that is %s, at its line, without telling it', (_what, key, message) => {
    expect(under(key)).toEqual([expect.stringMatching(/^2 api_keys\[0\]: /)]);
    expect(under(key)[0]).toContain(message);
    expect(under(key)[0]).not.toMatch(/hunter|1234567890|eyJ/);
  });

  it('takes the longest and the oddest printable key', () => {
    expect(under(`"${'!#$%&()*+,-./:;<=>?@[]^_{|}~'.repeat(20)}"`)).toEqual([]);
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('takes the public keys while listening on %s', (host) => {
    expect(told(SOURCE, { CRM_HOST: host })).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '192.168.1.1', 'crm.example.com'])(
    'refuses the public keys while listening on %s',
    (host) => {
      const problems = told(SOURCE, { CRM_HOST: host });
      expect(problems).toEqual([
        expect.stringMatching(/^2 api_keys\[0\]: .*public/),
        expect.stringMatching(/^6 api_keys\[1\]: .*public/),
      ]);
      expect(problems.join()).not.toMatch(/your-secure|another-api/);
    },
  );

  it.each([
    ['no roles', `api_keys:\n  ${KEY}:\n    description: x\n`, '2 api_keys[0].roles: is missing'],
    ['nothing', `api_keys:\n  ${KEY}:\n`, '2 api_keys[0]: must be a map'],
    ['empty roles', `api_keys:\n  ${KEY}:\n    roles: []\n`, '3 api_keys[0].roles: must name at least one'],
    ['one role', `api_keys:\n  ${KEY}:\n    roles: admin\n`, '3 api_keys[0].roles: must be a list'],
    ['an unknown field', `api_keys:\n  ${KEY}:\n    roles: [x]\n    rols: [y]\n`, '4 api_keys[0][1]: is not a setting'],
    [
      'a twin',
      `api_keys:\n  ${KEY}: { roles: [x] }\n  ${KEY}: { roles: [y] }\n`,
      '3 api_keys[1]: is there twice, first on line 2',
    ],
    [
      'a layer too many',
      `api_keys:\n  ${KEY}:\n    ${KEY}x: { roles: [x] }\n    roles: [x]\n`,
      '3 api_keys[0][0]: is not a setting; its name is not shown',
    ],
    ['lost indentation', `api_keys:\n${KEY}:\n  roles: [x]\n`, '2 [1]: is not a setting; its name is not shown'],
    ['a list', `api_keys:\n  - ${KEY}\n`, '1 api_keys: must be a map'],
    [
      'a polluting twin',
      `api_keys:\n  __proto__: { roles: [admin] }\n`,
      '2 api_keys: the name "__proto__" is not allowed',
    ],
  ])('refuses a key with %s, without telling it', (_what, text, problem) => {
    expect(told(text)[0]).toContain(problem);
    expect(told(text).join()).not.toContain(KEY);
  });
});
