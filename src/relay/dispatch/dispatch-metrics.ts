/**
 * What is counted of deliveries. No label holds a name of a stranger's choice.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DispatchNumbers } from './types.ts';

/** How an attempt ended, for all recipients of a job together. */
export type AttemptClass =
  /** All were taken. */
  | 'delivered'
  /** Some were. */
  | 'partly'
  /** A server said later. */
  | 'deferred'
  /** No session that may be used, for a reason of TLS or of a policy. */
  | 'policy'
  /** Nobody answered. */
  | 'unreachable'
  | 'failed'
  /** An error of this program. */
  | 'broken'
  /** Given back because the service stops. */
  | 'stopped';

const CLASSES: readonly AttemptClass[] = [
  'delivered',
  'partly',
  'deferred',
  'policy',
  'unreachable',
  'failed',
  'broken',
  'stopped',
];
const STATES = ['delivered', 'waiting', 'failed'] as const;

/** From the first attempt of a quiet system to the end of a message's time, in seconds. */
const BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600, 14_400, 86_400, 432_000];

/** The counters. */
export interface DispatchMetrics {
  attempted(how: AttemptClass): void;
  recipients(state: (typeof STATES)[number], count: number): void;
  /** @param ms from acceptance to delivery */
  delivered(ms: number): void;
  wouldWait(): void;
}

/** Registers them. Gauges are read at each scrape. */
export function createDispatchMetrics(
  registry: Registry,
  read: () => DispatchNumbers,
): DispatchMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'smtp_sts_relay_attempts_total',
    help: 'Delivery attempts by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of CLASSES) attempts.inc({ outcome }, 0);
  const recipients = new Counter({
    name: 'smtp_sts_relay_recipients_total',
    help: 'Recipients by what an attempt made of them; one that waits counts each time.',
    labelNames: ['state'],
    registers,
  });
  for (const state of STATES) recipients.inc({ state }, 0);
  const seconds = new Histogram({
    name: 'smtp_sts_relay_delivery_seconds',
    help: 'From acceptance to delivery.',
    buckets: BUCKETS,
    registers,
  });
  const would = new Counter({
    name: 'smtp_sts_relay_would_wait_total',
    help: 'Deliveries that policies would have held back, in shadow mode.',
    registers,
  });
  gauges(registers, read);
  return {
    attempted: (outcome) => attempts.inc({ outcome }),
    recipients: (state, count) => recipients.inc({ state }, count),
    delivered: (ms) => seconds.observe(Math.max(0, ms) / 1_000),
    wouldWait: () => would.inc(),
  };
}

function gauges(registers: Registry[], read: () => DispatchNumbers): void {
  const gauge = (name: string, help: string, pick: (numbers: DispatchNumbers) => number): void => {
    const it: Gauge = new Gauge({ name, help, registers, collect: () => it.set(pick(read())) });
  };
  gauge('smtp_sts_relay_in_flight', 'Deliveries under way.', (n) => n.inFlight);
  gauge('smtp_sts_relay_taken', 'Jobs that were taken out of the queue.', (n) => n.taken);
  gauge(
    'smtp_sts_relay_hops_backing_off',
    'Next hops that are left alone for a while because nobody there answers.',
    (n) => n.hopsBackingOff,
  );
  const sessions: Gauge<'state'> = new Gauge({
    name: 'smtp_sts_relay_sessions',
    help: 'SMTP sessions with other servers that are open.',
    labelNames: ['state'],
    registers,
    collect: () => {
      const { idle, inUse } = read().sessions;
      sessions.set({ state: 'idle' }, idle);
      sessions.set({ state: 'in-use' }, inUse);
    },
  });
  const leases: Counter<'session'> = new Counter({
    name: 'smtp_sts_relay_session_leases_total',
    help: 'Deliveries by whether their session was new or had carried a message before.',
    labelNames: ['session'],
    registers,
    collect: () => {
      const { opened, reused } = read().sessions;
      leases.reset();
      leases.inc({ session: 'new' }, opened);
      leases.inc({ session: 'reused' }, reused);
    },
  });
}
