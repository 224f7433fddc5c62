/**
 * Senders most of whose sessions fail. Each is judged by itself: else one that claims a billion
 * successes would hide the failures of all others.
 *
 * @module
 */
import type { ReportAlertSettings } from '../../config/reporting-types.ts';
import { dayText } from '../day.ts';
import { shares } from '../summary/shares.ts';
import type { UtcDay } from '../types.ts';
import { FRESH_DAYS, knownFirst, MOST_NAMES, type Recent } from './find.ts';
import type { SenderDay } from './recent.ts';
import { whoOf } from './short-name.ts';
import { alertKey, type Standing, tellOnce } from './tell-once.ts';
import type { AlertFacts, Finding } from './types.ts';

type Limits = Pick<ReportAlertSettings, 'failurePercent' | 'minSessions'>;

/** A day with too many failures. */
interface BadDay {
  readonly day: UtcDay;
  readonly failures: number;
  readonly sessions: number;
  readonly rows: readonly SenderDay[];
}

/**
 * Senders whose newest day with enough sessions has too many failures; and those that have few
 * sessions each, judged together: many of them are many sessions.
 */
export function findRates(
  { today, senders }: Recent,
  limits: Limits,
  standing: Standing,
): readonly Finding[] {
  const fresh = senders.filter(({ day }) => day >= today - FRESH_DAYS);
  return Array.from(Map.groupBy(fresh, ({ domain }) => domain)).flatMap(([domain, rows]) => {
    const bySender = Map.groupBy(rows, ({ sender }) => sender);
    const sightings = Array.from(bySender).flatMap(([sender, of]) => {
      const bad = badDay(of, limits);
      return bad === undefined ? [] : [{ sender, bad }];
    });
    const facts = (of: readonly (typeof sightings)[number][]): AlertFacts => {
      const who = whoOf(of.map(({ sender }) => sender));
      const days = of.map(({ bad }) => bad);
      return rateFacts({ domain, who: ` of ${who}`, days, limits, standing });
    };
    const single = tellOnce({ kind: 'rate', domain, parts: [domain], sightings, facts }, standing);
    const small = Array.from(bySender.values()).filter((of) => !hasEnough(of, limits));
    return [...single, ...together({ domain, rows: small.flat(), limits, standing })];
  });
}

interface Together {
  readonly domain: string;
  /** Of senders none of which has enough by itself: no big one speaks for them. */
  readonly rows: readonly SenderDay[];
  readonly limits: Limits;
  readonly standing: Standing;
}

function together({ domain, rows, limits, standing }: Together): readonly Finding[] {
  const bad = badDay(rows, limits);
  if (bad === undefined) return [];
  const who = ' of small senders';
  const facts = rateFacts({ domain, who, days: [bad], limits, standing });
  return [{ key: alertKey('rate', domain), kind: 'rate', domain, facts }];
}

/** Has the sender enough sessions on a day to be judged by itself? */
function hasEnough(rows: readonly SenderDay[], { minSessions }: Limits): boolean {
  return rows.some(({ successes, failures }) => successes + failures >= minSessions);
}

function badDay(
  rows: readonly SenderDay[],
  { failurePercent, minSessions }: Limits,
): BadDay | undefined {
  const newest = Array.from(
    Map.groupBy(rows, ({ day }) => day),
    ([day, of]): BadDay => {
      const failures = of.reduce((so, row) => so + row.failures, 0);
      const sessions = of.reduce((so, row) => so + row.successes, 0) + failures;
      return { day, failures, sessions, rows: of };
    },
  )
    .filter(({ sessions }) => sessions >= minSessions)
    .toSorted((a, b) => b.day - a.day)[0];
  if (newest === undefined || newest.failures * 100 <= failurePercent * newest.sessions) {
    return undefined;
  }
  return newest;
}

interface RateFacts {
  readonly domain: string;
  readonly who: string;
  readonly days: readonly BadDay[];
  readonly limits: Limits;
  readonly standing: Standing;
}

function rateFacts({ domain, who, days, limits, standing }: RateFacts): AlertFacts {
  const failures = days.reduce((so, one) => so + one.failures, 0);
  const sessions = days.reduce((so, one) => so + one.sessions, 0);
  const firstDay = days.reduce((so, { day }) => Math.min(so, day), days[0]!.day);
  const lastDay = days.reduce((so, { day }) => Math.max(so, day), 0);
  const percent = (Math.floor((failures / sessions) * 1000) / 10).toString();
  const when = firstDay === lastDay ? 'on' : 'up to';
  return {
    title: `${domain}: ${percent} % of ${sessions} sessions${who} failed ${when} ${dayText(lastDay)}`,
    means: `More than ${limits.failurePercent} % of the sessions that senders report have failed.`,
    todo: `Look at \`smtp-sts report summary --domain ${domain}\`: it says what failed, and what to do.`,
    actor: 'we',
    firstDay,
    lastDay,
    senders: failing(
      days.flatMap(({ rows }) => rows),
      standing,
    ),
    causes: [],
    sessions,
    failures,
  };
}

function failing(rows: readonly SenderDay[], { hasHabit }: Standing): readonly string[] {
  const failed = rows.map(({ sender, failures }) => ({ sender, sessions: failures }));
  const names = shares(failed, ({ sender }) => sender).map(({ name }) => name);
  return knownFirst(names, hasHabit).slice(0, MOST_NAMES);
}
