import { Logger } from '@nestjs/common';
import type { Database } from '../platform/database/database.js';
import type { AccessLogBatch } from './access-log-batch.js';
import type { AccessLogsRepository } from './access-logs.repository.js';
import { AccessLogsService } from './access-logs.service.js';
import type { AnsweredRequest } from './answered-request.js';
import type { UsageService } from './usage/usage.service.js';

const CAPACITY = 50_000;

const LINE: AnsweredRequest = {
  at: '2026-11-21T09:00:00.000Z',
  actorKind: 'api_key',
  actorId: 1,
  actorName: 'A key',
  method: 'GET',
  path: '/crm/customers',
  route: '/crm/customers',
  status: 200,
  address: '127.0.0.1',
  userAgent: null,
  durationMs: 1,
  isOutdated: false,
  requestId: '',
  permission: 'view_customer',
};

function requestIdsIn(batch: AccessLogBatch): string[] {
  const { properties, json } = batch.rows(1);
  const rows = JSON.parse(json.toString()) as string[][];
  return rows.map((row) => row[properties.indexOf('requestId')] ?? '');
}

describe('AccessLogsService', () => {
  let written: string[];
  let batches: number[];
  let isAway: boolean;
  let warnings: string[];
  let service: AccessLogsService;
  let repository: Pick<AccessLogsRepository, 'insert'>;

  beforeEach(() => {
    written = [];
    batches = [];
    warnings = [];
    isAway = false;
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: string) => void warnings.push(message));
    repository = {
      insert: (batch) => {
        if (isAway) return Promise.reject(new Error('the database is away'));
        batches.push(batch.lines);
        written.push(...requestIdsIn(batch));
        return Promise.resolve();
      },
    };
    const database: Pick<Database, 'transaction'> = { transaction: (work) => work() };
    const usage: Pick<UsageService, 'record'> = { record: () => Promise.resolve() };
    service = new AccessLogsService(database as Database, repository as AccessLogsRepository, usage as UsageService);
  });
  afterEach(() => jest.restoreAllMocks());

  const append = (from: number, count: number): void => {
    for (let line = from; line < from + count; line += 1) service.append({ ...LINE, requestId: String(line) });
  };
  const lines = (count: number): string[] => Array.from({ length: count }, (_, line) => String(line));

  it('writes every line once, in order, in batches of at most 500', async () => {
    append(0, 1_501);
    await service.flush();
    expect(written).toEqual(lines(1_501));
    expect(Math.max(...batches)).toBe(500);
  });

  it('writes what is appended while it writes', async () => {
    append(0, 10);
    const first = service.flush();
    append(10, 10);
    await Promise.all([first, service.flush()]);
    expect(written).toEqual(lines(20));
  });

  it('has written what was appended before the flush when that resolves, also beside batches that begin meanwhile', async () => {
    append(0, 700);
    const flushed = service.flush().then(() => [...written]);
    append(700, 900);
    expect((await flushed).slice(0, 700)).toEqual(lines(700));
  });

  it('writes in full batches while it is busy, however long each takes', async () => {
    const waits: (() => void)[] = [];
    repository.insert = (batch) => {
      batches.push(batch.lines);
      return new Promise((resolve) => waits.push(resolve));
    };
    append(0, 500);
    for (let line = 0; line < 1_500; line += 50) {
      append(0, 50);
      waits.shift()?.();
      // As many turns as a flush takes to end and another to begin.
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
    expect(batches.length).toBeGreaterThan(1);
    expect(new Set(batches)).toEqual(new Set([500]));
  });

  it('tries once more for all who came while the database was silent, however many they are', async () => {
    const silence = Promise.withResolvers<void>();
    let attempts = 0;
    repository.insert = async () => {
      attempts += 1;
      await silence.promise;
      throw new Error('the database is away');
    };
    append(0, 1);
    const flushes = Array.from({ length: 100 }, () => service.flush());
    silence.resolve();
    await Promise.all(flushes);
    expect(attempts).toBe(2);
  });

  it('keeps lines while the database is away, and warns once', async () => {
    isAway = true;
    append(0, 500);
    for (let turn = 0; turn < 5; turn += 1) await service.flush();
    expect(written).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('lines wait in memory')]);
    isAway = false;
    await service.flush();
    expect(written).toEqual(lines(500));
    expect(warnings.at(-1)).toContain('0 lines were lost');
  });

  it('fills batches up while the database is away, however often it is tried', async () => {
    isAway = true;
    for (let line = 0; line < 1_200; line += 10) {
      append(line, 10);
      await service.flush();
    }
    isAway = false;
    await service.flush();
    expect(written).toEqual(lines(1_200));
    expect(batches).toEqual([10, 500, 500, 190]);
  });

  it('keeps no more than fits, counts the rest, and tells how many were lost', async () => {
    isAway = true;
    append(0, CAPACITY + 7);
    await service.flush();
    expect(service.dropped).toBe(7);
    isAway = false;
    await service.flush();
    expect(written).toHaveLength(CAPACITY);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toContain('7 lines were lost');
    append(0, 1);
    await service.flush();
    expect(written).toHaveLength(CAPACITY + 1);
  });

  it('never throws at whoever flushes', async () => {
    isAway = true;
    append(0, 1);
    await expect(service.flush()).resolves.toBeUndefined();
  });

  it('writes what waits at shutdown, and says what it could not', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    append(0, 3);
    await service.onApplicationShutdown();
    expect(written).toEqual(lines(3));
    expect(errors).not.toHaveBeenCalled();
    isAway = true;
    append(3, 2);
    await service.onApplicationShutdown();
    expect(errors).toHaveBeenCalledWith('2 access log lines could not be written');
  });
});
