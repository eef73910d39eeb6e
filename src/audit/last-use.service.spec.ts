import { Logger } from '@nestjs/common';
import { MINUTE, SECOND, toInstant } from '../common/clock.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import type { Database } from '../platform/database/database.js';
import { type LastUse, LastUseService } from './last-use.service.js';

const NOW = Date.parse('2030-03-01T12:00:00.000Z');
const key = (id: number): Principal => ({ ...systemPrincipal('a key'), kind: 'api_key', id });

describe('LastUseService', () => {
  let writes: { id: number | null; use: LastUse }[];
  let service: LastUseService;

  beforeEach(() => {
    writes = [];
    const database: Pick<Database, 'transaction'> = { transaction: (work) => work() };
    service = new LastUseService(database as Database);
    service.register('api_key', ({ id }, use) => Promise.resolve(void writes.push({ id, use })));
  });
  afterEach(() => jest.restoreAllMocks());

  const see = async (principal: Principal, offset: number, address = '192.0.2.1'): Promise<void> => {
    service.note(principal, { at: toInstant(NOW + offset), address });
    await service.flush();
  };
  const times = (): number[] => writes.map(({ use }) => Date.parse(use.at) - NOW);

  it('writes the first use at once, then at most one a minute', async () => {
    for (let second = 0; second <= 180; second += 1) await see(key(1), second * SECOND);
    expect(times()).toEqual([0, MINUTE, 2 * MINUTE, 3 * MINUTE]);
  });

  it('writes the latest of what it saw', async () => {
    service.note(key(1), { at: toInstant(NOW), address: '192.0.2.1' });
    service.note(key(1), { at: toInstant(NOW + 1), address: '192.0.2.2' });
    await service.flush();
    expect(writes).toEqual([{ id: 1, use: { at: toInstant(NOW + 1), address: '192.0.2.2' } }]);
  });

  it('counts the minute for each principal', async () => {
    await see(key(1), 0);
    await see(key(2), SECOND);
    await see(key(1), 2 * SECOND);
    expect(writes.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('counts the minute for each session beside that of its user', async () => {
    const sessions: (number | null)[] = [];
    service.register('user', ({ id }, use) => Promise.resolve(void writes.push({ id, use })));
    service.register('session', ({ sessionId }) => Promise.resolve(void sessions.push(sessionId)));
    const through = (sessionId: number): Principal => ({
      ...systemPrincipal('a user'),
      kind: 'user',
      id: 7,
      sessionId,
    });
    await see(through(1), 0);
    await see(through(2), SECOND);
    await see(through(1), 2 * SECOND);
    expect(sessions).toEqual([1, 2]);
    expect(writes.map(({ id }) => id)).toEqual([7]);
    await see(through(1), MINUTE);
    expect(sessions).toEqual([1, 2, 1]);
    expect(writes).toHaveLength(2);
  });

  it('writes at shutdown what a minute would have held back, and nothing twice', async () => {
    await see(key(1), 0);
    await see(key(1), SECOND);
    await service.onApplicationShutdown();
    await service.onApplicationShutdown();
    expect(times()).toEqual([0, SECOND]);
  });

  it('at shutdown waits for what is being written', async () => {
    const finish = Promise.withResolvers<void>();
    service.register('api_key', async ({ id }, use) => {
      await finish.promise;
      writes.push({ id, use });
    });
    service.note(key(1), { at: toInstant(NOW), address: '192.0.2.1' });
    void service.flush();
    const end = service.onApplicationShutdown().then(() => writes.length);
    finish.resolve();
    await expect(end).resolves.toBe(1);
  });

  it('goes on when a write fails, and says so', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    service.register('user', () => Promise.reject(new Error('the database is away')));
    service.note({ ...key(1), kind: 'user' }, { at: toInstant(NOW), address: '192.0.2.1' });
    await see(key(2), 0);
    expect(writes.map(({ id }) => id)).toEqual([2]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('passes over a kind that nobody keeps', async () => {
    await see(systemPrincipal('command line'), 0);
    expect(writes).toEqual([]);
  });
});
