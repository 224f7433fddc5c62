/**
 * The numbers of the relay.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { labelledCounter } from './labelled-counter.ts';
import type {
  RelayAttemptOutcome,
  RelayDispatchNumbers,
  RelayMetrics,
  RelayQueueNumbers,
  RelayRefusal,
} from './relay-types.ts';

const REFUSALS: readonly RelayRefusal[] = [
  'not-allowed',
  'credentials',
  'connections',
  'rate',
  'address',
  'too-big',
  'too-many-recipients',
  'loop',
  'require-tls',
  'content',
  'protocol',
  'timeout',
  'queue',
  'other',
];

const OUTCOMES: readonly RelayAttemptOutcome[] = [
  'delivered',
  'partly',
  'deferred',
  'policy',
  'unreachable',
  'failed',
  'broken',
  'stopped',
];

/** From a disk that takes it at once to one that is in trouble, in seconds. */
const COMMIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** From "at once" to the five days after which messages are returned, in seconds. */
const DELIVERY_BUCKETS = [
  0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 900, 3_600, 14_400, 86_400, 432_000,
];

/** Registers them. */
export function relayMetrics(registers: Registry[]): RelayMetrics {
  return {
    ...intake(registers),
    ...attempts(registers),
    ...outcomes(registers),
    watchQueue: queueGauges(registers),
    watchDispatch: dispatchGauges(registers),
  };
}

function intake(
  registers: Registry[],
): Pick<
  RelayMetrics,
  'accepted' | 'refused' | 'authFailed' | 'committed' | 'watchConnections' | 'shadow'
> {
  const refused = labelledCounter(registers, {
    name: 'smtp_sts_relay_refused_total',
    help: 'What clients of the relay were refused, by reason.',
    label: 'reason',
    values: REFUSALS,
  });
  const authFailures = new Counter({
    name: 'smtp_sts_relay_auth_failures_total',
    help: 'AUTH with a wrong name or password.',
    registers,
  });
  const commit = new Histogram({
    name: 'smtp_sts_relay_commit_seconds',
    help: 'From the end of a message to its being on disk.',
    buckets: COMMIT_BUCKETS,
    registers,
  });
  const shadow = new Gauge({
    name: 'smtp_sts_relay_shadow',
    help: '1 while policies are looked at and counted, but not enforced.',
    registers,
  });
  return {
    accepted: labelledCounter(registers, {
      name: 'smtp_sts_relay_accepted_total',
      help: 'Messages that were accepted, by the way they came in.',
      label: 'via',
      values: ['submission', 'network', 'own'],
    }),
    refused,
    authFailed: () => {
      authFailures.inc();
      refused('credentials');
    },
    committed: (tookMs) => commit.observe(tookMs / 1_000),
    watchConnections: watchedNumber(registers, {
      name: 'smtp_sts_relay_connections_open',
      help: 'Connections of clients that are open.',
    }),
    shadow: (on) => shadow.set(on ? 1 : 0),
  };
}

function attempts(registers: Registry[]): Pick<RelayMetrics, 'attempted' | 'wouldWait'> {
  const wouldWait = new Counter({
    name: 'smtp_sts_relay_would_wait_total',
    help: 'Deliveries in shadow mode that policies would have kept waiting.',
    registers,
  });
  return {
    attempted: labelledCounter(registers, {
      name: 'smtp_sts_relay_attempts_total',
      help: 'Attempts at a message for one destination, by what they came to.',
      label: 'outcome',
      values: OUTCOMES,
    }),
    wouldWait: () => wouldWait.inc(),
  };
}

function outcomes(
  registers: Registry[],
): Pick<RelayMetrics, 'recipients' | 'delivered' | 'bounced'> {
  const took = new Histogram({
    name: 'smtp_sts_relay_delivery_seconds',
    help: 'From acceptance to delivery.',
    buckets: DELIVERY_BUCKETS,
    registers,
  });
  return {
    recipients: labelledCounter(registers, {
      name: 'smtp_sts_relay_recipients_total',
      help: 'Recipients by what an attempt made of them; one that waits counts each time.',
      label: 'outcome',
      values: ['delivered', 'deferred', 'failed'],
    }),
    delivered: (sinceAcceptedMs) => took.observe(Math.max(0, sinceAcceptedMs) / 1_000),
    bounced: labelledCounter(registers, {
      name: 'smtp_sts_relay_bounces_total',
      help: 'Notifications that were queued for senders, by kind.',
      label: 'kind',
      values: ['failed', 'delayed', 'relayed'],
    }),
  };
}

interface Named {
  readonly name: string;
  readonly help: string;
}

function watchedNumber(registers: Registry[], named: Named): (read: () => number) => void {
  let read: (() => number) | undefined;
  const gauge: Gauge = new Gauge({
    ...named,
    registers,
    collect: () => gauge.set(read?.() ?? 0),
  });
  return (reader) => {
    read = reader;
  };
}

function dispatchGauges(registers: Registry[]): RelayMetrics['watchDispatch'] {
  const gauges: readonly (Named & { readonly pick: (n: RelayDispatchNumbers) => number })[] = [
    {
      name: 'smtp_sts_relay_deliveries_under_way',
      help: 'Deliveries under way.',
      pick: (n) => n.inFlight,
    },
    {
      name: 'smtp_sts_relay_jobs_taken',
      help: 'Jobs that this node has taken out of the queue.',
      pick: (n) => n.taken,
    },
    {
      name: 'smtp_sts_relay_hops_backing_off',
      help: 'Next hops that are left alone for a while because nobody there answers.',
      pick: (n) => n.hopsBackingOff,
    },
  ];
  const watches = gauges.map(({ pick, ...named }) => ({
    pick,
    watch: watchedNumber(registers, named),
  }));
  const watchSessions = sessionNumbers(registers);
  return (read) => {
    for (const { pick, watch } of watches) watch(() => pick(read()));
    watchSessions(() => read().sessions);
  };
}

type SessionNumbers = RelayDispatchNumbers['sessions'];

function sessionNumbers(registers: Registry[]): (read: () => SessionNumbers) => void {
  let read = (): SessionNumbers => ({ idle: 0, inUse: 0, opened: 0, reused: 0 });
  const open: Gauge<'state'> = new Gauge({
    name: 'smtp_sts_relay_sessions_open',
    help: 'SMTP sessions with other servers that are open.',
    labelNames: ['state'],
    registers,
    collect: () => {
      const { idle, inUse } = read();
      open.set({ state: 'idle' }, idle);
      open.set({ state: 'in-use' }, inUse);
    },
  });
  const uses: Counter<'kind'> = new Counter({
    name: 'smtp_sts_relay_session_uses_total',
    help: 'Messages by whether their session was new or had carried another one.',
    labelNames: ['kind'],
    registers,
    collect: () => {
      const { opened, reused } = read();
      uses.reset();
      uses.inc({ kind: 'new' }, opened);
      uses.inc({ kind: 'reused' }, reused);
    },
  });
  return (reader) => {
    read = reader;
  };
}

/** The database is asked once a scrape; where it does not answer the numbers are unknown, not old. */
function queueGauges(registers: Registry[]): RelayMetrics['watchQueue'] {
  let ask: (() => Promise<Counted | undefined>) | undefined;
  let asked: Promise<Counted | undefined> | undefined;
  const numbers = async (): Promise<Counted | undefined> => {
    asked ??= ask?.().finally(() => {
      asked = undefined;
    });
    return await asked;
  };
  const messages: Gauge = new Gauge({
    name: 'smtp_sts_relay_queue_messages',
    help: 'Messages in the queue.',
    registers,
    collect: async () => messages.set((await numbers())?.messages ?? (ask ? Number.NaN : 0)),
  });
  const jobs: Gauge<'state'> = new Gauge({
    name: 'smtp_sts_relay_queue_jobs',
    help: 'Messages at their destinations, by state.',
    labelNames: ['state'],
    registers,
    collect: async () => {
      const found = await numbers();
      const unknown = ask ? Number.NaN : 0;
      jobs.set({ state: 'waiting' }, found?.waiting ?? unknown);
      jobs.set({ state: 'held' }, found?.held ?? unknown);
      jobs.set({ state: 'in-delivery' }, found?.inDelivery ?? unknown);
    },
  });
  const oldest: Gauge = new Gauge({
    name: 'smtp_sts_relay_queue_oldest_age_seconds',
    help: 'How long the oldest message has been in the queue; 0: it is empty.',
    registers,
    collect: async () => oldest.set((await numbers())?.oldestAge ?? (ask ? Number.NaN : 0)),
  });
  return (read, now) => {
    ask = async () => await counted(read, now);
  };
}

type Counted = RelayQueueNumbers & { readonly oldestAge: number };

async function counted(
  read: () => Promise<RelayQueueNumbers>,
  now: () => number,
): Promise<Counted | undefined> {
  try {
    const numbers = await read();
    const { oldestAcceptedAt } = numbers;
    const age = oldestAcceptedAt === undefined ? 0 : Math.max(0, now() - oldestAcceptedAt);
    return { ...numbers, oldestAge: age / 1_000 };
  } catch {
    // A scrape that fails as a whole would hide every other number in an hour of need.
    return undefined;
  }
}
