/**
 * Reasons for alerts in the sums of the last days. Pure.
 *
 * @module
 */
import type { ReportAlertSettings } from '../../config/reporting-types.ts';
import { DAY_MS, dayText, startOf } from '../day.ts';
import { commonMeaning, isSerious, meaningFor, meaningOf } from '../summary/meanings.ts';
import { shares } from '../summary/shares.ts';
import type { UtcDay } from '../types.ts';
import type { FailureDay, SenderDay } from './recent.ts';
import { shortName, whoOf } from './short-name.ts';
import { alertKey, type Standing, tellOnce } from './tell-once.ts';
import type { AlertFacts, Finding } from './types.ts';

/** Reports about days longer ago than this raise nothing: what is over wakes nobody. */
export const FRESH_DAYS = 7;

/** A reporter with a report on so many of {@link HABIT_DAYS} days reports daily. */
const HABIT_LEAST = 12;
const HABIT_DAYS = 14;
/** Reports of later days say that it is over: one may be chance, of the second day it is not. */
const CLEAN_DAYS = 2;
/** Senders or reasons that an alert names. */
export const MOST_NAMES = 10;

/** The sums of the last days. */
export interface Recent {
  readonly today: UtcDay;
  readonly senders: readonly SenderDay[];
  readonly failures: readonly FailureDay[];
}

/** Knows the newest day with sessions by domain and sender. */
export type LastDays = (domain: string, sender: string) => UtcDay;

/** The newest day that each sender has reported for each domain. */
export function lastDaysOf(senders: readonly SenderDay[]): LastDays {
  const last = new Map<string, UtcDay>();
  for (const { domain, sender, day } of senders) {
    const key = `${domain} ${sender}`;
    last.set(key, Math.max(last.get(key) ?? 0, day));
  }
  return (domain, sender) => last.get(`${domain} ${sender}`) ?? 0;
}

/** Has the sender reported for later days without it? */
export function isOver(lastDay: UtcDay, lastReport: UtcDay): boolean {
  return lastReport >= lastDay + CLEAN_DAYS;
}

/** Failures that go on, by domain, type, MX host and sender. */
export function liveFailures({
  today,
  senders,
  failures,
}: Recent): readonly (readonly FailureDay[])[] {
  const lastDays = lastDaysOf(senders);
  const fresh = failures.filter(({ day }) => day >= today - FRESH_DAYS);
  const bySender = Map.groupBy(fresh, ({ domain, type, rawType, mx, sender }) =>
    JSON.stringify([domain, type, rawType, mx, sender]),
  );
  return Array.from(bySender.values()).filter((rows) => {
    const { domain, sender } = rows[0]!;
    return !isOver(lastDayOf(rows), lastDays(domain, sender));
  });
}

/** Kinds of failures, by domain, type and MX host; see {@link tellOnce}. */
export function findFailures(recent: Recent, standing: Standing): readonly Finding[] {
  // What nobody has to mend raises nothing, and says nothing about what others report.
  const serious = recent.failures.filter(({ type, reason }) => isSerious(meaningOf(type, reason)));
  const live = liveFailures({ ...recent, failures: serious });
  const kinds = Map.groupBy(live, ([row]) => {
    const { domain, type, rawType, mx } = row!;
    return JSON.stringify([domain, type, rawType, mx]);
  });
  return Array.from(kinds).flatMap(([kind, groups]) => {
    const sightings = groups.map((rows) => ({ sender: rows[0]!.sender, rows }));
    const facts = (of: readonly (typeof sightings)[number][]): AlertFacts =>
      failureFacts(
        of.flatMap(({ rows }) => rows),
        standing,
      );
    const { domain } = groups[0]![0]!;
    return tellOnce({ kind: 'failure', domain, parts: [kind], sightings, facts }, standing);
  });
}

function lastDayOf(rows: readonly { readonly day: UtcDay }[]): UtcDay {
  return rows.reduce((so, { day }) => Math.max(so, day), 0);
}

/** Strangers do not push those who report again and again out of a list that is cut. */
export function knownFirst(
  senders: readonly string[],
  hasHabit: (sender: string) => boolean,
): readonly string[] {
  return senders.toSorted((a, b) => Number(hasHabit(b)) - Number(hasHabit(a)));
}

function failureFacts(rows: readonly FailureDay[], { hasHabit }: Standing): AlertFacts {
  const first = rows[0]!;
  const { domain, type, rawType, mx } = first;
  const senders = knownFirst(
    shares(rows, ({ sender }) => sender).map(({ name }) => name),
    hasHabit,
  );
  const reasons = shares(rows, ({ reason }) => reason).map(({ name }) => name);
  const sessions = rows.reduce((so, row) => so + row.sessions, 0);
  const name = type === 'unknown' ? `unknown (${rawType})` : type;
  const who = whoOf(senders);
  const { means, todo, actor } = meaningFor(domain, commonMeaning(type, rows));
  return {
    title: `${domain}: ${name}${mx === '' ? '' : ` at ${mx}`}, reported by ${who}`,
    means,
    todo,
    actor,
    firstDay: rows.reduce((so, { day }) => Math.min(so, day), first.day),
    lastDay: lastDayOf(rows),
    senders: senders.slice(0, MOST_NAMES),
    causes: [],
    resultType: type,
    mxHost: mx,
    reasons: reasons.filter((reason) => reason !== '').slice(0, MOST_NAMES),
    sessions,
  };
}

/** How far back {@link findSilent} must see. */
export function silentHorizon(silentAfterMs: number): number {
  return Math.ceil(silentAfterMs / DAY_MS) + FRESH_DAYS + HABIT_DAYS + 3;
}

/**
 * Reporters that reported daily and do not any more. A report comes up to a day after the day that
 * it is about, so the time begins there. One that fell silent long ago raises nothing new.
 */
export function findSilent(
  { senders }: Recent,
  { silentAfterMs }: ReportAlertSettings,
  now: number,
  { factsOf }: Standing,
): readonly Finding[] {
  const pairs = Map.groupBy(senders, ({ domain, sender }) => JSON.stringify([domain, sender]));
  return Array.from(pairs.values()).flatMap((rows) => {
    const { domain, sender } = rows[0]!;
    const last = lastDayOf(rows);
    const days = new Set(rows.map(({ day }) => day).filter((day) => day > last - HABIT_DAYS));
    const silentFor = now - startOf(last + 2);
    const key = alertKey('silent', domain, sender);
    const isFresh = factsOf(key) !== undefined || silentFor <= silentAfterMs + FRESH_DAYS * DAY_MS;
    if (days.size < HABIT_LEAST || silentFor < silentAfterMs || !isFresh) return [];
    return [{ key, kind: 'silent' as const, domain, facts: silentFacts(domain, sender, last) }];
  });
}

function silentFacts(domain: string, sender: string, last: UtcDay): AlertFacts {
  return {
    title: `${domain}: ${shortName(sender)} reports no more, the last day was ${dayText(last)}`,
    means: `${shortName(sender)} reported daily. Now it sends no mail to ${domain}, or its reports do not arrive.`,
    todo:
      `Check the record at _smtp._tls.${domain} with \`smtp-sts lint\`, and that its mailbox or endpoint takes ` +
      'reports. If all senders fell silent at once, it is on your side.',
    actor: 'unclear',
    firstDay: last,
    lastDay: last,
    senders: [sender],
    causes: [],
  };
}
