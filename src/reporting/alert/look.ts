/**
 * One look for reasons to raise alerts: what is new is opened, what is over is closed.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportAlertSettings } from '../../config/reporting-types.ts';
import type { Log } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { type Cause, causesOf } from '../summary/causes.ts';
import { dayOf } from '../day.ts';
import { rememberedState } from '../summary/own-state.ts';
import type { OwnState } from '../summary/own-state-types.ts';
import { logText } from './alert-text.ts';
import {
  type AlertTargets,
  type BookedAlert,
  lastDayOfKey,
  openAlerts,
  writeBook,
} from './book.ts';
import { findForeign } from './find-foreign.ts';
import {
  findFailures,
  findSilent,
  FRESH_DAYS,
  lastDaysOf,
  type Recent,
  silentHorizon,
} from './find.ts';
import { findRates } from './find-rates.ts';
import { type Habits, habitsOf } from './habits.ts';
import { recentFailures, recentPolicies, recentSenders, type Trust } from './recent.ts';
import { type Room, withinRoom } from './room.ts';
import type { Standing } from './tell-once.ts';
import type { AlertEvent, Finding } from './types.ts';

/** What a look needs. */
export interface LookOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ReportAlertSettings;
  readonly trust: Trust;
  /** Senders, by their normalised names, whose reports raise nothing. */
  readonly ignoreSenders?: readonly string[];
  /** Looks a domain of ours up now; undefined where that cannot be done. */
  readonly ownState: (domain: string) => Promise<OwnState | undefined>;
}

/** Looks once. @returns what this node has to tell, and is written down to be told */
export async function lookForAlerts(options: LookOptions): Promise<readonly AlertEvent[]> {
  const { store, clock, settings, log, ignoreSenders = [] } = options;
  const now = clock.now();
  const open = new Map((await openAlerts(store)).map((alert) => [alert.key, alert]));
  const recent = await readRecent(options, dayOf(now));
  const habits = habitsOf(recent.senders);
  const standing: Standing = {
    factsOf: (key) => open.get(key)?.facts,
    hasHabit: habits.hasHabit,
  };
  const single = [
    ...findFailures(recent, standing),
    ...findRates(recent, settings, standing),
    ...findSilent(recent, settings, now, standing),
    ...(await foreignPolicies(options, recent)),
  ];
  const { taken, collective } = roomFor({
    news: await onlyNews(store, single, open),
    open,
    habits,
  });
  const more = await onlyNews(store, collective, open);
  warnOf(more, log);
  const found = [...single, ...collective];
  const opened = [...taken, ...more].map((finding) => marked(finding, habits));
  const seen = new Map(found.map((finding) => [finding.key, finding]));
  const closed = Array.from(open.values()).filter(
    (alert) => !seen.has(alert.key) && !isStillSilent(alert, recent, ignoreSenders),
  );
  const goOn = Array.from(open.values()).flatMap(({ id, key }) => {
    const lastDay = seen.get(key)?.facts.lastDay;
    return lastDay === undefined ? [] : [{ id, lastDay }];
  });
  return await writeBook({
    store,
    now,
    opened: await withCauses(options, opened),
    closed,
    goOn: goOn.filter(({ id, lastDay }) => lastDay > lastDayKnown(open, id)),
    targets: targetsOf(settings),
  });
}

function lastDayKnown(open: ReadonlyMap<string, BookedAlert>, id: string): number {
  return open.values().find((alert) => alert.id === id)?.lastDay ?? 0;
}

function targetsOf({ mailTo, webhook }: ReportAlertSettings): AlertTargets {
  return { mailTo, webhook };
}

async function readRecent(options: LookOptions, today: number): Promise<Recent> {
  const { store, trust, settings } = options;
  const since = today - silentHorizon(settings.silentAfterMs);
  return {
    today,
    senders: heard(options, await recentSenders(store, since, trust)),
    failures: heard(options, await recentFailures(store, today - FRESH_DAYS, trust)),
  };
}

function heard<T extends { readonly sender: string }>(
  { ignoreSenders = [] }: LookOptions,
  rows: readonly T[],
): readonly T[] {
  const ignored = new Set(ignoreSenders);
  return ignored.size === 0 ? rows : rows.filter(({ sender }) => !ignored.has(sender));
}

/** Not open; and what spoke for an alert that is closed raises none again: only a newer day does. */
async function onlyNews(
  store: Store,
  findings: readonly Finding[],
  open: ReadonlyMap<string, BookedAlert>,
): Promise<readonly Finding[]> {
  const news: Finding[] = [];
  for (const finding of findings) {
    if (open.has(finding.key)) continue;
    if ((await lastDayOfKey(store, finding.key)) < finding.facts.lastDay) news.push(finding);
  }
  return news;
}

interface RoomNeeds {
  readonly news: readonly Finding[];
  readonly open: ReadonlyMap<string, BookedAlert>;
  readonly habits: Habits;
}

function roomFor({ news, open, habits }: RoomNeeds): Room {
  const rooms = Array.from(
    Map.groupBy(news, ({ domain }) => domain),
    ([domain, of]) => {
      const about = Array.from(open.values()).filter((alert) => alert.domain === domain);
      return withinRoom({ domain, news: of, open: about, habits });
    },
  );
  return {
    taken: rooms.flatMap(({ taken }) => taken),
    collective: rooms.flatMap(({ collective }) => collective),
  };
}

function warnOf(collective: readonly Finding[], log: Log): void {
  for (const { domain, facts } of collective) {
    log.warn(
      { event: 'alerts-cut', code: 'ALERT_TOO_MANY', domain, left: facts.more ?? 0 },
      `told in one alert: ${logText(facts.title)}`,
    );
  }
}

/** A sender that was never heard of may be right; whoever reads it should know. */
function marked(finding: Finding, { isFirst }: Habits): Finding {
  const { senders } = finding.facts;
  if (senders.length === 0 || !senders.every(isFirst)) return finding;
  return { ...finding, facts: { ...finding.facts, firstReport: true } };
}

/** Silence ends with a report, not with our looking away. */
function isStillSilent(
  { kind, domain, lastDay, facts }: BookedAlert,
  recent: Recent,
  ignored: readonly string[],
): boolean {
  const [sender = ''] = facts.senders;
  if (kind !== 'silent' || ignored.includes(sender)) return false;
  return lastDaysOf(recent.senders)(domain, sender) <= lastDay;
}

/** Compared with what is remembered; what seems foreign is compared once more with what is there now. */
async function foreignPolicies(options: LookOptions, recent: Recent): Promise<readonly Finding[]> {
  const { store, trust, ownState, clock } = options;
  const { today, senders } = recent;
  const policies = heard(options, await recentPolicies(store, today - FRESH_DAYS, trust));
  const states = new Map<string, OwnState | undefined>();
  const find = (): readonly Finding[] =>
    findForeign({
      today,
      policies,
      lastDays: lastDaysOf(senders),
      stateOf: (domain) => states.get(domain),
    });
  for (const { domain } of policies) {
    if (states.has(domain)) continue;
    states.set(domain, await rememberedState(store, domain, clock.now()));
  }
  const doubtful = new Set(find().map(({ domain }) => domain));
  for (const domain of doubtful) {
    const fresh = await ownState(domain);
    if (fresh !== undefined) states.set(domain, fresh);
  }
  return find();
}

async function withCauses(
  { ownState }: LookOptions,
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  const states = new Map<string, OwnState | undefined>();
  const explained: Finding[] = [];
  for (const finding of findings) {
    const { domain, kind, facts } = finding;
    if (kind === 'failure' && !states.has(domain)) states.set(domain, await ownState(domain));
    const own = states.get(domain);
    explained.push(own === undefined ? finding : { ...finding, facts: explain(facts, own) });
  }
  return explained;
}

/** Of each kind. */
const MOST_CAUSES = 5;

function explain(facts: Finding['facts'], own: OwnState): Finding['facts'] {
  const { resultType, mxHost = '', firstDay, lastDay } = facts;
  if (resultType === undefined) return facts;
  const all = causesOf({ type: resultType, mxHost, firstDay, lastDay }, own);
  const textsOf = (wanted: Cause['kind']): readonly string[] =>
    all.flatMap(({ kind, text }) => (kind === wanted ? [text] : [])).slice(0, MOST_CAUSES);
  const [against, unseen] = [textsOf('denies'), textsOf('unseen')];
  return {
    ...facts,
    causes: [...facts.causes, ...textsOf('explains')].slice(0, MOST_CAUSES),
    ...(against.length === 0 ? {} : { against }),
    ...(unseen.length === 0 ? {} : { unseen }),
  };
}
