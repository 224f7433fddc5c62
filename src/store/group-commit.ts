/**
 * Group commit: works that come while a transaction runs share the next one, and with it one wait
 * for the disk.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import { databaseFault, type Fault } from './fault.ts';

/** How works are written in one transaction. */
export interface TogetherOptions<W, R> {
  /** Runs all works in one transaction, all or none; results in the order of the works. */
  readonly run: (works: readonly W[]) => Promise<readonly R[]>;
  /** Default: {@link databaseFault}. */
  readonly faultOf?: (error: unknown) => Fault;
}

/** What became of a work. */
export type Committed<R> =
  { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/** How a group is run. */
export interface GroupOptions<W, R> extends TogetherOptions<W, R> {
  /** Octets that a work brings. */
  readonly weight: (work: W) => number;
  /** Works in one transaction at most; default {@link MOST_WORKS}. */
  readonly most?: number;
  /** Absent: no work waits for company. */
  readonly company?: Company<W>;
}

/** Works that nobody stands and waits for: they share the wait for the disk of the next that is urgent. */
export interface Company<W> {
  readonly clock: Clock;
  readonly isUrgent: (work: W) => boolean;
  /** They wait no longer than this, milliseconds. */
  readonly waitMs: number;
  /** So many are company enough for each other. */
  readonly enough: number;
}

/** Takes works and runs them in groups. */
export interface GroupCommit<W, R> {
  /** Resolves when the transaction of the work is on disk; rejects if it failed. */
  submit(work: W): Promise<R>;
  /** Resolves when nothing waits and nothing runs; from now on nothing waits for company. */
  idle(): Promise<void>;
}

/** Works in one transaction at most: the process serves nothing else while SQLite works. */
export const MOST_WORKS = 256;
const MOST_OCTETS = 4 * 1024 * 1024;
/** Tries of a transaction that met another one. */
const MOST_TRIES = 5;

interface Waiting<W, R> {
  readonly work: W;
  readonly done: PromiseWithResolvers<R>;
}

/** Makes a {@link GroupCommit}; nothing runs until the first work comes. */
export function createGroupCommit<W, R>(options: GroupOptions<W, R>): GroupCommit<W, R> {
  let waiting: Waiting<W, R>[] = [];
  let running: Promise<void> | undefined;
  /** Ends the wait for company. */
  let hurry: (() => void) | undefined;
  let ending = false;
  const { company } = options;

  const isPatient = ({ enough, isUrgent }: Company<W>): boolean =>
    !ending && waiting.length < enough && !waiting.some(({ work }) => isUrgent(work));

  const companyComes = async (): Promise<void> => {
    if (company === undefined || company.waitMs <= 0 || !isPatient(company)) return;
    const come = Promise.withResolvers<void>();
    hurry = come.resolve;
    const timer = company.clock.after(company.waitMs, come.resolve);
    await come.promise;
    timer.cancel();
    hurry = undefined;
    // The first urgent one is seldom alone.
    await gathering();
  };

  const loop = async (): Promise<void> => {
    await gathering();
    while (waiting.length > 0) {
      await companyComes();
      const size = groupSize(waiting, options);
      const group = waiting.slice(0, size);
      waiting = waiting.slice(size);
      await runGroup(group, options);
      await gathering();
    }
    running = undefined;
  };

  return {
    async submit(work) {
      const done = Promise.withResolvers<R>();
      waiting.push({ work, done });
      running ??= loop();
      if (company !== undefined && !isPatient(company)) hurry?.();
      return await done.promise;
    },
    async idle() {
      ending = true;
      hurry?.();
      await running;
    },
  };
}

function groupSize<W, R>(
  waiting: readonly Waiting<W, R>[],
  { weight, most = MOST_WORKS }: GroupOptions<W, R>,
): number {
  let octets = 0;
  for (const [index, { work }] of waiting.entries()) {
    octets += weight(work);
    if (index > 0 && (octets > MOST_OCTETS || index === most)) return index;
  }
  return waiting.length;
}

async function runGroup<W, R>(
  group: readonly Waiting<W, R>[],
  options: TogetherOptions<W, R>,
): Promise<void> {
  const works = group.map(({ work }) => work);
  const results = await commitTogether(works, options);
  for (const [index, { done }] of group.entries()) {
    const result = results[index]!;
    if (result.ok) done.resolve(result.value);
    else done.reject(result.error);
  }
}

/**
 * Writes the works in one transaction. One bad row fails its own work alone; a fault of the database
 * fails them all. Never rejects; what became of each, in the order of the works.
 */
export async function commitTogether<W, R>(
  works: readonly W[],
  options: TogetherOptions<W, R>,
): Promise<readonly Committed<R>[]> {
  const faultOf = options.faultOf ?? databaseFault;
  const commit = async (some: readonly W[]): Promise<readonly Committed<R>[]> => {
    try {
      const values = await persistently(async () => await options.run(some), faultOf);
      return values.map((value) => ({ ok: true, value }));
    } catch (error) {
      return some.map(() => ({ ok: false, error }));
    }
  };
  const isAboutRow = (result: Committed<R> | undefined): boolean =>
    result?.ok === false && faultOf(result.error) === 'row';

  const together = await commit(works);
  if (works.length < 2 || !isAboutRow(together[0])) return together;
  const results: Committed<R>[] = [];
  for (const work of works) {
    const [result] = await commit([work]);
    results.push(result!);
    if (result?.ok !== false || isAboutRow(result)) continue;
    // The database went meanwhile: each of the others would wait for it in vain.
    return works.map((_, index) => results[index] ?? result);
  }
  return results;
}

/** Runs the task again where all that was wrong is that another transaction was in its way. */
export async function persistently<T>(
  task: () => Promise<T>,
  faultOf: (error: unknown) => Fault = databaseFault,
): Promise<T> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await task();
    } catch (error) {
      if (faultOf(error) !== 'again' || turn === MOST_TRIES) throw error;
    }
  }
}

/**
 * Resolves when all sockets have been served that had something to say: whoever was answered can
 * bring the next work, and what came at the same time is there.
 */
export async function gathering(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
