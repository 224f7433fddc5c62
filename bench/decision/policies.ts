/**
 * What many cached policies cost: memory, and time to start.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Measurement } from '../figure.ts';
import { fillStore } from './fill-store.ts';
import type { HeldPolicies } from './policies-child.ts';

const MANY = 1_000_000;
const SOME = 10_000;
const QUICK = 500;
const GIB = 2 ** 30;
/** Of `MANY` policies: resident memory, and the time from opening the file to the last policy. */
const MEMORY_GOAL_GIB = 1.5;
const START_GOAL_S = 10;

/** Each count in a process of its own. */
export const policiesBench: Bench = {
  name: 'decision/policies',
  what: 'memory and start-up with many cached policies',
  run: async ({ quick }) => {
    const measurements: Measurement[] = [];
    for (const count of quick ? [QUICK] : [SOME, MANY]) {
      measurements.push(...(await holding(count)));
    }
    return measurements;
  },
};

async function holding(count: number): Promise<readonly Measurement[]> {
  const { startSeconds, rssBytes } = await held(count);
  const named = count.toLocaleString('en');
  const goal = <T>(value: T): { readonly goal: T } | object =>
    count === MANY ? { goal: value } : {};
  return [
    {
      figure: `memory with ${named} policies`,
      unit: 'GiB',
      ours: rssBytes / GIB,
      ...goal({ atMost: MEMORY_GOAL_GIB }),
    },
    {
      figure: `start from SQLite with ${named} policies`,
      unit: 's',
      ours: startSeconds,
      ...goal({ atMost: START_GOAL_S }),
    },
  ];
}

async function held(count: number): Promise<HeldPolicies> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-bench-'));
  try {
    const path = join(folder, 'store.db');
    await fillStore(path, count);
    const child = fork(join(import.meta.dirname, 'policies-child.ts'), [path, String(count)]);
    const ended = once(child, 'exit');
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
    await ended;
    if (typeof message !== 'object') throw new Error('the process that holds policies failed');
    return message as HeldPolicies;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
