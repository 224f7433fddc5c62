/**
 * Reasons for alerts in the sums of the last days. Pure.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { ReportAlertSettings } from '../../config/reporting-types.ts';
import { DAY_MS, dayText, startOf } from '../summary/day.ts';
import { meaningFor, meaningOf } from '../summary/meanings.ts';
import { shares } from '../summary/shares.ts';
import type { UtcDay } from '../types.ts';
import type { FailureDay, SenderDay } from './recent.ts';
import type { AlertFacts, AlertKind, Finding } from './types.ts';

/** Reports about days longer ago than this raise nothing: what is over wakes nobody. */
export const FRESH_DAYS = 7;

/** A reporter with a report on so many of {@link HABIT_DAYS} days reports daily. */
const HABIT_LEAST = 12;
const HABIT_DAYS = 14;
/** Reports of later days say that it is over: one may be chance, of the second day it is not. */
const CLEAN_DAYS = 2;
const MOST_NAMES = 10;

/** The sums of the last days. */
export interface Recent {
  readonly today: UtcDay;
  readonly senders: readonly SenderDay[];
  readonly failures: readonly FailureDay[];
}

/** The same for the same things, of bounded length. */
export function alertKey(kind: AlertKind, ...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `${kind}:${digest.slice(0, 40)}`;
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

/**
 * Kinds of failures. One alert where one sender sees it, another once several do: then it is
 * hardly the sender. While that one is open, more senders change nothing.
 */
export function findFailures(recent: Recent, isOpen: (key: string) => boolean): readonly Finding[] {
  const kinds = Map.groupBy(liveFailures(recent), ([row]) => {
    const { domain, type, rawType, mx } = row!;
    return JSON.stringify([domain, type, rawType, mx]);
  });
  return Array.from(kinds, ([kind, groups]) => kindFindings(kind, groups, isOpen))
    .flat()
    .filter(({ facts }) => facts.actor !== 'nobody');
}

function kindFindings(
  kind: string,
  groups: readonly (readonly FailureDay[])[],
  isOpen: (key: string) => boolean,
): readonly Finding[] {
  const { domain } = groups[0]![0]!;
  const keyOne = (rows: readonly FailureDay[]): string =>
    alertKey('failure', kind, 'one', rows[0]!.sender);
  const keySeveral = alertKey('failure', kind, 'several');
  const known = groups.filter((rows) => isOpen(keyOne(rows)));
  const others = groups.filter((rows) => !isOpen(keyOne(rows)));
  const finding = (key: string, rows: readonly FailureDay[]): Finding => {
    return { key, kind: 'failure', domain, facts: failureFacts(rows) };
  };
  const found = known.map((rows) => finding(keyOne(rows), rows));
  const several = isOpen(keySeveral) ? others.length > 0 : groups.length > 1 && others.length > 0;
  if (several) return [...found, finding(keySeveral, groups.flat())];
  return [...found, ...others.map((rows) => finding(keyOne(rows), rows))];
}

function lastDayOf(rows: readonly { readonly day: UtcDay }[]): UtcDay {
  return rows.reduce((so, { day }) => Math.max(so, day), 0);
}

function failureFacts(rows: readonly FailureDay[]): AlertFacts {
  const first = rows[0]!;
  const { domain, type, rawType, mx } = first;
  const senders = shares(rows, ({ sender }) => sender).map(({ name }) => name);
  const reasons = shares(rows, ({ reason }) => reason).map(({ name }) => name);
  const sessions = rows.reduce((so, row) => so + row.sessions, 0);
  const name = type === 'unknown' ? `unknown (${rawType})` : type;
  const who = senders.length === 1 ? senders[0]! : `${senders.length} senders`;
  const reason = reasons.find((one) => one !== '');
  const { means, todo, actor } = meaningFor(domain, meaningOf(type, reason));
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

/** Domains whose newest day with enough sessions has too many failures. */
export function findRates(
  { today, senders }: Recent,
  { failurePercent, minSessions }: ReportAlertSettings,
): readonly Finding[] {
  const fresh = senders.filter(({ day }) => day >= today - FRESH_DAYS);
  return Array.from(Map.groupBy(fresh, ({ domain }) => domain)).flatMap(([domain, rows]) => {
    const days = Array.from(
      Map.groupBy(rows, ({ day }) => day),
      ([day, of]) => {
        const failures = of.reduce((so, row) => so + row.failures, 0);
        const sessions = of.reduce((so, row) => so + row.successes, 0) + failures;
        return { day, failures, sessions, of };
      },
    );
    const newest = days
      .filter(({ sessions }) => sessions >= minSessions)
      .toSorted((a, b) => b.day - a.day)[0];
    if (newest === undefined || newest.failures * 100 <= failurePercent * newest.sessions)
      return [];
    const { day, failures, sessions, of } = newest;
    const percent = (Math.floor((failures / sessions) * 1000) / 10).toString();
    const facts: AlertFacts = {
      title: `${domain}: ${percent} % of ${sessions} sessions failed on ${dayText(day)}`,
      means: `More than ${failurePercent} % of the sessions that senders report have failed.`,
      todo: `Look at \`smtp-sts report summary --domain ${domain}\`: it says what failed, and what to do.`,
      actor: 'we',
      firstDay: day,
      lastDay: day,
      senders: failing(of),
      causes: [],
      sessions,
      failures,
    };
    return [{ key: alertKey('rate', domain), kind: 'rate' as const, domain, facts }];
  });
}

function failing(rows: readonly SenderDay[]): readonly string[] {
  return shares(
    rows.map(({ sender, failures }) => ({ sender, sessions: failures })),
    ({ sender }) => sender,
  )
    .map(({ name }) => name)
    .slice(0, MOST_NAMES);
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
  isOpen: (key: string) => boolean,
): readonly Finding[] {
  const pairs = Map.groupBy(senders, ({ domain, sender }) => JSON.stringify([domain, sender]));
  return Array.from(pairs.values()).flatMap((rows) => {
    const { domain, sender } = rows[0]!;
    const last = lastDayOf(rows);
    const days = new Set(rows.map(({ day }) => day).filter((day) => day > last - HABIT_DAYS));
    const silentFor = now - startOf(last + 2);
    const key = alertKey('silent', domain, sender);
    const isFresh = isOpen(key) || silentFor <= silentAfterMs + FRESH_DAYS * DAY_MS;
    if (days.size < HABIT_LEAST || silentFor < silentAfterMs || !isFresh) return [];
    return [{ key, kind: 'silent' as const, domain, facts: silentFacts(domain, sender, last) }];
  });
}

function silentFacts(domain: string, sender: string, last: UtcDay): AlertFacts {
  return {
    title: `${domain}: ${sender} reports no more, the last day was ${dayText(last)}`,
    means: `${sender} reported daily. Now it sends no mail to ${domain}, or its reports do not arrive.`,
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
