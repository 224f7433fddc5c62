/**
 * Keeps new content from the end of the disk: what is queued can only leave where there is room to
 * write that it left.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Failure } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import type { DiskSpace, Store } from '../../store/types.ts';

/** A look at the disk is good for so long, milliseconds, */
const LOOK_MS = 1_000;
/** and for content of this fraction of the floor. */
const LOOKS_PER_FLOOR = 16;
/** This fraction of the floor must be on the disk itself: the log of the database grows there. */
const ON_DISK = 4;

/** Of a small file system this fraction is kept at most. */
const SMALL = 2;

/** What a guard stands on. */
export interface SpaceGuardOptions {
  readonly space: Store['space'];
  /** Octets that are to stay free; on a small file system half of it at most. */
  readonly floor: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Says whether new content may be written. */
export interface SpaceGuard {
  /** Why content of so many octets is refused now; undefined: it may be written. */
  refusal(octets: number): Promise<Failure | undefined>;
}

/** Watches the disk of the store; where there is none, or it cannot be looked at, nothing is refused. */
export function createSpaceGuard(options: SpaceGuardOptions): SpaceGuard {
  const { space, floor, clock, log } = options;
  let seen: DiskSpace | undefined;
  let seenAt = -Infinity;
  /** Let in since then. */
  let letIn = 0;
  let looking: Promise<void> | undefined;
  let isFull = false;

  const look = async (ask: () => Promise<DiskSpace>): Promise<void> => {
    try {
      seen = await ask();
    } catch {
      // A database that is gone says so itself when it is written to.
      seen = undefined;
    }
    seenAt = clock.now();
    letIn = 0;
  };

  const isFresh = (octets: number): boolean => {
    const age = clock.now() - seenAt;
    if (age < 0 || age >= LOOK_MS) return false;
    return seen === undefined || letIn + octets <= leastFree(floor(), seen) / LOOKS_PER_FLOOR;
  };

  const note = (failure: Failure | undefined): void => {
    if (isFull === (failure !== undefined)) return;
    isFull = failure !== undefined;
    if (failure !== undefined) {
      log.warn({ ...failure, event: 'queue' }, `new mail is put off: ${failure.detail}`);
    } else {
      log.info({ event: 'queue', free: seen?.free }, 'there is room again: new mail is taken');
    }
  };

  return {
    async refusal(octets) {
      if (space === undefined) return undefined;
      if (!isFresh(octets)) {
        looking ??= look(space).finally(() => {
          looking = undefined;
        });
        await looking;
      }
      const failure = seen === undefined ? undefined : fullness(seen, floor(), letIn + octets);
      note(failure);
      if (failure === undefined) letIn += octets;
      return failure;
    },
  };
}

function leastFree(floor: number, { total }: DiskSpace): number {
  return Math.min(floor, total / SMALL);
}

function fullness(space: DiskSpace, floor: number, octets: number): Failure | undefined {
  const { file, free, reusable, total } = space;
  const least = leastFree(floor, space);
  if (free + reusable - octets >= least && free >= least / ON_DISK) return undefined;
  const inFile = reusable === 0 ? '' : ` and ${mebibytes(reusable)} inside the file`;
  return {
    code: 'QUEUE_FULL_DISK',
    detail:
      `the disk of ${file} has ${mebibytes(free)} of ${mebibytes(total)} free${inFile}; ` +
      `new mail leaves ${mebibytes(least)} (relay.min_free_space) for what is queued`,
  };
}

function mebibytes(octets: number): string {
  return `${(octets / 1_048_576).toFixed(1)} MiB`;
}
