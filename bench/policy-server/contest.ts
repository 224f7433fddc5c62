/**
 * The contest: every server on the same domains, in turns, so that what else the machine does falls
 * on all of them. Prints its results as one line of JSON.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { domainName, startLabProcess } from '../decision/lab-process.ts';
import { type Contestant, startEmpty, startOurs, startPython } from './contestants.ts';
import type { LoadOrder, LoadResult } from './load-child.ts';

/** Numbers of one server in one row. */
export interface Numbers {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** A row: so many connections, so many requests together. */
export interface Row {
  readonly connections: number;
  readonly depth: number;
  /** By the name of the server. */
  readonly numbers: Readonly<Record<string, Numbers>>;
}

/** All that was measured; by the name of the server. */
export interface ContestResult {
  readonly rows: readonly Row[];
  readonly coldPerSecond: Readonly<Record<string, number>>;
  readonly rssBytes: Readonly<Record<string, number>>;
}

const SHAPES: readonly (readonly [connections: number, depth: number])[] = [
  [1, 1],
  [16, 1],
  [128, 1],
  [1, 16],
  [16, 16],
  [128, 16],
];
const COLD_WIDTH = 64;
const WARM_UP_DOMAINS = 250;

const [mode, withPeers] = process.argv.slice(2);
const quick = mode === 'quick';
const domains = quick ? 20 : 1000;
const rounds = quick ? 1 : 7;
const coldRounds = quick ? 1 : 4;
const ms = quick ? 50 : 1000;

const result = await contest();
process.stdout.write(`${JSON.stringify(result)}\n`);

async function contest(): Promise<ContestResult> {
  const named = withPeers === 'peers';
  const warmUp = quick ? 0 : WARM_UP_DOMAINS;
  const ports = named ? { dns: 53, policy: 443 } : { dns: 0, policy: 0 };
  const lab = await startLabProcess(domains + warmUp, ports);
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-contest-'));
  writeFileSync(join(folder, 'ca.pem'), lab.ca);
  const ground = { lab, folder };
  const loader = fork(join(import.meta.dirname, 'load-child.ts'));
  const running: Contestant[] = [];
  try {
    running.push(await startOurs(ground));
    if (named) running.push(await startPython(ground));
    const coldPerSecond = await cold(loader, running);
    running.push(await startEmpty());
    const rows: Row[] = [];
    for (const shape of SHAPES) rows.push(await row(loader, running, shape));
    const rssBytes = Object.fromEntries(running.map((one) => [one.name, one.rss()]));
    return { rows, coldPerSecond, rssBytes };
  } finally {
    loader.kill('SIGKILL');
    for (const contestant of running) await contestant.stop();
    await lab.close();
    rmSync(folder, { recursive: true });
  }
}

function request(index: number): string {
  return `postfix ${domainName(index)}`;
}

function names(from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => request(from + index));
}

/**
 * One question for each domain, after some others that warm the code up. In turns too, each time
 * with domains that nobody has asked for, and the best round counts as in {@link row}.
 */
async function cold(
  loader: ChildProcess,
  running: readonly Contestant[],
): Promise<Record<string, number>> {
  const order = { connections: COLD_WIDTH, depth: 1 };
  for (const { port } of quick ? [] : running) {
    await load(loader, { ...order, port, requests: names(domains, WARM_UP_DOMAINS) });
  }
  const rates: Record<string, number> = {};
  const count = domains / coldRounds;
  for (let round = 0; round < coldRounds; round += 1) {
    const requests = names(round * count, count);
    for (const { name, port } of round % 2 === 0 ? running : running.toReversed()) {
      const { answersPerSecond, notOk } = await load(loader, { ...order, port, requests });
      if (notOk > 0) throw new Error(`${name}: ${notOk} of ${count} domains had no policy`);
      rates[name] = Math.max(rates[name] ?? 0, answersPerSecond);
    }
  }
  return rates;
}

async function row(
  loader: ChildProcess,
  running: readonly Contestant[],
  [connections, depth]: readonly [number, number],
): Promise<Row> {
  const requests = names(0, domains);
  const all = new Map<string, Numbers[]>();
  // Code that is not compiled yet is not what a server runs all day.
  for (const { port } of running) {
    await load(loader, { port, connections, depth, requests, ms: ms / 2 });
  }
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % 2 === 0 ? running : running.toReversed();
    for (const { name, port } of turn) {
      const order = { port, connections, depth, requests, ms };
      const { answersPerSecond, p50, p99, notOk } = await load(loader, order);
      if (notOk > 0) throw new Error(`${name}: ${notOk} answers were not OK`);
      all.set(name, [...(all.get(name) ?? []), { perSecond: answersPerSecond, p50, p99 }]);
    }
  }
  const numbers = Object.fromEntries([...all].map(([name, list]) => [name, best(list)]));
  return { connections, depth, numbers };
}

/** The best round: the one that what else the machine does disturbed least. */
function best(list: readonly Numbers[]): Numbers {
  return list.reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
}

async function load(loader: ChildProcess, order: LoadOrder): Promise<LoadResult> {
  loader.send(order);
  const [result] = (await once(loader, 'message')) as [LoadResult];
  return result;
}
