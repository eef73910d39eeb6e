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

/** What is unusual about the use of a key (K19). While it is young nothing is: it has no habits yet. */
export function findingsOf(use: KeyUse, config: ApiKeyAlertConfig): Finding[] {
  const isLearned = (at: Instant): boolean => daysBetween(use.created, at) >= config.learningDays;
  return [...newAddresses(use, config), ...silence(use, config), ...volumes(use, config)]
    .filter(({ at }) => isLearned(at))
    .map(({ kind, value, figures }) => ({ kind, value, figures }));
}

type DatedFinding = Finding & { readonly at: Instant };

function newAddresses({ addresses, addressDays }: KeyUse, config: ApiKeyAlertConfig): DatedFinding[] {
  const firstDay = [...addressDays.values()].sort()[0];
  if (!config.newAddress || firstDay === undefined) return [];
  return [...addresses]
    .filter(([address, at]) => {
      const isNew = (addressDays.get(address) ?? at).slice(0, 10) === at.slice(0, 10);
      return isNew && daysBetween(firstDay, at) >= config.learningDays;
    })
    .map(([address, at]) => {
      const known = [...addressDays].filter(([other, day]) => other !== address && day <= at).length;
      return { kind: 'new_address', value: address, at, figures: { address, since: at, known_addresses: known } };
    });
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
