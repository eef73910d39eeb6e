import { readEnvironment } from './environment.js';

const told = (variables: Record<string, string>): string[] =>
  readEnvironment(variables).problems.map(({ path, message }) => `${path} ${message}`);

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toEqual({
      problems: [],
      value: {
        host: '127.0.0.1',
        port: 3000,
        dataDir: expect.stringMatching(/^\/.*\/data$/),
        databaseUrl: null,
        redisUrl: null,
        smtpUrl: null,
        adminEmail: 'admin@example.com',
        adminPassword: null,
        logLevel: 'info',
        secretPepper: null,
        jwtKeysFile: null,
      },
    });
  });

  it('is taken over', () => {
    const { value, problems } = readEnvironment({
      CRM_HOST: '::',
      CRM_PORT: '0',
      CRM_DATA_DIR: '/var/lib/crm',
      CRM_DATABASE_URL: 'mariadb://crm:pw@db:3306/crm',
      CRM_REDIS_URL: 'rediss://cache',
      CRM_ADMIN_PASSWORD: 'twelve chars',
      CRM_LOG_LEVEL: 'debug',
      CRM_JWT_KEYS_FILE: '/etc/crm/../crm/keys.json',
    });
    expect(problems).toEqual([]);
    expect(value).toMatchObject({ host: '::', port: 0, dataDir: '/var/lib/crm', jwtKeysFile: '/etc/crm/keys.json' });
    expect(value).toMatchObject({
      databaseUrl: 'mariadb://crm:pw@db:3306/crm',
      redisUrl: 'rediss://cache',
      logLevel: 'debug',
    });
  });

  it('takes an empty value for none', () => {
    expect(readEnvironment({ CRM_PORT: '', CRM_DATABASE_URL: '', CRM_ADMIN_PASSWORD: '' })).toEqual(
      readEnvironment({}),
    );
  });

  it.each([
    ['CRM_PORT', '65536'],
    ['CRM_PORT', '-1'],
    ['CRM_PORT', '3000.0'],
    ['CRM_PORT', '0x10'],
    ['CRM_HOST', '10.1'],
    ['CRM_HOST', '010.0.0.1'],
    ['CRM_HOST', 'localhost:3000'],
    ['CRM_HOST', '[::1]'],
    ['CRM_LOG_LEVEL', 'verbose'],
    ['CRM_ADMIN_EMAIL', 'admin'],
    ['CRM_ADMIN_PASSWORD', 'hunter2'],
    ['CRM_SECRET_PEPPER', 'hunter2'],
    ['CRM_DATABASE_URL', 'mysql://crm:hunter2@db:3306/'],
    ['CRM_DATABASE_URL', 'postgres://crm:hunter2@db/crm'],
    ['CRM_DATABASE_URL', 'hunter2'],
    ['CRM_REDIS_URL', 'http://:hunter2@cache'],
  ])('refuses %s=%s and does not print it', (name, value) => {
    const problems = told({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} must `));
    expect(problems[0]).not.toContain('hunter2');
  });

  it('names what it does not know', () => {
    expect(told({ CRM_DATABASE_ULR: 'hunter2' })).toEqual([
      'CRM_DATABASE_ULR is not a variable of this server; did you mean CRM_DATABASE_URL?',
    ]);
  });

  it('leaves alone what belongs to others', () => {
    expect(told({ CRM_TEST_DATABASE_URL: 'x', CRM_API_KEY: 'x', PATH: 'x', crm_port: 'x' })).toEqual([]);
  });

  it('lists everything at once', () => {
    expect(told({ CRM_PORT: 'x', CRM_LOG_LEVEL: 'x', CRM_PROT: 'x' })).toHaveLength(3);
  });
});
