import fc from 'fast-check';
import { DAY, toInstant } from '../common/clock.js';
import { soonAfter, statusOf } from './api-key.status.js';

const NOW = Date.parse('2030-03-01T12:00:00.000Z');
const now = toInstant(NOW);
const soon = soonAfter(NOW, 30);
const at = (offset: number) => ({ expiryDate: toInstant(NOW + offset), revokedAt: null });

describe('status of a key', () => {
  it.each([
    ['expired', -1],
    ['expired', 0],
    ['expiring_soon', 1],
    ['expiring_soon', 30 * DAY],
    ['active', 30 * DAY + 1],
  ])('is %s when it expires %d ms from now', (status, offset) => {
    expect(statusOf(at(offset), now, soon)).toBe(status);
  });

  it('is active without an expiry', () => {
    expect(statusOf({ expiryDate: null, revokedAt: null }, now, soon)).toBe('active');
  });

  it('is revoked for ever once it was revoked, whatever its expiry', () => {
    fc.assert(
      fc.property(fc.option(fc.integer({ min: -400 * DAY, max: 400 * DAY })), (offset) => {
        const expiryDate = offset === null ? null : toInstant(NOW + offset);
        return statusOf({ expiryDate, revokedAt: now }, now, soon) === 'revoked';
      }),
    );
  });

  it('never goes back as time passes', () => {
    const order = ['active', 'expiring_soon', 'expired'];
    const offset = fc.integer({ min: 0, max: 100 * DAY });
    fc.assert(
      fc.property(offset, offset, offset, (expiry, one, other) => {
        const [earlier, later] = one < other ? [one, other] : [other, one];
        const statusAfter = (passed: number): number =>
          order.indexOf(statusOf(at(expiry), toInstant(NOW + passed), soonAfter(NOW + passed, 30)));
        return statusAfter(earlier) <= statusAfter(later);
      }),
    );
  });
});
