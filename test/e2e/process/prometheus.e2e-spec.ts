import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPrometheus, type Prometheus, promtool, startPrometheus } from '../../support/prometheus.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { eventually, ServerProcess } from '../../support/server-process.js';

const ADMIN = { email: 'admin@example.com', password: 'an administrator of tests' };
const [CONFIG = '', RULES = ''] = [
  ...readFileSync(join(__dirname, '../../../docs/how-to/watch-with-prometheus.md'), 'utf8').matchAll(
    /```yaml\n([\s\S]*?)```/g,
  ),
].map(([, text]) => text ?? '');

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The very configuration of docs/how-to/watch-with-prometheus.md, under a real Prometheus. */
describe('a real Prometheus', () => {
  let place: TestDatabase;
  let server: ServerProcess;
  let prometheus: Prometheus;
  let key: string;

  beforeAll(installPrometheus, 300_000);
  beforeAll(async () => {
    place = await testDatabase();
    const environment = { CRM_ADMIN_EMAIL: ADMIN.email, CRM_ADMIN_PASSWORD: ADMIN.password };
    server = await ServerProcess.start(place, { environment });
    const { token } = await post('/crm/auth/login', ADMIN);
    const wanted = { name: 'Prometheus', permissions: ['view_metrics'], allowed_addresses: ['127.0.0.1'] };
    key = (await post('/crm/api-keys', wanted, String(token))).api_key ?? '';
    prometheus = await startPrometheus((folder) => ({
      'prometheus.yml': configuration(folder),
      'omnicrm.rules.yml': RULES,
      'omnicrm.key': key,
    }));
  });
  afterAll(async () => {
    await prometheus?.stop();
    await ServerProcess.endAll();
    await place.drop();
  });

  /** Only where things lie is changed, and that a test does not wait for fifteen seconds. */
  function configuration(folder: string): string {
    const places: [string, string][] = [
      ['/etc/prometheus', folder],
      ['127.0.0.1:3000', new URL(server.url).host],
      ['scrape_interval: 15s', 'scrape_interval: 1s'],
    ];
    for (const [from] of places) if (!CONFIG.includes(from)) throw new Error(`the how-to does not say ${from}`);
    return places.reduce((text, [from, to]) => text.replaceAll(from, to), CONFIG);
  }

  async function post(path: string, body: object, token?: string): Promise<Record<string, string>> {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, string>;
  }
  const query = async (text: string): Promise<Series[]> =>
    (await prometheus.ask(`query?query=${encodeURIComponent(text)}`)).result as Series[];
  const answerTo = (text: string) =>
    eventually(
      () => query(text),
      (found) => found.length > 0,
    );

  it('finds the server up, and answers a question about its requests', async () => {
    const isUp = (found: Series[]): boolean => found[0]?.value[1] === '1';
    expect(await eventually(() => query('up{job="omnicrm"}'), isUp)).toMatchObject([
      { value: [expect.any(Number), '1'] },
    ]);
    expect(await answerTo('http_requests_total{route="/metrics",method="GET",status="200"}')).toHaveLength(1);
    expect(
      await answerTo('histogram_quantile(0.5, http_request_duration_seconds_bucket{route="/metrics"})'),
    ).toHaveLength(1);
    expect(await answerTo('rate(process_cpu_seconds_total[10s])')).toHaveLength(1);
    expect(await answerTo('omnicrm_build_info{version!=""}')).toHaveLength(1);
  });

  it('has no complaint about a scrape', async () => {
    const { activeTargets } = await prometheus.ask('targets');
    expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
    const answer = await fetch(`${server.url}/metrics`, { headers: { 'x-api-key': key } });
    expect(promtool(['check', 'metrics'], await answer.text())).toEqual({ status: 0, said: '' });
  });

  it('asks for nothing in the rules that is not there, and nothing is wrong at the start', async () => {
    const { groups } = await prometheus.ask('rules');
    const rules = groups.flatMap((group: { rules: unknown[] }) => group.rules);
    expect(rules.length).toBeGreaterThanOrEqual(5);
    expect(rules.filter(({ state }: { state: string }) => state !== 'inactive')).toEqual([]);
    const manual = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');
    const named = [...RULES.matchAll(/\b(?:http|omnicrm)_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
    expect(named.filter((name) => !manual.includes(`\`${name}\``))).toEqual([]);
  });

  it('has no complaint about the configuration and its rules', () => {
    const { status, said } = promtool(['check', 'config', join(prometheus.folder, 'prometheus.yml')]);
    expect(said).toMatch(/SUCCESS: \d+ rules found/);
    expect([status, said]).toEqual([0, expect.not.stringMatching(/FAILED|error/i)]);
  });
});
