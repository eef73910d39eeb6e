import fc from 'fast-check';
import { Clock } from '../common/clock.js';
import { systemPrincipal } from '../common/principal.js';
import { Secret } from '../common/secret.decorator.js';
import type { Database } from '../platform/database/database.js';
import type { AuditRepository, NewAuditLog } from './audit.repository.js';
import { AuditService, difference } from './audit.service.js';

class FixedClock extends Clock {
  override millis(): number {
    return Date.parse('2030-03-01T12:00:00.000Z');
  }
}

class Marked {
  @Secret()
  wire_secret_of_this_test!: string;
}

describe('AuditService', () => {
  const written: NewAuditLog[] = [];
  const open = { isOpen: false };
  const database: Pick<Database, 'isInTransaction'> = { isInTransaction: () => open.isOpen };
  const entries: Pick<AuditRepository, 'insert'> = { insert: (entry) => Promise.resolve(void written.push(entry)) };
  const service = new AuditService(database as Database, entries as AuditRepository, new FixedClock());
  const change = { event: 'customer.created', subject: { type: 'customer', id: 7 } };

  it('refuses to record a change outside of the transaction that makes it', async () => {
    open.isOpen = false;
    await expect(service.record(systemPrincipal('a test'), change)).rejects.toThrow('in the transaction that makes it');
    expect(written).toEqual([]);
  });

  it('keeps no property that is marked as secret, at any depth', async () => {
    open.isOpen = true;
    const secret: Marked = { wire_secret_of_this_test: 'hidden' };
    const after = { name: 'shown', list: [{ ...secret, kept: 1 }], ...secret };
    await service.record(systemPrincipal('a test'), { ...change, before: { ...secret }, after });
    expect(written.pop()).toMatchObject({ before: {}, after: { name: 'shown', list: [{ kept: 1 }] } });
  });

  it('names the job that did it', async () => {
    open.isOpen = true;
    await service.recordJob('api-key-expiry', change);
    const actor = { actorKind: 'system', actorId: null, actorName: 'api-key-expiry' };
    expect(written.pop()).toMatchObject({ ...actor, at: '2030-03-01T12:00:00.000Z', before: null, after: null });
  });
});

describe('difference', () => {
  it('is null when nothing changed', () => {
    const snapshot = { name: 'a', list: [1, 2], nested: { deep: null } };
    expect(difference(snapshot, structuredClone(snapshot))).toBeNull();
  });

  it('holds what changed and no more, with null for what was not there', () => {
    expect(difference({ name: 'a', kept: 1 }, { name: 'b', kept: 1, added: [2] })).toEqual({
      before: { name: 'a', added: null },
      after: { name: 'b', added: [2] },
    });
  });

  it('says everything that a reader needs to undo it', () => {
    const snapshot = fc.record({ a: fc.jsonValue(), b: fc.jsonValue(), c: fc.jsonValue() });
    fc.assert(
      fc.property(snapshot, snapshot, (before, after) => {
        const change = difference(before, after);
        expect(JSON.stringify({ ...after, ...change?.before })).toBe(JSON.stringify({ ...after, ...before }));
      }),
    );
  });
});
