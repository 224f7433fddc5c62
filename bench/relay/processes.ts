/**
 * What processes cost, as the kernel counts it.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Of a process and all that it has started. */
export interface Cost {
  readonly processes: number;
  /** Processor time so far, with that of children that have ended, milliseconds. */
  readonly cpuMs: number;
  /** Resident memory; what processes share is counted by each. Octets. */
  readonly rss: number;
  /** Resident memory; what processes share is counted once. Octets. */
  readonly pss: number;
}

const KIB = 1024;
/** A tick of `/proc/PID/stat` on Linux. */
const TICK_MS = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly endedTicks: number;
}

/** Adds up a process and its descendants. */
export function costOf(root: number): Cost {
  const stats = allStats();
  const tree = treeOf(root, stats);
  const sum = (value: (stat: Stat) => number): number =>
    tree.reduce((total, stat) => total + value(stat), 0);
  return {
    processes: tree.length,
    cpuMs: sum(({ ticks, endedTicks }) => ticks + endedTicks) * TICK_MS,
    rss: sum(({ pid }) => kibOf(pid, 'status', /^VmRSS:\s+(\d+) kB$/m)) * KIB,
    pss: sum(({ pid }) => kibOf(pid, 'smaps_rollup', /^Pss:\s+(\d+) kB$/m)) * KIB,
  };
}

/** Processor time alone, which is quicker to read. Milliseconds. */
export function cpuMsOf(root: number): number {
  const tree = treeOf(root, allStats());
  return tree.reduce((total, { ticks, endedTicks }) => total + ticks + endedTicks, 0) * TICK_MS;
}

function treeOf(root: number, stats: readonly Stat[]): readonly Stat[] {
  const inside = new Set([root]);
  // Parents may stand behind their children: until nobody is added.
  for (let before = 0; before !== inside.size;) {
    before = inside.size;
    for (const { pid, parent } of stats) if (inside.has(parent)) inside.add(pid);
  }
  return stats.filter(({ pid }) => inside.has(pid));
}

function allStats(): readonly Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .map(statOf)
    .filter((stat) => stat !== undefined);
}

/** Fields are counted behind the name, which may hold anything. */
function statOf(pid: number): Stat | undefined {
  const text = textOf(pid, 'stat');
  if (text === '') return undefined;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return {
    pid,
    parent: field(4),
    ticks: field(14) + field(15),
    endedTicks: field(16) + field(17),
  };
}

function kibOf(pid: number, file: string, line: RegExp): number {
  return Number(line.exec(textOf(pid, file))?.[1] ?? 0);
}

/** A process may be gone by now. */
function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
