import type { UsageBucket } from '../../audit/usage/usage.service.js';
import { DAY, HOUR, toInstant } from '../../common/clock.js';
import { findingsOf, type KeyUse, type ToldAlert } from './alert.rules.js';

const CONFIG = { learningDays: 7, newAddress: true, silentDays: 30, volumeFactor: 5, volumeMinimum: 100 };
const BEGIN = Date.parse('2030-03-01T00:00:00.000Z');

const at = (day: number, hour = 0): string => toInstant(BEGIN + day * DAY + hour * HOUR);
const used = (day: number, hour: number, requests: number): UsageBucket => {
  return { at: at(day, hour), requests, byClass: { '2xx': requests } };
};

/** A key of 60 days that asks 20 times an hour, every hour of the day, from one address. */
function steady(more: Partial<KeyUse> = {}): KeyUse {
  const hours = Array.from({ length: 28 * 24 }, (_, index) => used(31 + Math.floor(index / 24), index % 24, 20));
  return {
    created: at(0),
    recent: [used(60, 8, 20)],
    earlier: hours,
    lastUseBefore: at(60, 7),
    addresses: new Map([['10.0.0.1', at(60, 8)]]),
    addressDays: new Map([['10.0.0.1', at(1)]]),
    ...more,
  };
}

const kinds = (use: KeyUse, config = CONFIG): string[] => findingsOf(use, config).map(({ kind }) => kind);

describe('findingsOf', () => {
  it('finds nothing in steady use', () => {
    expect(findingsOf(steady(), CONFIG)).toEqual([]);
  });

  it('finds an address that the key never came from, with how many were known', () => {
    const use = steady({
      addresses: new Map([
        ['10.0.0.1', at(60, 8)],
        ['10.0.0.2', at(60, 9)],
      ]),
      addressDays: new Map([
        ['10.0.0.1', at(1)],
        ['10.0.0.2', at(60)],
      ]),
    });
    expect(findingsOf(use, CONFIG)).toEqual([
      {
        kind: 'new_address',
        value: '10.0.0.2',
        figures: { address: '10.0.0.2', since: at(60, 9), known_addresses: 1 },
      },
    ]);
    expect(kinds(use, { ...CONFIG, newAddress: false })).toEqual([]);
  });

  describe('of a key that comes from very many new addresses', () => {
    const many = (count: number, hour = 9): [string, string][] =>
      Array.from({ length: count }, (_, index) => [`2001:db8::${hour}:${(index + 1).toString(16)}`, at(60, hour)]);
    const flooded = (...seen: [string, string][]): KeyUse =>
      steady({
        addresses: new Map(seen),
        addressDays: new Map([['10.0.0.1', at(1)], ...seen.map(([address]): [string, string] => [address, at(60)])]),
      });
    const values = (use: KeyUse, told: ToldAlert[]): string[] =>
      findingsOf(use, CONFIG, told).map(({ value }) => value);
    const flood: ToldAlert = { kind: 'new_address', value: at(60, 9) };

    it('finds twenty one by one, and 20,000 as one flood with the first twenty', () => {
      const twenty = findingsOf(flooded(...many(20)), CONFIG);
      expect(twenty).toHaveLength(20);
      expect(twenty[0]?.figures).toMatchObject({ known_addresses: 20 });
      const all = many(20_000);
      const first = all.slice(0, 20).map(([address]) => address);
      const figures = { addresses: 20_000, first_addresses: first, since: at(60, 9) };
      expect(findingsOf(flooded(...all), CONFIG)).toEqual([{ ...flood, figures }]);
    });

    it('finds nothing more of the hour of a flood that was told, and what comes later', () => {
      expect(values(flooded(...many(25_000)), [flood])).toEqual([]);
      expect(values(flooded(...many(25_000), ['10.0.0.9', at(60, 10)]), [flood])).toEqual(['10.0.0.9']);
      expect(values(flooded(...many(25_000), ...many(21, 11)), [flood])).toEqual([at(60, 11)]);
    });

    it('counts only what was not told yet', () => {
      const seen = many(30);
      const told = seen.slice(0, 15).map(([value]): ToldAlert => ({ kind: 'new_address', value }));
      expect(values(flooded(...seen), told)).toEqual(seen.slice(15).map(([address]) => address));
    });
  });

  it('finds use after silence, to the day of the setting', () => {
    const silentSince = (day: number, hour: number) => steady({ lastUseBefore: at(day, hour), earlier: [] });
    expect(findingsOf(silentSince(30, 8), CONFIG)).toEqual([
      {
        kind: 'used_after_silence',
        value: at(60, 8),
        figures: { used_at: at(60, 8), silent_since: at(30, 8), silent_days: 30, never_used: false },
      },
    ]);
    expect(kinds(silentSince(30, 9))).toEqual([]);
    expect(kinds(silentSince(30, 8), { ...CONFIG, silentDays: 31 })).toEqual([]);
  });

  it('finds the first use of a key that was forgotten since it was made', () => {
    const forgotten = steady({ lastUseBefore: null, earlier: [], addressDays: new Map([['10.0.0.1', at(60)]]) });
    expect(findingsOf(forgotten, CONFIG)).toMatchObject([
      { kind: 'used_after_silence', figures: { silent_since: at(0), silent_days: 60, never_used: true } },
    ]);
  });

  it('finds an hour of more than five times the usual, not of exactly that', () => {
    const busy = (requests: number) => steady({ recent: [used(60, 8, requests)] });
    expect(findingsOf(busy(101), CONFIG)).toEqual([
      {
        kind: 'unusual_volume',
        value: at(60, 8),
        figures: { hour: at(60, 8), requests: 101, usual_requests: 20, factor: 5 },
      },
    ]);
    expect(kinds(busy(100))).toEqual([]);
    expect(kinds(busy(101), { ...CONFIG, volumeMinimum: 102 })).toEqual([]);
  });

  it('knows a nightly export by its hour of the day', () => {
    const nights = Array.from({ length: 28 }, (_, day) => used(31 + day, 3, 10_000));
    const earlier = [...steady().earlier.filter(({ at: hour }) => !hour.includes('T03')), ...nights];
    expect(kinds(steady({ earlier, recent: [used(60, 3, 12_000)] }))).toEqual([]);
    expect(kinds(steady({ earlier, recent: [used(60, 4, 12_000)] }))).toEqual(['unusual_volume']);
  });

  it('says nothing about a key in its first week, nor of addresses in the first week of its use', () => {
    const young = {
      recent: [used(6, 0, 5_000)],
      earlier: [used(1, 0, 1)],
      addresses: new Map([['10.0.0.2', at(6)]]),
      addressDays: new Map([
        ['10.0.0.1', at(0)],
        ['10.0.0.2', at(6)],
      ]),
    };
    expect(kinds(steady({ ...young, lastUseBefore: at(1) }))).toEqual([]);
    const lateFirstUse = new Map([
      ['10.0.0.1', at(58)],
      ['10.0.0.2', at(60)],
    ]);
    expect(kinds(steady({ addresses: new Map([['10.0.0.2', at(60)]]), addressDays: lateFirstUse }))).toEqual([]);
  });
});
