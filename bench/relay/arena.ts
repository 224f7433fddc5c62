/**
 * All that stands while the contest runs: the small internet, the sink, the load generator, and the
 * servers, one of which is loaded at a time.
 *
 * @module
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './children.ts';
import type { Contestant, Door, Ground } from './contestant.ts';
import { diskRates, type DiskRates, isMemory } from './fsync-rate.ts';
import type { LoadOrder, LoadResult } from './load-child.ts';
import { fullQueue } from './full-queue.ts';
import { recipientsIn, SINK_ADDRESS } from './names.ts';
import { startOurs } from './ours.ts';
import { POSTFIX, releaseHeld, restartEmpty, startPostfix } from './postfix.ts';
import { type Cost, costOf, cpuMsOf } from './processes.ts';
import type { SinkNumbers, SinkOrder } from './sink-child.ts';

/** How the contest is set up. */
export interface ArenaOptions {
  /** Whether Postfix takes part; the well-known ports must be free then. */
  readonly postfix: boolean;
  readonly domains: number;
  readonly profile?: string;
}

/** A load: so many sessions with messages of this size. */
export interface Shape {
  readonly sessions: number;
  readonly octets: number;
}

/** What the arena can be asked. */
export type ArenaOrder =
  | { readonly kind: 'open' }
  /** Loads one server for some time; `keep`: what it takes stays in its queue. */
  | ({
      readonly kind: 'load';
      readonly contestant: string;
      readonly way: 'keep' | 'deliver';
      readonly ms: number;
    } & Shape)
  /** Memory of Postfix with so many messages in its queue. */
  | { readonly kind: 'fill-postfix'; readonly messages: number; readonly watchMs: number }
  /** Our relay started on a full queue. */
  | {
      readonly kind: 'full-queue';
      readonly levels: readonly number[];
      readonly octets: number;
      readonly watchMs: number;
    }
  | { readonly kind: 'close' };

/** Who takes part, and on what. */
export interface Opened {
  readonly contestants: readonly string[];
  readonly settings: Readonly<Record<string, readonly string[]>>;
  readonly disk: DiskRates;
  readonly inMemory: boolean;
}

/** One load of one server. */
export interface Loaded {
  readonly acceptedPerSecond: number;
  /** From the first message handed in to the last one at the sink; 0 where they were kept. */
  readonly deliveredPerSecond: number;
  readonly messages: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server's processes, milliseconds for a message. */
  readonly cpuMs: number;
  readonly cost: Cost;
  readonly sink: SinkNumbers | undefined;
}

/** A full queue of Postfix. */
export interface Filled {
  readonly messages: number;
  /** The most while it goes through the queue. */
  readonly cost: Cost;
}

/** The running contest. */
export interface Arena {
  carryOut(order: ArenaOrder): Promise<unknown>;
}

/** Nothing stands between the load generator and the sink. */
export const NOTHING = 'nothing between';

/** Sets it up; the servers start with the first order. */
export async function createArena(folder: string, options: ArenaOptions): Promise<Arena> {
  const ports = options.postfix ? [53, 443, 25] : [0, 0, 0];
  const certificates = join(folder, 'ground');
  mkdirSync(certificates, { recursive: true });
  const lab = await startChild('lab-child.ts', {
    args: [certificates, ...[options.domains, ports[0] ?? 0, ports[1] ?? 0].map(String)],
  });
  const sink = await startChild<SinkOrder>('sink-child.ts', {
    args: [
      ...['sink.key', 'sink.pem'].map((name) => join(certificates, name)),
      SINK_ADDRESS,
      String(ports[2]),
    ],
  });
  const { child: loader } = await startChild<LoadOrder>('load-child.ts');
  const ground: Ground = {
    ...(lab.word as Pick<Ground, 'dnsPort' | 'policyPort'>),
    folder: certificates,
    sinkPort: (sink.word as { readonly port: number }).port,
    domains: options.domains,
    profile: options.profile,
  };
  const contestants: Contestant[] = [];
  const scene = { contestants, loader, sink: sink.child, ground };
  return {
    async carryOut(order) {
      switch (order.kind) {
        case 'open':
          contestants.push(await startOurs(ground));
          if (options.postfix) contestants.push(await startPostfix(ground));
          contestants.push(nothingBetween(ground));
          return opened(contestants, folder);
        case 'load':
          return await load(order, scene);
        case 'fill-postfix':
          return await fillPostfix(order, scene);
        case 'full-queue':
          return await fullQueue({ ...order, run: nextRun() }, { ground, sink: sink.child });
        case 'close':
          for (const contestant of contestants.splice(0)) await contestant.stop();
          for (const child of [loader, sink.child, lab.child]) await child.kill();
          rmSync(certificates, { recursive: true });
          return {};
      }
    },
  };
}

interface Scene {
  readonly contestants: readonly Contestant[];
  readonly loader: Child<LoadOrder>;
  readonly sink: Child<SinkOrder>;
  readonly ground: Ground;
}

function opened(contestants: readonly Contestant[], folder: string): Opened {
  return {
    contestants: contestants.map(({ name }) => name),
    settings: Object.fromEntries(contestants.map(({ name, settings }) => [name, settings])),
    disk: diskRates(folder, 500),
    inMemory: isMemory(folder),
  };
}

function nothingBetween({ sinkPort, domains }: Ground): Contestant {
  const door: Door = { host: SINK_ADDRESS, port: sinkPort };
  return {
    name: NOTHING,
    door,
    keep: { ...door, recipients: recipientsIn(domains) },
    pid: undefined,
    settings: [],
    stop: async () => await Promise.resolve(),
  };
}

let runs = 0;

function nextRun(): string {
  runs += 1;
  return `r${runs}`;
}

async function load(
  order: Extract<ArenaOrder, { kind: 'load' }>,
  { contestants, loader, sink, ground }: Scene,
): Promise<Loaded> {
  const contestant = named(order.contestant, contestants);
  const { pid } = contestant;
  const { host, port } = order.way === 'keep' ? contestant.keep : contestant.door;
  const run = nextRun();
  await sink.ask({ kind: 'reset' });
  const cpuBefore = pid === undefined ? 0 : cpuMsOf(pid);
  const result = await loader.ask<LoadResult>({
    run,
    host,
    port,
    sessions: order.sessions,
    octets: order.octets,
    recipients: order.way === 'keep' ? contestant.keep.recipients : recipientsIn(ground.domains),
    until: { ms: order.ms },
  });
  const cost = costOf(pid ?? process.pid);
  const arrived =
    order.way === 'keep'
      ? undefined
      : await sink.ask<SinkNumbers>({ kind: 'await', run, messages: result.accepted });
  check(arrived, { name: contestant.name, accepted: result.accepted });
  const cpuMs = pid === undefined ? 0 : cpuMsOf(pid) - cpuBefore;
  const { accepted, startedAt, endedAt, p50, p99 } = result;
  return {
    acceptedPerSecond: (accepted / (endedAt - startedAt)) * 1_000,
    deliveredPerSecond:
      arrived === undefined ? 0 : (accepted / (arrived.lastAt - startedAt)) * 1_000,
    messages: accepted,
    p50,
    p99,
    cpuMs: cpuMs / accepted,
    cost,
    sink: arrived,
  };
}

/** A server that loses messages, or sends one in the clear, has no speed. */
function check(
  arrived: SinkNumbers | undefined,
  { name, accepted }: { readonly name: string; readonly accepted: number },
): void {
  if (arrived === undefined) return;
  if (arrived.messages < accepted) {
    throw new Error(`${name}: ${accepted} messages were accepted, ${arrived.messages} came`);
  }
  if (arrived.inCleartext > 0) throw new Error(`${name}: ${arrived.inCleartext} in the clear`);
  if (arrived.doubled > 0) throw new Error(`${name}: ${arrived.doubled} came twice`);
}

function named(name: string, contestants: readonly Contestant[]): Contestant {
  const contestant = contestants.find((each) => each.name === name);
  if (contestant === undefined) throw new Error(`${name} does not take part`);
  return contestant;
}

/** Memory is looked at so often. */
const LOOK_EVERY_MS = 500;

/** On its own: nothing that was left by earlier loads, no process of theirs. */
async function fillPostfix(
  { messages, watchMs }: Extract<ArenaOrder, { kind: 'fill-postfix' }>,
  scene: Scene,
): Promise<Filled> {
  const { keep } = named(POSTFIX, scene.contestants);
  const pid = await restartEmpty(scene.ground);
  await scene.loader.ask<LoadResult>({
    run: nextRun(),
    ...keep,
    sessions: 16,
    octets: 2_048,
    until: { messages },
  });
  await releaseHeld(scene.ground);
  let cost = costOf(pid);
  for (const end = performance.now() + watchMs; performance.now() < end;) {
    await sleep(LOOK_EVERY_MS);
    const now = costOf(pid);
    if (now.pss > cost.pss) cost = now;
  }
  return { messages, cost };
}
