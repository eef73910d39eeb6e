import { AccessLogsService } from '../../../src/audit/access-logs.service.js';
import { Revisions } from '../../../src/platform/database/revisions.js';
import { JobRunner } from '../../../src/platform/jobs/job-runner.js';
import { ADMIN, type Asking, NO_LIMITS, TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { histogramsOf, parseExposition } from '../../support/exposition.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [view_metrics], description: Prometheus }]\n`;
/** Longer than a number that is asked of the database is used again. */
const LATER = 5_000;

describe('GET /metrics', () => {
  let app: TestApp;
  let admin: Credentials;
  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const scrape = async () => {
    const answer = await app.ask('GET', '/metrics', { from: TRUSTED });
    expect(answer.status).toBe(200);
    return parseExposition(answer.text);
  };
  /** By how much a series grew meanwhile; from nothing, where it was not there. */
  const growthOf = async (series: string, meanwhile: () => Promise<unknown>) => {
    const before = (await scrape()).values.get(series) ?? 0;
    await meanwhile();
    return ((await scrape()).values.get(series) ?? 0) - before;
  };
  const requests = (route: string, method: string, status: number): string =>
    `http_requests_total{route="${route}",method="${method}",status="${status}"}`;

  const ROUTE = { method: 'GET', path: '/metrics' };
  itNeedsAuthentication(() => app, [ROUTE]);
  itNeedsPermission(() => app, 'view_metrics', [ROUTE]);

  it('200 as text for a key in either header, for a token and for a trusted address', async () => {
    const { headers, key } = await asApiKey(app, ['view_metrics']);
    const askings: Asking[] = [
      { headers },
      { headers: { authorization: `Bearer ${key}` } },
      { headers: admin },
      { from: TRUSTED },
    ];
    for (const asking of askings) {
      const answer = await app.ask('GET', '/metrics', asking);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
      parseExposition(answer.text);
    }
  });

  it('200 with buckets that ascend to the count', async () => {
    await app.ask('GET', '/crm/customers', { headers: admin });
    const histograms = histogramsOf(await scrape());
    expect(histograms.length).toBeGreaterThan(1);
    for (const { buckets, count } of histograms) {
      expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
      expect(buckets.at(-1)).toBe(count);
    }
  });

  it('200 with all that an operator looks for', async () => {
    const { types } = await scrape();
    for (const [name, type] of Object.entries({
      http_requests_total: 'counter',
      http_request_duration_seconds: 'histogram',
      http_requests_in_flight: 'gauge',
      omnicrm_access_log_lines_waiting: 'gauge',
      omnicrm_access_log_lines_written_total: 'counter',
      omnicrm_access_log_lines_dropped_total: 'counter',
      omnicrm_audit_seal_lag_seconds: 'gauge',
      omnicrm_audit_chain_broken: 'gauge',
      omnicrm_mail_messages_waiting: 'gauge',
      omnicrm_database_up: 'gauge',
      omnicrm_database_waiting: 'gauge',
      omnicrm_config_last_reload_successful: 'gauge',
      omnicrm_job_runs_total: 'counter',
      omnicrm_build_info: 'gauge',
      process_cpu_seconds_total: 'counter',
      process_resident_memory_bytes: 'gauge',
      process_open_fds: 'gauge',
      nodejs_heap_size_used_bytes: 'gauge',
      nodejs_eventloop_lag_p99_seconds: 'gauge',
    })) {
      expect([name, types.get(name)]).toEqual([name, type]);
    }
  });

  it.each([
    [200, 'GET', '/crm/customers?search=secret', '/crm/customers'],
    [400, 'GET', '/crm/customers/x', '/crm/customers/:customer_id'],
    [400, 'GET', '/crm/customers/%', 'unrouted'],
    [401, 'GET', '/crm/customers', '/crm/customers'],
    [404, 'GET', '/crm/customers/999999', '/crm/customers/:customer_id'],
    [404, 'GET', '/nowhere/at/all', 'unrouted'],
    [404, 'DELETE', '/crm/audit-logs/1', 'unrouted'],
  ])('%d is counted: %s %s as %s', async (status, method, path, route) => {
    const asking = { headers: status === 401 ? {} : admin };
    expect(await growthOf(requests(route, method, status), () => app.ask(method, path, asking))).toBe(1);
  });

  it('415 is counted, though no handler saw it', async () => {
    const headers = { ...admin, 'content-type': 'a/b' };
    const series = requests('/crm/customers', 'POST', 415);
    expect(await growthOf(series, () => app.ask('POST', '/crm/customers', { headers, body: '{}' }))).toBe(1);
  });

  it('404 for whatever clients make up is one series', async () => {
    const before = await scrape();
    for (const method of ['PROPFIND', 'TRACE', 'PURGE', 'M-SEARCH']) {
      const answer = await app.ask(method, `/made-up/${method}`);
      expect(answer.status).toBe(404);
    }
    const after = await scrape();
    const series = requests('unrouted', 'other', 404);
    expect((after.values.get(series) ?? 0) - (before.values.get(series) ?? 0)).toBe(4);
    expect([...after.values.keys()].join('\n')).not.toMatch(/made-up|PROPFIND|TRACE|PURGE|SEARCH/);
  });

  it('403 before a route has seen the request is counted, and written down', async () => {
    await app.reconfigure(`${CONFIG}http: { require_https: true }\n`);
    const refused = await app.ask('GET', '/crm/customers');
    await app.reconfigure(CONFIG);
    expect(refused.status).toBe(403);
    expect((await scrape()).values.get(requests('/crm/customers', 'GET', 403))).toBe(1);
    await app.flushAccessLog();
    const id = String(refused.headers['x-request-id']);
    const lines = await app.ask('GET', `/crm/access-logs?request_id=${id}`, { headers: admin });
    expect(lines.body.data).toMatchObject([{ status: 403, route: '/crm/customers' }]);
  });

  it('200 with who is being answered: the scrape itself', async () => {
    expect((await scrape()).values.get('http_requests_in_flight')).toBe(1);
  });

  it('401 by what was presented and why', async () => {
    const failures = (credential: string, reason: string): string =>
      `omnicrm_authentication_failures_total{credential="${credential}",reason="auth.${reason}"}`;
    const cases: [string, string, Credentials][] = [
      ['address', 'missing_credential', {}],
      ['api-key', 'invalid_credentials', { 'x-api-key': 'x'.repeat(40) }],
      ['api-key-bearer', 'invalid_credentials', { authorization: `Bearer ${'y'.repeat(40)}` }],
      ['jwt', 'invalid_credentials', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.x' }],
      ['unreadable', 'malformed_authorization', { authorization: 'Basic abc' }],
      ['unreadable', 'credential_conflict', { ...admin, 'x-api-key': 'x'.repeat(40) }],
    ];
    for (const [credential, reason, headers] of cases) {
      const grown = await growthOf(failures(credential, reason), () => app.ask('GET', '/crm/customers', { headers }));
      expect([credential, reason, grown]).toEqual([credential, reason, 1]);
    }
  });

  it('401 at login is a security event, told as 0 before it ever happened', async () => {
    const body = { email: ADMIN.email, password: 'not the password' };
    expect((await scrape()).values.get('omnicrm_security_events_total{event="authn_token_reuse"}')).toBe(0);
    const series = 'omnicrm_security_events_total{event="authn_login_fail"}';
    expect(await growthOf(series, () => app.ask('POST', '/crm/auth/login', { body }))).toBe(1);
  });

  it('429 by the limit that was used up', async () => {
    const { headers } = await asApiKey(app, ['view_customer'], { rate_limit: 1 });
    const ask = (): Promise<unknown> => app.ask('GET', '/crm/customers', { headers });
    await ask();
    expect(await growthOf('omnicrm_rate_limited_total{policy="api-key"}', ask)).toBe(1);
  });

  it('200 with the credentials that were known already', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    // The node looks for changes twice a second, its own included, and would forget in between what this counts.
    await (app.get(Revisions) as unknown as { poll(): Promise<void> }).poll();
    const ask = (): Promise<unknown> => app.ask('GET', '/crm/customers', { headers });
    const series = (outcome: string): string => `omnicrm_credential_cache_requests_total{outcome="${outcome}"}`;
    expect(await growthOf(series('miss'), ask)).toBe(1);
    expect(await growthOf(series('hit'), ask)).toBe(1);
    expect((await scrape()).values.get('omnicrm_credential_cache_entries')).toBeGreaterThan(0);
  });

  it('200 with the lines of the access log, written and waiting', async () => {
    const grown = await growthOf('omnicrm_access_log_lines_written_total', async () => {
      await app.ask('GET', '/crm/customers', { headers: admin });
      await app.get(AccessLogsService).flush();
    });
    expect(grown).toBeGreaterThanOrEqual(2);
    expect((await scrape()).values.get('omnicrm_access_log_lines_dropped_total')).toBe(0);
  });

  it('200 with how the jobs went', async () => {
    const jobs = app.get(JobRunner);
    let isBad = false;
    const work = (): Promise<string> => (isBad ? Promise.reject(new Error('no luck')) : Promise.resolve('done'));
    jobs.register({ name: 'of-this-test', description: 'Does a thing.', schedule: '0 0 4 * * *', work });
    const series = (name: string, more = ''): string => `omnicrm_job_${name}{job="of-this-test"${more}}`;
    await jobs.run('of-this-test');
    const succeededAt = app.clock.millis() / 1_000;
    app.clock.advance(LATER);
    const { values: well } = await scrape();
    expect(well.get(series('last_success_timestamp_seconds'))).toBe(succeededAt);
    expect(well.get(series('last_run_failed'))).toBe(0);
    expect(well.get(series('last_duration_seconds'))).toBeGreaterThanOrEqual(0);
    isBad = true;
    await jobs.run('of-this-test');
    app.clock.advance(LATER);
    const { values: badly } = await scrape();
    expect(badly.get(series('last_success_timestamp_seconds'))).toBe(succeededAt);
    expect(badly.get(series('last_run_failed'))).toBe(1);
    expect(badly.get(series('runs_total', ',outcome="succeeded"'))).toBe(1);
    expect(badly.get(series('runs_total', ',outcome="failed"'))).toBe(1);
  });

  it('200 with 0 while a configuration is refused', async () => {
    await app.reconfigure('rate_limits: { api_key: "many" }\n');
    expect((await scrape()).values.get('omnicrm_config_last_reload_successful')).toBe(0);
    await app.reconfigure(CONFIG);
    expect((await scrape()).values.get('omnicrm_config_last_reload_successful')).toBe(1);
  });

  it('200 with the pool of the database, where there is one', async () => {
    const { values } = await scrape();
    const connections = ['in_use', 'idle'].map((state) => values.get(`omnicrm_database_connections{state="${state}"}`));
    const hasPool = app.database.url !== null;
    expect(connections.map((count) => typeof count)).toEqual(Array(2).fill(hasPool ? 'number' : 'undefined'));
    expect(values.get('omnicrm_database_up')).toBe(1);
    expect(values.get('omnicrm_database_waiting')).toBe(0);
  });

  it('200 without a name of anybody, an address or a key', async () => {
    const { headers, key } = await asApiKey(app, ['view_customer'], { name: 'A telling name' });
    await app.ask('GET', '/crm/customers', { headers, from: '127.0.0.9' });
    const { text } = await app.ask('GET', '/metrics', { from: TRUSTED });
    for (const word of ['A telling name', key, ADMIN.email, '127.0.0', 'example.com']) expect(text).not.toContain(word);
  });
});
