/**
 * Looks for reasons to raise alerts again and again, on one node at a time, and sends what is to be
 * told.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { ReportingSettings } from '../../config/reporting-types.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import { releaseLease, takeLease } from '../../store/lease.ts';
import type { Store } from '../../store/types.ts';
import type { OwnState } from '../summary/own-state-types.ts';
import { pruneSightings } from '../summary/own-history.ts';
import type { SendMail } from '../types.ts';
import { logText } from './alert-text.ts';
import { pruneBook } from './book.ts';
import { deliverAlerts } from './deliver-alerts.ts';
import { lookForAlerts } from './look.ts';
import { createOwnWatch, type OwnWatch } from './own-watch.ts';
import type { AlertMetrics, PostWebhook } from './types.ts';
import { DAY_MS } from '../day.ts';

/** What the alerts need. */
export interface AlertsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: AlertMetrics;
  /** Read before each look: a reload has effect at once. */
  readonly settings: () => ReportingSettings;
  readonly sendMail: SendMail;
  readonly postWebhook: PostWebhook;
  /** Looks a domain of ours up now; may reject. Undefined: what is remembered must do. */
  readonly ownState: (domain: string, signal: AbortSignal) => Promise<OwnState | undefined>;
  /** Name of this process, for the lease. */
  readonly node: string;
}

/** The running alerts. */
export interface Alerts {
  /** Looks and sends now, whatever the time; for tests. False: another node does it. */
  tick(): Promise<boolean>;
  /** Stops, and waits for what is under way. */
  close(): Promise<void>;
}

const LEASE = 'report-alerts';
/** Messages that wait are looked at so often. */
const LONGEST_PULSE = 60_000;
const HOLD = 5 * LONGEST_PULSE;
const KEEP_MESSAGES = 30 * DAY_MS;

/** Starts. */
export function startAlerts(options: AlertsOptions): Alerts {
  const { store, clock, log, settings, node } = options;
  const stop = new AbortController();
  const watch = createOwnWatch({ ...options, signal: stop.signal });
  let lastLook = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const round = async (always: boolean): Promise<boolean> => {
    const now = clock.now();
    if (!(await takeLease(store, { name: LEASE, owner: node, now, holdMs: HOLD }))) return false;
    const { intervalMs } = settings().alerts;
    // Also where the clock was set back: else nothing is looked at for as long.
    if (always || Math.abs(now - lastLook) >= intervalMs) {
      lastLook = now;
      await look(options, watch);
    }
    await deliver(options, stop.signal);
    return true;
  };
  const guarded = async (always: boolean): Promise<boolean> => {
    try {
      return await round(always);
    } catch (error) {
      log.error(
        { event: 'alert-look-failed', code: 'ALERT_LOOK_FAILED' },
        `no look for alerts: ${printable((error as Error).message)}`,
      );
      return false;
    }
  };
  const inTurn = async (always: boolean): Promise<boolean> => {
    const turn = running.then(async () => await guarded(always));
    running = turn;
    return await turn;
  };
  const schedule = (): void => {
    const pulse = Math.min(LONGEST_PULSE, settings().alerts.intervalMs);
    timer = clock.after(pulse, () => {
      void inTurn(false).then(() => {
        if (!stop.signal.aborted) schedule();
      });
    });
  };
  schedule();
  return {
    tick: async () => await inTurn(true),
    close: async () => {
      stop.abort();
      timer?.cancel();
      await running;
      await releaseLease(store, { name: LEASE, owner: node }).catch(() => undefined);
    },
  };
}

async function look(options: AlertsOptions, watch: OwnWatch): Promise<void> {
  const { store, clock, log, metrics, settings } = options;
  const { alerts, receive } = settings();
  await watch.refresh();
  const events = await lookForAlerts({
    store,
    clock,
    log,
    settings: alerts,
    ignoreSenders: receive.ignoreSenders,
    trust: receive.unauthenticated === 'count' ? 'all' : 'verified',
    ownState: watch.look,
  });
  for (const { event, kind, domain, facts } of events) {
    metrics?.event(kind, event);
    const text = logText(facts.title);
    log.warn(
      { event: `alert-${event}`, kind, domain },
      event === 'opened' ? text : `over: ${text}`,
    );
  }
  const now = clock.now();
  const kept = now - receive.keepDetailsMs;
  await pruneBook(store, kept, now - KEEP_MESSAGES);
  await pruneSightings(store, kept);
}

async function deliver(options: AlertsOptions, signal: AbortSignal): Promise<void> {
  const { alerts, send } = options.settings();
  const from = alerts.mailFrom === '' ? send.contact : alerts.mailFrom;
  await deliverAlerts({ ...options, from, signal });
}
