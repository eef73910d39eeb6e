import { loadConfig } from './config.loader.js';

function told(text: string): string[] {
  try {
    loadConfig({ text, file: 'crm.yaml', environment: {} });
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^crm\.yaml:/, ''));
  }
}

const trusting = (entry: string): string[] => told(`ip_whitelist:\n  - ${entry}\n`);

describe('ip_whitelist', () => {
  it.each([
    ['010.0.0.0/8', 'octal'],
    ['10.1', '"10.1" is not an IP address: IPv4 has four numbers'],
    ['10.0.0.0/33', 'outside 0 to 32'],
    ['10.0.0.7/24', 'did you mean 10.0.0.0/24?'],
    ['0.0.0.0/0', 'every address on earth'],
    ['"::/0"', 'every address on earth'],
    ['"::ffff:0:0/96"', '0.0.0.0/0 would trust every address on earth'],
    ['{ address: 0.0.0.0/0, allow_public: true, allow_admin: true }', 'every address on earth'],
    ['8.8.8.8', 'is public'],
    ['100.64.0.1', 'is public'],
    ['10.0.0.0/7', 'is public'],
    ['{ address: 10.0.0.1, roles: [Admin] }', 'gives admin to an address'],
    ['{ address: 10.0.0.1, permissions: [manage_scim, manage_api_keys] }', 'gives manage_api_keys, manage_scim'],
    ['{ address: 10.0.0.1, roles: [] }', 'must name at least one role'],
    ['{ address: 10.0.0.1, expires: 2027-02-30 }', 'must be a date'],
    ['{ address: 10.0.0.1, allow_admin: yes }', 'must be true or false'],
    ['{ roles: [x] }', 'ip_whitelist[0].address: is missing'],
    ['{ address: 10.0.0.1, adress: 10.0.0.2 }', 'ip_whitelist[0].adress: is not a setting; did you mean address?'],
    ['[10.0.0.1]', 'must be a map'],
  ])('refuses %s', (entry, message) => {
    expect(trusting(entry)).toEqual([expect.stringContaining(message)]);
    expect(trusting(entry)[0]).toMatch(/^2 ip_whitelist\[0\]/);
  });

  it.each([
    ['{ address: 8.8.8.8, allow_public: true }'],
    ['{ address: 10.0.0.1, roles: [admin], allow_admin: true }'],
    ['{ address: 10.0.0.1, expires: 2001-01-01 }'],
    ['fe80::/10'],
    ['fd00::1'],
  ])('takes %s', (entry) => expect(trusting(entry)).toEqual([]));

  it.each([
    ['10.0.0.1\n  - 10.0.0.1', '3 ip_whitelist[1]: 10.0.0.1 is there already, as ip_whitelist[0]'],
    ['10.0.0.1\n  - ::ffff:10.0.0.1/128', '3 ip_whitelist[1]: 10.0.0.1 is there already, as ip_whitelist[0]'],
    [
      '10.2.0.0/16\ntrusted_proxies: [10.0.0.0/8]',
      "2 ip_whitelist[0]: 10.2.0.0/16 is a trusted proxy's own (10.0.0.0/8)",
    ],
    ['10.0.0.1\ntrusted_proxies: [x, 10.0.0.1]', "2 ip_whitelist[0]: 10.0.0.1 is a trusted proxy's own (10.0.0.1)"],
  ])('looks beside the entry: %j', (text, problem) => expect(trusting(text)[0]).toContain(problem));

  it('takes a network in which a proxy stands: the proxy itself is told apart at each request', () => {
    expect(trusting('10.0.0.0/24\ntrusted_proxies: [10.0.0.1]')).toEqual([]);
  });

  it('refuses administration by default', () => {
    expect(told('ip_whitelist_default_roles: [view_customer, ADMIN]\n')).toEqual([
      expect.stringContaining('may not hold admin'),
    ]);
  });
});

describe('the other sections', () => {
  it.each([
    ['trusted_proxies: [0.0.0.0/0]', 'trusted_proxies[0]: would trust every address'],
    ['trusted_proxies: [proxy.local]', 'trusted_proxies[0]: "proxy.local" is not an IP address'],
    ['http: { base_url: "ftp://x" }', 'http.base_url: must be like https://crm.example.com'],
    ['http: { base_url: "https://x/crm" }', 'http.base_url:'],
    ['http: { base_url: "https://x?y" }', 'http.base_url:'],
    ['http: { base_url: "https://me:pw@x" }', 'http.base_url:'],
    ['http: { allowed_hosts: ["*"] }', 'http.allowed_hosts[0]: must be a host name'],
    ['http: { allowed_hosts: ["https://x"] }', 'http.allowed_hosts[0]: must be a host name'],
    ['http: { cors_origins: ["*"] }', 'http.cors_origins[0]: "*" would let any page ask'],
    ['http: { cors_origins: ["null"] }', 'http.cors_origins[0]: "null" would let any page ask'],
    ['http: { cors_origins: [null] }', 'http.cors_origins[0]: must be text'],
    ['http: { cors_origins: ["https://x/"] }', 'http.cors_origins[0]: must be an exact origin'],
    ['http: { cors_origins: ["https://x:443"] }', 'http.cors_origins[0]: must be an exact origin'],
    ['http: { toString: 1 }', 'http.toString: is not a setting'],
    ['http: []', 'http: must be a map'],
    ['rate_limits: { api_key: 1000001 }', 'rate_limits.api_key: must be at most 1000000'],
    ['rate_limits: { api_key: -1 }', 'rate_limits.api_key: must be at least 0'],
    ['rate_limits: { api_key: 1.5 }', 'rate_limits.api_key: must be a whole number'],
    ['rate_limits: { api_key: .inf }', 'rate_limits.api_key: must be a whole number'],
    ['rate_limits: { api_key: null }', 'rate_limits.api_key: must be a whole number'],
    ['api_key_policy: { prefix: sk-live- }', 'api_key_policy.prefix: must be 3 to 16'],
    ['api_key_policy: { personal_prefix: PAT_ }', 'api_key_policy.personal_prefix: must be 3 to 16'],
    ['api_key_policy: { personal_prefix: sk_live_ }', 'api_key_policy.personal_prefix: must differ from prefix'],
    ['api_key_policy: { prefix: pat_live_ }', 'api_key_policy.personal_prefix: must differ from prefix'],
    ['api_key_policy: { max_lifetime_days: 3651 }', 'api_key_policy.max_lifetime_days: must be at most 3650'],
    ['api_key_policy: { expiring_soon_days: 0 }', 'api_key_policy.expiring_soon_days: must be at least 1'],
  ])('refuses %s', (text, problem) => expect(told(text)).toEqual([expect.stringMatching(problemAt(problem))]));
});

function problemAt(problem: string): RegExp {
  return new RegExp(`^1 ${problem.replaceAll(/[[\].*]/g, String.raw`\$&`)}`);
}
