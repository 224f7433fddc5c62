/**
 * What the relay's proofs stand on: a small internet with sinks of every manner, and books.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, RelaySettings } from '../../src/config/types.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import { startWorld, type World } from '../../src/lab/world.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { AUTHORS } from './letters.ts';
import { type Manner, type Sink, startSink } from './sink.ts';

/** Everything but the relay itself. */
export interface Ground {
  readonly world: World;
  readonly folder: string;
  readonly ledger: Ledger;
  /** By domain. */
  readonly sinks: ReadonlyMap<string, Sink>;
  /** Adds a domain whose mail goes to a sink of this manner, or to nobody at all. */
  domain(name: string, manner: Manner | 'dead' | 'tls'): Promise<void>;
  config(storeUrl: string, relay?: Partial<RelaySettings>): Config;
  /** Its folder stays where something went wrong: the logs are in it. */
  close(keep?: 'keep-folder'): Promise<void>;
}

/** The destinations of a load, and whom each stands for. */
export const DESTINATIONS: Readonly<Record<string, Manner | 'tls'>> = {
  'quick.proof.test': 'takes',
  'tls.proof.test': 'tls',
  'later.proof.test': 'later',
  'slow.proof.test': 'slow',
  'never.proof.test': 'refuses',
};

/** Makes it, with the authors' own domain and nothing else. */
export async function openGround(): Promise<Ground> {
  const world = await startWorld();
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-proof-relay-'));
  const ledger = createLedger();
  const sinks = new Map<string, Sink>();
  world.dns.zone('proof.test', 'insecure');
  const ground: Ground = {
    world,
    folder,
    ledger,
    sinks,
    async domain(name, manner) {
      const address = world.deadAddress();
      const host = `mx.${name}`;
      world.dns.add(
        { type: 'MX', name, preference: 10, exchange: host },
        { type: 'A', name: host, value: address },
      );
      if (manner === 'dead') return;
      const sink = await startSink({
        address,
        port: world.smtpPort,
        manner: manner === 'tls' ? 'takes' : manner,
        ...(manner === 'tls' ? { certificate: world.ca.issue([host]) } : {}),
        onDelivery: (delivery) => ledger.arrive(delivery),
      });
      sinks.set(name, sink);
    },
    config: (storeUrl, relay = {}) => relayConfig(world, storeUrl, relay),
    async close(keep) {
      await Promise.all([...sinks.values()].map(async (sink) => await sink.close()));
      await world.close();
      if (keep === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  await ground.domain(AUTHORS, 'takes');
  return ground;
}

function relayConfig(world: World, url: string, relay: Partial<RelaySettings>): Config {
  const preset = labConfig(world);
  return {
    ...preset,
    store: { ...preset.store, url },
    http: { ...preset.http, listen: '127.0.0.1:0' },
    socketmap: { ...preset.socketmap, listen: [] },
    control: { ...preset.control, socket: '' },
    dns: {
      ...preset.dns,
      timeoutMs: 1_000,
      selfTest: { ...preset.dns.selfTest, signed: '', unsigned: '', bogus: '' },
    },
    log: { ...preset.log, level: 'info' },
    relay: {
      ...preset.relay,
      enabled: true,
      listen: ['127.0.0.1:0'],
      maxConnectionsPerClient: 500,
      retryWaitsMs: [300],
      ...relay,
    },
  };
}

/** Recipients' addresses that the database says a process still has in hand. */
export async function heldBy(storeUrl: string, pid: number): Promise<ReadonlySet<string>> {
  // A process that died while it made the file has nothing in hand.
  const store = await openStore(storeUrl, { onDamage: 'refuse' });
  try {
    const rows = await store.db
      .selectFrom('queue_job as job')
      .innerJoin('queue_recipient as recipient', (join) =>
        join
          .onRef('recipient.message_id', '=', 'job.message_id')
          .onRef('recipient.destination', '=', 'job.destination'),
      )
      .select(['recipient.address', 'job.taken_by'])
      .where('job.taken_by', 'is not', null)
      .where('recipient.state', '=', 'waiting')
      .execute();
    const ours = rows.filter(({ taken_by: owner }) => owner?.includes(`-${pid}-`) === true);
    return new Set(ours.map(({ address }) => address));
  } finally {
    await store.close();
  }
}

/** Rows that a queue without messages must not have. */
export async function leftovers(storeUrl: string): Promise<Readonly<Record<string, number>>> {
  const store = await openStore(storeUrl, { onDamage: 'refuse' });
  try {
    const counts: Record<string, number> = {};
    for (const table of [
      'queue_message',
      'queue_job',
      'queue_recipient',
      'queue_part',
      'queue_upload',
    ] as const) {
      const { count } = await store.db
        .selectFrom(table)
        .select((each) => each.fn.countAll().as('count'))
        .executeTakeFirstOrThrow();
      counts[table] = Number(count);
    }
    return counts;
  } finally {
    await store.close();
  }
}
