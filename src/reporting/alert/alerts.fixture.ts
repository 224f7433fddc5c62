/**
 * Alerts with a store, a clock and mailboxes that a test can look into.
 *
 * @module
 */
import { FakeClock } from '../../clock.fixture.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { ReportingSettings } from '../../config/reporting-types.ts';
import { type Log, silentLog } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { ownState, TODAY } from '../summary/own-state.fixture.ts';
import { addReport, type DayReport } from '../summary/rollups.fixture.ts';
import type { OwnState } from '../summary/own-state-types.ts';
import type { SendResult } from '../types.ts';
import { type Alerts, startAlerts } from './start-alerts.ts';

/** What arrived. */
export interface AlertRig {
  readonly alerts: Alerts;
  readonly clock: FakeClock;
  readonly mails: string[];
  readonly posts: string[];
  /** What the next attempts come to; then accepted. */
  readonly results: SendResult[];
  readonly settings: ReportingSettings;
  /** Lets time pass without what the alerts would do meanwhile. */
  pass(ms: number): void;
  /** Days from {@link TODAY}: -1 is yesterday. */
  report(daysAgo: number, more?: Omit<DayReport, 'day'>): Promise<void>;
}

/** How it differs from the usual. */
export interface RigOptions {
  readonly store: Store;
  readonly clock?: FakeClock;
  readonly node?: string;
  readonly log?: Log;
  readonly unauthenticated?: 'count' | 'show';
  readonly mailTo?: readonly string[];
  readonly ignoreSenders?: readonly string[];
  readonly ownState?: (domain: string) => Promise<OwnState | undefined>;
}

/** Starts alerts on the store, at noon of {@link TODAY}. */
export function alertRig(options: RigOptions): AlertRig {
  const { store, node = 'one', unauthenticated = 'show' } = options;
  const { mailTo = ['postmaster@example.com'], ignoreSenders = [] } = options;
  const clock = options.clock ?? new FakeClock((TODAY + 0.5) * 86_400_000);
  const reporting = loadConfig({}).value!.reporting;
  const settings: ReportingSettings = {
    ...reporting,
    receive: { ...reporting.receive, unauthenticated, ignoreSenders },
    alerts: {
      ...reporting.alerts,
      mailTo,
      mailFrom: 'sts@example.com',
      webhook: 'https://hooks.example/x',
    },
  };
  const mails: string[] = [];
  const posts: string[] = [];
  const results: SendResult[] = [];
  const accepted: SendResult = { kind: 'accepted', text: '250 ok' };
  const take = (box: string[], text: string): SendResult => {
    const result = results.shift() ?? accepted;
    if (result.kind === 'accepted') box.push(text);
    return result;
  };
  const alerts = startAlerts({
    store,
    clock,
    log: options.log ?? silentLog,
    settings: () => settings,
    sendMail: async ({ content }) =>
      await Promise.resolve(take(mails, Buffer.from(content).toString('latin1'))),
    postWebhook: async (_url, json) => await Promise.resolve(take(posts, json)),
    ownState: options.ownState ?? (async () => await Promise.resolve(ownState())),
    node,
  });
  const report: AlertRig['report'] = async (daysAgo, more = {}) => {
    await addReport(store, { day: TODAY + daysAgo, successes: 100, ...more });
  };
  const pass = (ms: number): void => clock.jumpTo(clock.now() + ms);
  return { alerts, clock, mails, posts, results, settings, pass, report };
}
