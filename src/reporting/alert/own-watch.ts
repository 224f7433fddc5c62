/**
 * Looks at our own domains from time to time, so that it is known since when something is so.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import type { Store } from '../../store/types.ts';
import { dayOf } from '../day.ts';
import { rememberedState } from '../summary/own-state.ts';
import type { OwnState } from '../summary/own-state-types.ts';

/** What the watch needs. */
export interface OwnWatchOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly ownState: (domain: string, signal: AbortSignal) => Promise<OwnState | undefined>;
  readonly signal: AbortSignal;
}

/** The watch. */
export interface OwnWatch {
  /** Looks at domains that have not been looked at for hours, a few at a time. */
  refresh(): Promise<void>;
  /** What is known of a domain: looked up now, or else remembered. Never rejects for the network. */
  look(this: void, domain: string): Promise<OwnState>;
}

const HOUR = 3_600_000;
/** How old what is known of a domain gets. */
const EVERY = 6 * HOUR;
/** An explanation may use what was looked up so long ago. */
const FRESH = 60_000;
/** One domain, milliseconds. */
const PATIENCE = 60_000;
const MOST_AT_ONCE = 20;
/** Domains without reports for so long are left alone. */
const ACTIVE_DAYS = 7;
const MOST_DOMAINS = 10_000;

interface Looked {
  readonly at: number;
  /** Absent where it could not be looked up. */
  readonly state?: OwnState;
}

/** Makes the watch; nothing is looked up before it is asked. */
export function createOwnWatch(options: OwnWatchOptions): OwnWatch {
  const { store, clock, log, ownState, signal } = options;
  const looks = new Map<string, Looked>();
  const look = async (domain: string): Promise<OwnState> => {
    const now = clock.now();
    const last = looks.get(domain);
    if (last?.state !== undefined && Math.abs(now - last.at) < FRESH) return last.state;
    const known = async (): Promise<OwnState> => await rememberedState(store, domain, now);
    if (signal.aborted || domain === '') return await known();
    looks.set(domain, { at: now });
    // Whoever runs a slow name server must not hold up all alerts.
    const patience = new AbortController();
    const timer = clock.after(PATIENCE, () => patience.abort());
    try {
      const both = AbortSignal.any([signal, patience.signal]);
      const state = (await ownState(domain, both)) ?? (await known());
      looks.set(domain, { at: now, state });
      return state;
    } catch (error) {
      log.warn(
        { event: 'own-state-failed', domain },
        `${domain} could not be looked up: ${printable((error as Error).message)}`,
      );
      return await known();
    } finally {
      timer.cancel();
    }
  };
  const refresh = async (): Promise<void> => {
    const domains = await activeDomains(store, dayOf(clock.now()) - ACTIVE_DAYS);
    const active = new Set(domains);
    for (const domain of looks.keys()) if (!active.has(domain)) looks.delete(domain);
    const due = domains
      .map((domain) => ({ domain, at: looks.get(domain)?.at ?? Number.NEGATIVE_INFINITY }))
      .filter(({ at }) => Math.abs(clock.now() - at) >= EVERY)
      .toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
      .slice(0, MOST_AT_ONCE);
    for (const { domain } of due) {
      if (signal.aborted) return;
      await look(domain);
    }
  };
  return { refresh, look };
}

async function activeDomains(store: Store, since: number): Promise<readonly string[]> {
  const month = new Date(since * 24 * HOUR);
  const rows = await store.db
    .selectFrom('report_daily')
    .select('domain')
    .distinct()
    // Some reports do not say which domain they are about.
    .where('domain', '<>', '')
    .where('month', '>=', month.getUTCFullYear() * 100 + month.getUTCMonth() + 1)
    .where('day', '>=', since)
    .limit(MOST_DOMAINS)
    .execute();
  return rows.map(({ domain }) => domain);
}
