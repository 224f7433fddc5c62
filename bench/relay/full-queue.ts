/**
 * Our relay with very many messages in its queue.
 *
 * @module
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, preciseNow, startChild } from './children.ts';
import type { Ground } from './contestant.ts';
import { startOurs } from './ours.ts';
import { type Cost, costOf } from './processes.ts';
import { DELIVERABLE } from './names.ts';
import type { QueueOrder, Taken } from './queue-child.ts';
import type { SinkNumbers, SinkOrder } from './sink-child.ts';

/** What to fill the queue with. */
export interface FillOptions {
  /** Rising numbers of queued messages; jobs are taken at each, the service starts at the last. */
  readonly levels: readonly number[];
  readonly octets: number;
  readonly run: string;
  /** So long at least the service is watched. */
  readonly watchMs: number;
}

/** What came of it. */
export interface FullQueue {
  /** Jobs taken in batches, in the order of the levels. */
  readonly taken: readonly Taken[];
  /** Milliseconds from the start of the process. */
  readonly listeningMs: number;
  readonly firstDeliveryMs: number;
  /** Until all that can be delivered was. */
  readonly allDeliveredMs: number;
  readonly delivered: number;
  /** The most that was seen. */
  readonly cost: Cost;
}

const BATCHES = 30;
const BATCH = 200;
const LOOK_EVERY_MS = 500;

/** Fills a queue of its own, then starts the service on it. */
export async function fullQueue(
  { levels, octets, run, watchMs }: FillOptions,
  { ground, sink }: { readonly ground: Ground; readonly sink: Child<SinkOrder> },
): Promise<FullQueue> {
  const name = `full-${run}`;
  const folder = join(ground.folder, name);
  mkdirSync(folder);
  const taken = await fill(join(folder, 'store.db'), {
    levels,
    octets,
    run,
    domains: ground.domains,
  });
  const messages = Math.floor((levels.at(-1) ?? 0) / DELIVERABLE);
  await sink.ask({ kind: 'reset' });
  const startedAt = preciseNow();
  const ours = await startOurs(ground, name);
  try {
    const listeningMs = preciseNow() - startedAt;
    const arrived = sink.ask<SinkNumbers>({ kind: 'await', run, messages });
    const cost = await mostOf(ours.pid ?? 0, { until: arrived, watchMs });
    const { firstAt, lastAt, messages: delivered } = await arrived;
    if (delivered < messages) throw new Error(`${delivered} of ${messages} were delivered`);
    return {
      taken,
      listeningMs,
      firstDeliveryMs: firstAt - startedAt,
      allDeliveredMs: lastAt - startedAt,
      delivered,
      cost,
    };
  } finally {
    await ours.stop();
    rmSync(folder, { recursive: true });
  }
}

async function fill(
  path: string,
  { levels, ...order }: Omit<FillOptions, 'watchMs'> & { readonly domains: number },
): Promise<readonly Taken[]> {
  const { child } = await startChild<QueueOrder>('queue-child.ts', { args: [path] });
  const taken: Taken[] = [];
  let from = 0;
  for (const to of levels) {
    await child.ask({ ...order, kind: 'grow', from, to });
    from = to;
    taken.push(await child.ask<Taken>({ kind: 'take', batches: BATCHES, limit: BATCH }));
  }
  await child.ask({ kind: 'close' });
  await child.kill();
  return taken;
}

async function mostOf(
  pid: number,
  { until, watchMs }: { readonly until: Promise<unknown>; readonly watchMs: number },
): Promise<Cost> {
  const over = new AbortController();
  void until.finally(() => over.abort()).catch(() => undefined);
  const end = performance.now() + watchMs;
  let cost = costOf(pid);
  while (!over.signal.aborted || performance.now() < end) {
    await sleep(LOOK_EVERY_MS);
    const now = costOf(pid);
    if (now.rss > cost.rss) cost = now;
  }
  return cost;
}
