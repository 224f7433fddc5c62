/**
 * Session results for tests of the tally.
 *
 * @module
 */
import { FakeClock } from '../../clock.fixture.ts';
import { silentLog, type Log } from '../../log/log.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import type { ReportSubject, Tally } from '../types.ts';
import type { Detail } from './failure-detail.ts';
import { PILE_LIMITS, type PileLimits } from './pile.ts';
import { createTally } from './tally.ts';

/** Noon of the first day of these tests. */
export const NOON = Date.UTC(2026, 2, 1, 12);
/** That day. */
export const DAY = Math.floor(NOON / 86_400_000);

/** An STS policy of `example.test`. */
export const STS_POLICY: ReportPolicy = {
  type: 'sts',
  domain: 'example.test',
  strings: ['version: STSv1', 'mode: enforce', 'mx: *.example.test', 'max_age: 86400'],
  mxHosts: ['*.example.test'],
};

/** DANE of `mx1.example.test`. */
export const TLSA_POLICY: ReportPolicy = {
  type: 'tlsa',
  domain: 'mx1.example.test',
  strings: [`3 1 1 ${'ab'.repeat(32)}`],
  mxHosts: [],
};

/** A failure as the relay would see it. */
export const EXPIRED_DETAIL: Detail = {
  resultType: 'certificate-expired',
  sendingMtaIp: '192.0.2.9',
  receivingMxHostname: 'mx1.example.test',
  receivingIp: '192.0.2.1',
  reasonCode: 'CERT_HAS_EXPIRED',
};

/** A session to `example.test` at noon under its STS policy, good unless failures say otherwise. */
export function session(more: Partial<SessionResult> = {}): SessionResult {
  return { at: NOON, recipientDomain: 'example.test', policy: STS_POLICY, failures: [], ...more };
}

/** The domain of {@link session} on its day. */
export const SUBJECT: ReportSubject = { day: DAY, scope: 'recipient', domain: 'example.test' };

/** A tally over a store. */
export interface Bench {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly tally: Tally;
  /** What was logged. */
  readonly lines: string[];
}

/** Starts one; nothing is written before {@link Bench.clock} goes on. */
export async function startBench(
  more: { readonly limits?: Partial<PileLimits>; readonly url?: string } = {},
): Promise<Bench> {
  const store = await openStore(more.url ?? 'sqlite::memory:');
  const clock = new FakeClock(NOON);
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log: Log = { ...silentLog, warn: note, error: note, info: note };
  const limits = { ...PILE_LIMITS, ...more.limits };
  const tally = createTally({ store, clock, log, flushMs: 5_000, limits });
  return { store, clock, tally, lines };
}

/** Ends it, and the store with it. */
export async function stopBench({ tally, store }: Bench): Promise<void> {
  await tally.close();
  await store.close();
}
