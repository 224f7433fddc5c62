/**
 * The whole relay in a world of the lab, on a clock of its own: messages go in by SMTP inside TLS, what
 * became of them is read from the queue and from the letters that come back.
 *
 * @module
 */
import type { Config } from '../../src/config/types.ts';
import type { Clock } from '../../src/clock.ts';
import { systemClock } from '../../src/clock.ts';
import type { Log } from '../../src/log/log.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { listJobs } from '../../src/relay/operations/list-jobs.ts';
import { type RelayOptions, startRelay } from '../../src/relay/relay.ts';
import { connectSmtp } from '../../src/smtp/session.ts';
import type { Credentials, Envelope, SmtpSession } from '../../src/smtp/types.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/types.ts';
import type { AttemptEvent } from '../../src/tls-policy/attempt-event.ts';
import { createEngine } from '../../src/tls-policy/engine.ts';
import type { Engine } from '../../src/tls-policy/engine-types.ts';
import type { DecisionRecord } from '../../src/tls-policy/types.ts';
import { RELAY_NAME } from './relay-files.ts';

/** A line of the log about a delivery. */
export interface DeliveryLine {
  readonly id: string;
  readonly destination: string;
  readonly status: 'delivered' | 'deferred' | 'failed';
  readonly code?: string;
  readonly host?: string;
  readonly reply?: string;
  readonly tls?: string;
  readonly requirement?: string;
  /** The first one is 1. */
  readonly attempt: number;
}

/** What the queue says of a message once it was tried. */
export interface QueueSays {
  /** It waits: attempts so far, and what the newest one said. Undefined: it has left the queue. */
  readonly waiting: { readonly attempts: number; readonly lastText: string } | undefined;
  readonly line: DeliveryLine;
  /** Sessions that the attempt opened or tried to, with the decision behind each. */
  readonly events: readonly Attempt[];
}

/** One session. */
export interface Attempt {
  readonly event: AttemptEvent;
  readonly decision: DecisionRecord;
}

/** A message for it. */
export interface Submission {
  readonly envelope: Envelope;
  readonly text: string | Uint8Array;
  readonly login?: Credentials;
}

/** The running relay. */
export interface RelayInWorld {
  readonly engine: Engine;
  /** Where it takes messages, those with TLS from the first octet last. */
  readonly addresses: readonly string[];
  /** Hands a message in and says what its first attempt came to. */
  send(submission: Submission): Promise<QueueSays>;
  /** What the attempt with this number (default: the first) at the message with this id came to. */
  follow(id: string, attempt?: number): Promise<QueueSays>;
  close(): Promise<void>;
}

/** What it stands on. */
export interface RelayInWorldOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly ca: string;
  readonly delivery?: RelayOptions['delivery'];
}

/** How long a first attempt may take, milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 5;

/** Starts it; the queue lives in memory. */
export async function startRelayInWorld(options: RelayInWorldOptions): Promise<RelayInWorld> {
  const { config, clock } = options;
  const lines: DeliveryLine[] = [];
  const events: Attempt[] = [];
  const log = deliveryLog(lines);
  const store = await openStore('sqlite::memory:', { clock });
  const engine = createEngine({ config, clock, log, store });
  const relay = await startRelay({
    config,
    store,
    engine,
    clock,
    log,
    metrics: createMetrics({ version: 'test' }),
    onAttempt: (event, decision) => events.push({ event, decision }),
    ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
  });
  const { addresses } = relay;
  const see = async (id: string, before: number, attempt: number): Promise<QueueSays> => {
    const line = await eventually(
      () => lines.find((each) => each.id === id && each.attempt === attempt),
      () =>
        `attempt ${attempt} at ${id}: ${JSON.stringify(lines.filter((each) => each.id === id))}`,
    );
    // The log is written before the queue.
    await eventually(async () => ((await isTaken(store, id)) ? undefined : true));
    return { waiting: await waiting(store, id), line, events: events.slice(before) };
  };
  return {
    engine,
    addresses,
    follow: async (id, attempt = 1) => await see(id, 0, attempt),
    async send(submission) {
      const before = events.length;
      return await see(await handIn(submission, addresses[0] ?? '', options.ca), before, 1);
    },
    async close() {
      await relay.close();
      await engine.close();
      await store.close();
    },
  };
}

function deliveryLog(lines: DeliveryLine[]): Log {
  const keep = (fields: object): void => {
    if ('event' in fields && fields.event === 'delivery')
      lines.push(fields as unknown as DeliveryLine);
  };
  return { debug: keep, info: keep, warn: keep, error: keep };
}

async function handIn(
  { envelope, text, login }: Submission,
  address: string,
  ca: string,
): Promise<string> {
  const session = await openSession(address, ca);
  try {
    if (login !== undefined) need(await session.authenticate(login));
    const [result] = await session.send(envelope, [Buffer.from(text)]);
    if (result?.status !== 'delivered') throw new Error(`not taken: ${JSON.stringify(result)}`);
    return queuedAs(result.reply.lines.join(' '));
  } finally {
    await session.quit();
  }
}

/** The id in a reply. */
export function queuedAs(reply: string): string {
  const id = /queued as (\w+)/.exec(reply)?.[1];
  if (id === undefined) throw new Error(`no id in ${reply}`);
  return id;
}

async function openSession(address: string, ca: string): Promise<SmtpSession> {
  const session = need(
    await connectSmtp({
      address: '127.0.0.1',
      port: Number(address.split(':').at(-1)),
      host: RELAY_NAME,
      heloName: 'client.lab.test',
      clock: systemClock,
    }),
  );
  need(await session.startTls({ servername: RELAY_NAME, ca: [ca] }));
  session.accept({ deliver: true });
  return session;
}

type Either<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: { readonly code: string; readonly detail: string } };

function need<Value>(outcome: Either<Value>): Value {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.failure.code}: ${outcome.failure.detail}`);
}

async function waiting(store: Store, id: string): Promise<QueueSays['waiting']> {
  for await (const { attempts, lastText } of listJobs(store, { filter: { ids: [id] } })) {
    return { attempts, lastText };
  }
  return undefined;
}

async function isTaken(store: Store, id: string): Promise<boolean> {
  for await (const { state } of listJobs(store, { filter: { ids: [id] } })) {
    return state === 'delivering';
  }
  return false;
}

/** Looks again and again until there is something. */
export async function eventually<Thing>(
  look: () => Thing | undefined | Promise<Thing | undefined>,
  what: () => string = () => 'what became of the message',
): Promise<Thing> {
  const end = systemClock.now() + PATIENCE_MS;
  while (systemClock.now() < end) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await systemClock.sleep(LOOK_MS);
  }
  throw new Error(`never seen: ${what()}`);
}
