import { DAY, HOUR } from '../../../src/common/clock.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { eventsOf } from '../../support/events.js';
import { asAdmin, asApiKey, type KeyHolder } from '../../support/principals.js';

const ALERTS = 'api_key_alerts: { volume_minimum: 10 }\n';

describe('alerts about the use of a key', () => {
  let app: TestApp;
  beforeEach(async () => (app = await TestApp.start({ config: NO_LIMITS + ALERTS })));
  afterEach(() => app.close());

  const ask = async ({ headers }: KeyHolder, times = 1, from = '127.0.0.1') => {
    for (let time = 0; time < times; time += 1) await app.ask('GET', '/crm/customers', { headers, from });
  };
  const look = async () => {
    const answer = await app.ask('POST', '/crm/jobs/api-key-alerts/run', { headers: await asAdmin(app) });
    expect(answer.body).toMatchObject({ outcome: 'succeeded' });
  };
  const alerts = async ({ apiKeyId }: KeyHolder) => {
    const events = await eventsOf(app, apiKeyId);
    return events.filter(({ type }) => /new_address|silence|volume/.test(type));
  };
  const records = async (event: string) =>
    (await app.ask('GET', `/crm/audit-logs?event=${event}`, { headers: await asAdmin(app) })).body.data;

  it('tells of a new address once, with the figures, in the audit log and as an event', async () => {
    const key = await asApiKey(app, ['view_customer']);
    for (let day = 0; day < 9; day += 1) {
      await ask(key);
      await look();
      app.clock.advance(DAY);
    }
    expect(await alerts(key)).toEqual([]);
    await ask(key, 1, '127.0.0.9');
    await look();
    await ask(key, 3, '127.0.0.9');
    await look();
    app.clock.advance(HOUR);
    await look();
    const told = await alerts(key);
    expect(told).toMatchObject([
      {
        type: 'api_key.new_address',
        data: { address: '127.0.0.9', known_addresses: 1, since: '2030-03-10T12:00:00.000Z', name: expect.any(String) },
      },
    ]);
    expect(await records('api_key.new_address')).toMatchObject([
      {
        actor: { kind: 'system', name: 'api-key-alerts' },
        subject: { id: key.apiKeyId },
        after: { known_addresses: 1 },
      },
    ]);
  });

  it('tells of very many new addresses as one flood, refused requests among them, and once', async () => {
    const key = await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.0.0/24'] });
    await app.reconfigure(`${NO_LIMITS}api_key_alerts: { volume_factor: null }\n`);
    await ask(key);
    app.clock.advance(9 * DAY);
    for (let host = 1; host <= 21; host += 1) await ask(key, 1, `127.0.${host % 2}.${host + 1}`);
    await look();
    await ask(key, 1, '127.0.0.99');
    await look();
    const data = { addresses: 21, first_addresses: expect.arrayContaining(['127.0.1.2', '127.0.0.3']) };
    expect(await alerts(key)).toMatchObject([{ type: 'api_key.new_address', data }]);
    expect(await records('api_key.new_address')).toMatchObject([{ after: { addresses: 21 } }]);
    app.clock.advance(HOUR);
    await ask(key, 1, '127.0.1.99');
    await look();
    expect((await alerts(key)).slice(1)).toMatchObject([{ data: { address: '127.0.1.99', known_addresses: 23 } }]);
  });

  it('says nothing in the first week, wherever a key comes from and however often', async () => {
    const key = await asApiKey(app, ['view_customer']);
    for (let day = 0; day < 7; day += 1) {
      await ask(key, day === 6 ? 30 : 1, `127.0.0.${day + 1}`);
      await look();
      app.clock.advance(DAY - HOUR);
    }
    await look();
    app.clock.advance(DAY);
    await look();
    expect(await alerts(key)).toEqual([]);
  });

  it('tells of use after 30 silent days, of a key that was never used, too', async () => {
    const [used, forgotten] = [await asApiKey(app, ['view_customer']), await asApiKey(app, ['view_customer'])];
    await ask(used);
    app.clock.advance(31 * DAY);
    await look();
    await ask(used);
    await ask(forgotten);
    await look();
    await look();
    expect(await alerts(used)).toMatchObject([{ type: 'api_key.used_after_silence', data: { silent_days: 31 } }]);
    expect(await alerts(forgotten)).toMatchObject([{ data: { silent_days: 31, never_used: true } }]);
  });

  it('tells of sudden volume once for the hour', async () => {
    const key = await asApiKey(app, ['view_customer']);
    for (let day = 0; day < 9; day += 1) {
      await ask(key, 2);
      app.clock.advance(DAY);
    }
    await ask(key, 10);
    await look();
    expect(await alerts(key)).toEqual([]);
    await ask(key, 1);
    await look();
    await ask(key, 5);
    await look();
    expect(await alerts(key)).toMatchObject([
      { type: 'api_key.unusual_volume', data: { requests: 11, usual_requests: 2, factor: 5 } },
    ]);
  });

  it('follows the configuration as it is now', async () => {
    const key = await asApiKey(app, ['view_customer']);
    await ask(key);
    app.clock.advance(31 * DAY);
    await app.reconfigure(
      `${NO_LIMITS}api_key_alerts: { silent_days: null, new_address: false, volume_factor: null }\n`,
    );
    await ask(key, 20, '127.0.0.9');
    await look();
    expect(await alerts(key)).toEqual([]);
    await app.reconfigure(NO_LIMITS);
    await look();
    expect((await alerts(key)).map(({ type }) => type)).toEqual(['api_key.new_address', 'api_key.used_after_silence']);
  });
});
