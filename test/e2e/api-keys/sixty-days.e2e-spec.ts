import { ApiKeysJobs } from '../../../src/api-keys/api-keys.jobs.js';
import { DAY, toInstant } from '../../../src/common/clock.js';
import { TestApp } from '../../support/app.js';
import { TestClock } from '../../support/clock.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { eventsOf } from '../../support/events.js';
import { asAdmin, asApiKey } from '../../support/principals.js';

const DAYS = 60;

/** Day, event, and what a notice says of days left. */
type Told = [number, string, number?];

describe('sixty days in the life of keys', () => {
  let place: TestDatabase;
  let clock: TestClock;
  let app: TestApp;
  let begin: number;

  beforeEach(async () => {
    place = await testDatabase();
    clock = new TestClock();
    begin = clock.millis();
    app = await TestApp.start({ database: place, clock });
  });
  afterEach(async () => {
    await app.close();
    await place.drop();
  });

  const keyOf = async (lifeDays: number | null) => {
    const expiry_date = lifeDays === null ? null : toInstant(clock.millis() + lifeDays * DAY);
    return (await asApiKey(app, ['view_customer'], { expiry_date })).apiKeyId;
  };
  const dayOf = (at: string): number => Math.round((Date.parse(at) - begin) / DAY);
  const told = async (apiKeyId: number): Promise<Told[]> =>
    (await eventsOf(app, apiKeyId))
      .filter(({ type }) => type !== 'api_key.created')
      .map(({ at, type, data }) => {
        const what: [number, string] = [dayOf(at), type.replace('api_key.', '')];
        return type === 'api_key.expiry_notice' ? [...what, data.notice_days as number] : what;
      });
  const recorded = async (apiKeyId: number): Promise<string[]> => {
    const path = `/crm/audit-logs?subject_type=api_key&subject_id=${apiKeyId}&limit=100&sort=audit_id`;
    const { data } = (await app.ask('GET', path, { headers: await asAdmin(app) })).body;
    return data
      .filter(({ event }: { event: string }) => event !== 'api_key.created')
      .map(({ at, event }: { at: string; event: string }) => `${dayOf(at)} ${event}`);
  };
  const statusOf = async (apiKeyId: number): Promise<string> =>
    (await app.ask('GET', `/crm/api-keys/${apiKeyId}`, { headers: await asAdmin(app) })).body.status;
  /** The job runs twice on each day, as it would on two nodes. */
  const liveThrough = async (days: number, look: (day: number) => Promise<void> = () => Promise.resolve()) => {
    for (let day = 0; day < days; day += 1) {
      await app.get(ApiKeysJobs).announceExpiry();
      await app.get(ApiKeysJobs).announceExpiry();
      await look(dayOf(clock.instant()));
      clock.advance(DAY);
    }
  };

  it('tells every status and every notice once, on its day', async () => {
    const [forty, ten, never] = [await keyOf(40), await keyOf(10), await keyOf(null)];
    const statuses: Record<string, number[]> = { active: [], expiring_soon: [], expired: [] };
    await liveThrough(DAYS, async (day) => void statuses[await statusOf(forty)]?.push(day));
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
    expect(statuses).toEqual({ active: range(0, 10), expiring_soon: range(10, 40), expired: range(40, DAYS) });
    expect(await told(forty)).toEqual([
      [10, 'expiring'],
      [10, 'expiry_notice', 30],
      [26, 'expiry_notice', 14],
      [33, 'expiry_notice', 7],
      [39, 'expiry_notice', 1],
      [40, 'expired'],
    ]);
    expect(await recorded(forty)).toEqual([
      '10 api_key.expiring',
      ...[10, 26, 33, 39].map((day) => `${day} api_key.expiry_notice`),
      '40 api_key.expired',
    ]);
    // A key that was made for ten days needs no notice that it ends within thirty.
    expect(await told(ten)).toEqual([
      [0, 'expiring'],
      [3, 'expiry_notice', 7],
      [9, 'expiry_notice', 1],
      [10, 'expired'],
    ]);
    expect(await told(never)).toEqual([]);
  });

  it('tells once what came due in twenty days without a server, as it stands then', async () => {
    const [forty, thirty, fifty] = [await keyOf(40), await keyOf(30), await keyOf(50)];
    await liveThrough(15);
    await app.close();
    clock.advance(20 * DAY);
    app = await TestApp.start({ database: place, clock });
    await liveThrough(DAYS - 35);
    expect(await told(forty)).toEqual([
      [10, 'expiring'],
      [10, 'expiry_notice', 30],
      [35, 'expiry_notice', 7],
      [39, 'expiry_notice', 1],
      [40, 'expired'],
    ]);
    expect(await told(thirty)).toEqual([
      [0, 'expiring'],
      [35, 'expired'],
    ]);
    expect(await told(fifty)).toEqual([
      [35, 'expiring'],
      [35, 'expiry_notice', 30],
      [36, 'expiry_notice', 14],
      [43, 'expiry_notice', 7],
      [49, 'expiry_notice', 1],
      [50, 'expired'],
    ]);
    const [event] = (await eventsOf(app, forty)).filter(({ data }) => data.notice_days === 7);
    expect(event?.data).toMatchObject({ days_left: 5, expiry_date: '2030-04-10T12:00:00.000Z' });
  });

  it('begins anew when the expiry is put off, and ends with revocation', async () => {
    const [extended, revoked] = [await keyOf(10), await keyOf(20)];
    await liveThrough(5);
    const headers = await asAdmin(app);
    const expiry_date = toInstant(begin + 45 * DAY);
    await app.ask('PATCH', `/crm/api-keys/${extended}`, { headers, body: { expiry_date } });
    await app.ask('DELETE', `/crm/api-keys/${revoked}`, { headers });
    await liveThrough(45);
    expect(await told(extended)).toEqual([
      [0, 'expiring'],
      [3, 'expiry_notice', 7],
      [5, 'updated'],
      [15, 'expiring'],
      [15, 'expiry_notice', 30],
      [31, 'expiry_notice', 14],
      [38, 'expiry_notice', 7],
      [44, 'expiry_notice', 1],
      [45, 'expired'],
    ]);
    expect(await told(revoked)).toEqual([
      [0, 'expiring'],
      [5, 'revoked'],
    ]);
  });

  it('keeps in the job list how each run went', async () => {
    await keyOf(40);
    const job = async () => {
      const { data } = (await app.ask('GET', '/crm/jobs', { headers: await asAdmin(app) })).body;
      return data.find(({ name }: { name: string }) => name === 'api-key-expiry');
    };
    await liveThrough(10);
    expect(await job()).toMatchObject({ outcome: 'succeeded', result: '0 keys changed status, 0 notices given' });
    await app.get(ApiKeysJobs).announceExpiry();
    expect(await job()).toMatchObject({
      result: '1 keys changed status, 1 notices given',
      started_at: clock.instant(),
      finished_at: clock.instant(),
    });
  });
});
