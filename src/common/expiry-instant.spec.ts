import { parseExpiry } from './expiry-instant.js';

describe('parseExpiry', () => {
  it.each([
    ['2026-01-10', '2026-01-10T23:59:59.000Z'],
    ['2028-02-29', '2028-02-29T23:59:59.000Z'],
    ['2026-01-10T10:00:00Z', '2026-01-10T10:00:00.000Z'],
    ['2026-01-10T10:00:00.1239+02:00', '2026-01-10T08:00:00.123Z'],
    ['2026-01-10t10:00:00z', '2026-01-10T10:00:00.000Z'],
  ])('%s means %s', (text, instant) => expect(parseExpiry(text)).toBe(instant));

  it.each([
    '',
    '2026',
    '2026-1-1',
    '2026-02-30',
    '2026-13-01',
    '2026-01-10T10:00',
    '2026-01-10T24:00:00Z',
    '10.01.2026',
    'never',
  ])('%j means nothing', (text) => expect(parseExpiry(text)).toBeNull());
});
