/**
 * How often something can be done in a second.
 *
 * @module
 */

/** Turns between two looks at the clock. */
const BATCH = 64;

/**
 * Calls `task` for about `ms` milliseconds after a warm-up of a quarter of that.
 * What it returns is added up, so that no call can be optimised away.
 *
 * @returns calls a second
 */
export function rateOf(task: (turn: number) => number, ms: number): number {
  timed(task, ms / 4);
  return timed(task, ms);
}

function timed(task: (turn: number) => number, ms: number): number {
  const start = performance.now();
  let turns = 0;
  let sum = 0;
  let elapsed = 0;
  do {
    for (let turn = 0; turn < BATCH; turn += 1) sum += task(turns + turn);
    turns += BATCH;
    elapsed = performance.now() - start;
  } while (elapsed < ms);
  if (Number.isNaN(sum)) throw new Error('a task must return a number');
  return (turns / elapsed) * 1000;
}

/** Runs `task` for every number below `total`, `width` at a time. Returns runs a second. */
export async function parallelRate(options: {
  readonly total: number;
  readonly width: number;
  readonly task: (turn: number) => Promise<void>;
}): Promise<number> {
  const { total, width, task } = options;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < total) {
      const turn = next;
      next += 1;
      await task(turn);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: Math.min(width, total) }, worker));
  return (total / (performance.now() - start)) * 1000;
}
