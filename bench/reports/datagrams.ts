/**
 * Row `datagrams`: results of sessions through a real UNIX socket into the store, beside
 * tlsrpt-collectd. The sender waits where a queue is full, so that nothing may be lost, and it is
 * checked that nothing was; then a burst that does not wait, as Postfix does not.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../scripts/peers.ts';
import type { Measurement } from '../figure.ts';
import { type Child, startChild } from '../relay/children.ts';
import { COLLECTD, startCollectd } from './collectd.ts';
import type { CollectorOrder, Counted } from './collector-child.ts';
import { datagramTexts } from './datagram-texts.ts';
import { type PythonScript, startPython } from './python-peers.ts';
import type { Plan } from './plan.ts';

const MIB = 1_048_576;
const GOAL = 40_000;

/** What the load generator says. */
interface Sent {
  readonly sent: number;
  readonly lost: number;
  readonly seconds: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

interface Ground {
  readonly folder: string;
  readonly note: (line: string) => void;
}

/** Loads both in turns; the best round of each counts. */
export async function datagramFigures(
  plan: Plan,
  { folder, note }: Ground,
): Promise<readonly Measurement[]> {
  const python = findProgram('python3');
  if (python === undefined) {
    note('no figures of datagrams: the load generator needs python3');
    return [];
  }
  const texts = join(folder, 'datagrams.txt');
  writeFileSync(texts, datagramTexts());
  const loader = startPython(python, 'send_datagrams.py');
  const socket = join(folder, 'ours.sock');
  const { child } = await startChild<CollectorOrder>('../reports/collector-child.ts', {
    args: [socket, join(folder, 'ours.db')],
  });
  const collectd = await startCollectd(folder);
  if (collectd === undefined) note(`${COLLECTD} is not there: nothing to compare with`);
  const ours = createOurs({ child, loader, texts, socket });
  const theirs = createTheirs({ loader, texts });
  try {
    for (let round = 0; round < plan.rounds; round += 1) {
      await ours.load(plan.seconds);
      if (collectd !== undefined) await theirs.load(collectd.socket, plan.seconds);
    }
    note(`the kernel keeps ${queueLength()} datagrams for each: net.unix.max_dgram_qlen`);
    note(`smtp-sts: ${ours.rates.map(Math.round).join(', ')}/s, ${ours.stalls()} stalls`);
    note(`${COLLECTD}: ${theirs.rates.map(Math.round).join(', ')}/s`);
    const ourRss = ours.rss();
    const theirRss = collectd?.rss() ?? 0;
    const ourShare = await ours.burst(plan.burst);
    const theirShare = collectd === undefined ? 0 : await theirs.burst(collectd.socket, plan.burst);
    if (collectd !== undefined) theirs.check(await collectd.stop());
    await child.ask({ kind: 'close' });
    const beside = (value: number): Pick<Measurement, 'peer'> =>
      collectd === undefined ? {} : { peer: { name: COLLECTD, value } };
    return [
      {
        figure: 'datagrams into the store, none lost',
        unit: '/s',
        ours: Math.max(...ours.rates),
        ...beside(Math.max(...theirs.rates)),
        goal: { atLeast: GOAL },
      },
      {
        figure: `taken of a burst of ${plan.burst.toLocaleString('en')}`,
        unit: 'of it',
        ours: ourShare,
        ...beside(theirShare),
      },
      {
        figure: 'memory while datagrams come',
        unit: 'MiB',
        ours: ourRss / MIB,
        ...beside(theirRss / MIB),
      },
    ];
  } finally {
    await loader.stop();
    await collectd?.stop();
    await child.kill();
  }
}

function queueLength(): string {
  return readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8').trim();
}

/** Ours: the clock stops when the last datagram is in the store. */
function createOurs({
  child,
  loader,
  texts,
  socket,
}: {
  readonly child: Child<CollectorOrder>;
  readonly loader: PythonScript;
  readonly texts: string;
  readonly socket: string;
}): {
  readonly rates: number[];
  load(seconds: number): Promise<void>;
  burst(count: number): Promise<number>;
  stalls(): number;
  rss(): number;
} {
  const rates: number[] = [];
  let sent = 0;
  let last: Counted | undefined;
  const all = async (load: Sent): Promise<Counted> => {
    sent += load.sent;
    last = await child.ask<Counted>({ kind: 'await', sessions: sent });
    if (last.sessions !== sent || last.invalid > 0) {
      throw new Error(`${sent} were sent, ${last.sessions} counted, ${last.invalid} not read`);
    }
    return last;
  };
  return {
    rates,
    async load(seconds) {
      const load = await loader.ask<Sent>({ socket, datagrams: texts, way: 'wait', seconds });
      const { at } = await all(load);
      rates.push((load.sent / (at - load.startedAt)) * 1_000);
    },
    async burst(count) {
      const load = await loader.ask<Sent>({ socket, datagrams: texts, way: 'as-postfix', count });
      await all(load);
      return load.sent / count;
    },
    stalls: () => last?.stalls ?? 0,
    rss: () => last?.rss ?? 0,
  };
}

/** Theirs: the clock stops when the last datagram was sent, what they still have to do is free. */
function createTheirs({
  loader,
  texts,
}: {
  readonly loader: PythonScript;
  readonly texts: string;
}): {
  readonly rates: number[];
  load(socket: string, seconds: number): Promise<void>;
  burst(socket: string, count: number): Promise<number>;
  check(stored: number): void;
} {
  const rates: number[] = [];
  let sent = 0;
  return {
    rates,
    async load(socket, seconds) {
      const load = await loader.ask<Sent>({ socket, datagrams: texts, way: 'wait', seconds });
      sent += load.sent;
      rates.push(load.sent / load.seconds);
    },
    async burst(socket, count) {
      const load = await loader.ask<Sent>({ socket, datagrams: texts, way: 'as-postfix', count });
      sent += load.sent;
      return load.sent / count;
    },
    check(stored) {
      // What was still in the queue of the socket is lost when it ends.
      if (stored < 0.9 * sent) throw new Error(`${COLLECTD}: ${sent} sent, ${stored} stored`);
    },
  };
}
