import { AuditRepository } from '../../../src/audit/audit.repository.js';
import { OutboxRepository } from '../../../src/platform/outbox/outbox.repository.js';
import { Outbox } from '../../../src/platform/outbox/outbox.service.js';
import { DAY } from '../../../src/common/clock.js';
import { TestApp } from '../../support/app.js';
import { eventsOf } from '../../support/events.js';
import { asAdmin, asApiKey } from '../../support/principals.js';

describe('events of keys', () => {
  let app: TestApp;
  beforeAll(async () => (app = await TestApp.start()));
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const ask = async (method: string, path: string, body?: unknown) =>
    app.ask(method, `/crm/api-keys/${path}`, { headers: await asAdmin(app), body });

  it('tell each change, in order, with the key as it is shown and who did it', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { name: 'Export' });
    await ask('PATCH', `${apiKeyId}`, { name: 'Nightly export' });
    await ask('POST', `${apiKeyId}/regenerate`, { grace_period_seconds: 60 });
    await ask('DELETE', `${apiKeyId}/rotation`);
    await ask('DELETE', `${apiKeyId}`);
    const events = await eventsOf(app, apiKeyId);
    expect(events.map(({ type }) => type)).toEqual([
      'api_key.created',
      'api_key.updated',
      'api_key.regenerated',
      'api_key.rotation_cancelled',
      'api_key.revoked',
    ]);
    const by = { kind: 'user', id: 1, name: 'admin@example.com' };
    expect(events[0]?.data).toMatchObject({ name: 'Export', status: 'active', permissions: ['view_customer'], by });
    expect(events[1]?.data).toMatchObject({ name: 'Nightly export', changes: { name: 'Nightly export' } });
    expect(events[2]?.data).toMatchObject({ previous_valid_until: expect.any(String) });
    expect(events.at(-1)?.data).toMatchObject({ status: 'revoked', by });
  });

  it('carry no value of a key, nor its digest', async () => {
    const { apiKeyId, key } = await asApiKey(app, ['view_customer']);
    const { api_key: second } = (await ask('POST', `${apiKeyId}/regenerate`, {})).body;
    const text = JSON.stringify(await eventsOf(app, apiKeyId));
    for (const secret of [key, second, key.slice(-12), second.slice(-12)]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });

  it('are there exactly when the change is: 500 leaves neither', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer']);
    const headers = await asAdmin(app);
    const path = `/crm/api-keys/${apiKeyId}`;
    for (const broken of [
      jest.spyOn(app.get(OutboxRepository), 'insert'),
      jest.spyOn(app.get(AuditRepository), 'insert'),
    ]) {
      broken.mockRejectedValue(new Error('full'));
      expect((await app.ask('PATCH', path, { headers, body: { name: 'Other' } })).status).toBe(500);
      expect((await app.ask('DELETE', path, { headers })).status).toBe(500);
      broken.mockRestore();
    }
    expect((await eventsOf(app, apiKeyId)).map(({ type }) => type)).toEqual(['api_key.created']);
    expect((await ask('GET', `${apiKeyId}`)).body).toMatchObject({ status: 'active' });
  });

  it('say nothing of an edit that changes nothing, and of refused ones', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { name: 'Same' });
    await ask('PATCH', `${apiKeyId}`, { name: 'Same' });
    await ask('PATCH', `${apiKeyId}`, { permissions: ['nosuch'] });
    expect(await eventsOf(app, apiKeyId)).toHaveLength(1);
  });

  it('are kept for thirty days', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer']);
    app.clock.advance(30 * DAY - 1);
    await app.get(Outbox).removeOld();
    expect(await eventsOf(app, apiKeyId)).toHaveLength(1);
    app.clock.advance(2);
    await app.get(Outbox).removeOld();
    expect(await eventsOf(app, apiKeyId)).toHaveLength(0);
  });
});
