/**
 * One look for reasons to raise alerts: what is new is opened, what is over is closed.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportAlertSettings } from '../../config/reporting-types.ts';
import type { Log } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { causesOf } from '../summary/causes.ts';
import { dayOf } from '../summary/day.ts';
import { rememberedState } from '../summary/own-state.ts';
import type { OwnState } from '../summary/own-state-types.ts';
import {
  type AlertTargets,
  type BookedAlert,
  lastDayOfKey,
  MOST_OPEN,
  openAlerts,
  writeBook,
} from './book.ts';
import { findForeign } from './find-foreign.ts';
import {
  findFailures,
  findRates,
  findSilent,
  FRESH_DAYS,
  lastDaysOf,
  type Recent,
  silentHorizon,
} from './find.ts';
import { recentFailures, recentPolicies, recentSenders, type Trust } from './recent.ts';
import type { AlertEvent, Finding } from './types.ts';

/** What a look needs. */
export interface LookOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ReportAlertSettings;
  readonly trust: Trust;
  /** Looks a domain of ours up now; undefined where that cannot be done. */
  readonly ownState: (domain: string) => Promise<OwnState | undefined>;
}

/** Looks once. @returns what this node has to tell, and is written down to be told */
export async function lookForAlerts(options: LookOptions): Promise<readonly AlertEvent[]> {
  const { store, clock, settings, log } = options;
  const now = clock.now();
  const open = new Map((await openAlerts(store)).map((alert) => [alert.key, alert]));
  const recent = await readRecent(options, dayOf(now));
  const isOpen = (key: string): boolean => open.has(key);
  const found = [
    ...findFailures(recent, isOpen),
    ...findRates(recent, settings),
    ...findSilent(recent, settings, now, isOpen),
    ...(await foreignPolicies(options, recent)),
  ];
  const news = await onlyNews(
    store,
    found.filter(({ key }) => !isOpen(key)),
  );
  const opened = withinBounds(news, open, log);
  const seen = new Map(found.map((finding) => [finding.key, finding]));
  const closed = Array.from(open.values()).filter(
    (alert) => !seen.has(alert.key) && !isStillSilent(alert, recent),
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

async function readRecent({ store, trust, settings }: LookOptions, today: number): Promise<Recent> {
  const since = today - silentHorizon(settings.silentAfterMs);
  return {
    today,
    senders: await recentSenders(store, since, trust),
    failures: await recentFailures(store, today - FRESH_DAYS, trust),
  };
}

/** What spoke for an alert that is closed raises none again: only a newer day does. */
async function onlyNews(store: Store, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const news: Finding[] = [];
  for (const finding of findings) {
    if ((await lastDayOfKey(store, finding.key)) < finding.facts.lastDay) news.push(finding);
  }
  return news;
}

function withinBounds(
  news: readonly Finding[],
  open: ReadonlyMap<string, BookedAlert>,
  log: Log,
): readonly Finding[] {
  const groups = Map.groupBy(news, ({ domain }) => domain);
  return Array.from(groups).flatMap(([domain, findings]) => {
    const already = open.values().filter((alert) => alert.domain === domain);
    const room = Math.max(0, MOST_OPEN - Array.from(already).length);
    if (findings.length > room) {
      log.warn(
        { event: 'alerts-cut', code: 'ALERT_TOO_MANY', domain, left: findings.length - room },
        `more than ${MOST_OPEN} alerts about ${domain} would be open`,
      );
    }
    return findings.slice(0, room);
  });
}

/** Silence ends with a report, not with our looking away. */
function isStillSilent({ kind, domain, lastDay, facts }: BookedAlert, recent: Recent): boolean {
  if (kind !== 'silent') return false;
  const [sender = ''] = facts.senders;
  return lastDaysOf(recent.senders)(domain, sender) <= lastDay;
}

/** Compared with what is remembered; what seems foreign is compared once more with what is there now. */
async function foreignPolicies(options: LookOptions, recent: Recent): Promise<readonly Finding[]> {
  const { store, trust, ownState, clock } = options;
  const { today, senders } = recent;
  const policies = await recentPolicies(store, today - FRESH_DAYS, trust);
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

function explain(facts: Finding['facts'], own: OwnState): Finding['facts'] {
  const { resultType, mxHost = '', firstDay, lastDay } = facts;
  if (resultType === undefined) return facts;
  const causes = causesOf({ type: resultType, mxHost, firstDay, lastDay }, own);
  return { ...facts, causes: [...facts.causes, ...causes.map(({ text }) => text)].slice(0, 5) };
}
