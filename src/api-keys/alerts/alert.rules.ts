import { DAY, type Instant, toMillis } from '../../common/clock.js';
import type { UsageBucket } from '../../audit/usage/usage.service.js';
import type { ApiKeyAlertConfig } from '../../platform/config/crm-config.js';
import type { AlertKind } from './alert.entity.js';

/** How a key was used: lately, and before that. */
export interface KeyUse {
  readonly created: Instant;
  /** Hours with requests, in order: those of the last days, and those that say what is usual. */
  readonly recent: readonly UsageBucket[];
  readonly earlier: readonly UsageBucket[];
  /** The last use before the recent hours; null when there was none. */
  readonly lastUseBefore: Instant | null;
  /** Addresses of the recent hours, by the hour of their first request there. */
  readonly addresses: ReadonlyMap<string, Instant>;
  /** The day on which each address was first seen at all. */
  readonly addressDays: ReadonlyMap<string, Instant>;
}

/** Something unusual, with the figures behind it. */
export interface Finding {
  readonly kind: AlertKind;
  /** What makes it one and the same finding. */
  readonly value: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** An alert that was raised before, as far as it makes a finding old news. */
export type ToldAlert = Pick<Finding, 'kind' | 'value'>;

/** So many new addresses are told one by one; more of them are one flood, however many thousands it has. */
const FLOOD = 20;

/**
 * What is unusual about the use of a key (K19) and not told yet. While it is young nothing is: it has no habits yet.
 * Refused requests are uses like others: a key that is tried where it may not be used from is worth an alert, too.
 */
export function findingsOf(use: KeyUse, config: ApiKeyAlertConfig, told: readonly ToldAlert[] = []): Finding[] {
  const isLearned = ({ at }: DatedFinding): boolean => daysBetween(use.created, at) >= config.learningDays;
  const known = new Set(told.map(({ kind, value }) => `${kind} ${value}`));
  const isNews = ({ kind, value }: DatedFinding): boolean => !known.has(`${kind} ${value}`);
  const flooded = floodedUntil(told);
  const addresses = newAddresses(use, config).filter(
    (found) => isLearned(found) && isNews(found) && found.at > flooded,
  );
  const others = [...silence(use, config), ...volumes(use, config)].filter(
    (found) => isLearned(found) && isNews(found),
  );
  return [...asFlood(addresses), ...others].map(({ kind, value, figures }) => ({ kind, value, figures }));
}

type DatedFinding = Finding & { readonly at: Instant };

function newAddresses({ addresses, addressDays }: KeyUse, config: ApiKeyAlertConfig): DatedFinding[] {
  const days = [...addressDays.values()].sort();
  const [firstDay] = days;
  if (!config.newAddress || firstDay === undefined) return [];
  const found = [...addresses].filter(([address, at]) => {
    const isNew = (addressDays.get(address) ?? at).slice(0, 10) === at.slice(0, 10);
    return isNew && daysBetween(firstDay, at) >= config.learningDays;
  });
  const counts = new Map([...new Set(found.map(([, at]) => at))].map((at) => [at, countUpTo(days, at)]));
  return found.map(([address, at]) => {
    const own = (addressDays.get(address) ?? '~') <= at ? 1 : 0;
    const figures = { address, since: at, known_addresses: (counts.get(at) ?? own) - own };
    return { kind: 'new_address', value: address, at, figures };
  });
}

/** Few as they are; more than a few as one finding, which is known by the hour of the last of them. */
function asFlood(found: readonly DatedFinding[]): readonly DatedFinding[] {
  if (found.length <= FLOOD) return found;
  const ordered = [...found].sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
  const [since = '', at = ''] = [ordered[0]?.at, ordered.at(-1)?.at];
  const first = ordered.slice(0, FLOOD).map(({ value }) => value);
  return [{ kind: 'new_address', value: at, at, figures: { addresses: found.length, first_addresses: first, since } }];
}

/** The last hour whose new addresses were told as a flood: what else comes of that hour belongs to it. */
function floodedUntil(told: readonly ToldAlert[]): Instant {
  const hours = told.filter(({ kind, value }) => kind === 'new_address' && value.endsWith('Z'));
  return hours.reduce((latest, { value }) => (value > latest ? value : latest), '');
}

/** How many of these, which are in order, are not later. */
function countUpTo(ordered: readonly Instant[], at: Instant): number {
  const later = ordered.findIndex((day) => day > at);
  return later < 0 ? ordered.length : later;
}

/** A key that was never used is silent since it was made: somebody found a forgotten one. */
function silence({ created, recent, lastUseBefore }: KeyUse, { silentDays }: ApiKeyAlertConfig): DatedFinding[] {
  const at = recent[0]?.at;
  if (at === undefined || silentDays === null) return [];
  const since = lastUseBefore ?? created;
  const days = Math.floor(daysBetween(since, at));
  if (days < silentDays) return [];
  const figures = { used_at: at, silent_since: since, silent_days: days, never_used: lastUseBefore === null };
  return [{ kind: 'used_after_silence', value: at, at, figures }];
}

function volumes(use: KeyUse, { volumeFactor, volumeMinimum }: ApiKeyAlertConfig): DatedFinding[] {
  if (volumeFactor === null || use.earlier.length === 0) return [];
  return use.recent
    .map(({ at, requests }) => ({ at, requests, usual: usualAt(at, use.earlier) }))
    .filter(({ requests, usual }) => requests >= volumeMinimum && requests > usual * volumeFactor)
    .map(({ at, requests, usual }) => {
      const figures = { hour: at, requests, usual_requests: Math.round(usual * 10) / 10, factor: volumeFactor };
      return { kind: 'unusual_volume', value: at, at, figures };
    });
}

/** The mean of all hours with requests, or of this hour of the day, whichever is more: a nightly export is usual at night. */
function usualAt(at: Instant, earlier: readonly UsageBucket[]): number {
  const sameHour = earlier.filter((hour) => hour.at.slice(11, 13) === at.slice(11, 13));
  return Math.max(mean(earlier), mean(sameHour));
}

function mean(hours: readonly UsageBucket[]): number {
  return hours.length === 0 ? 0 : hours.reduce((sum, { requests }) => sum + requests, 0) / hours.length;
}

function daysBetween(from: Instant, to: Instant): number {
  return (toMillis(to) - toMillis(from)) / DAY;
}
