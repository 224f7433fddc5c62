/**
 * Gets jobs out of the queue: fresh ones as they are accepted, due ones from the database.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import type { DueJob, HandOver, Job, JobKey, Queue } from '../queue/types.ts';
import { createDueScan } from './due-scan.ts';
import { takenBy, type Hop, type HopTable } from './hop-table.ts';

/** What it stands on. */
export interface IntakeOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  readonly table: HopTable;
  /** Jobs came in for the hop, or it may go on. */
  readonly onJobs: (hop: Hop) => void;
  /** No jobs are wanted: stopping, or the database is gone. */
  readonly isClosed: () => boolean;
  /** When the time of a job is over: it is taken then although its hop is left alone. */
  readonly endOf: (job: DueJob) => number | undefined;
}

/** The way in. */
export interface Intake extends HandOver {
  /** Looks for what is due, now or as soon as what is under way has ended. */
  look(): void;
  /** The same from the start of what is due. */
  lookAnew(): void;
  /** A hop has room: takes more of what waits for it in the database. */
  refill(hop: Hop): void;
  /** An operator wants this destination tried before all others of its hop. */
  first(destination: string): void;
  /** Stops looking; resolves when nothing is on its way any more. */
  close(): Promise<void>;
}

/** Longest and shortest wait between two looks: other nodes give jobs back without a word. Milliseconds. */
const LOOK_AGAIN_MS = 5_000;
const LOOK_SOON_MS = 1_000;
/** Destinations with a backlog that are remembered for one hop. */
const MAX_BACKLOG = 1_000;

/** Opens the way in. */
export function createIntake(options: IntakeOptions): Intake {
  const { queue, clock, log, table, onJobs, isClosed, endOf } = options;
  let timer: Timer | undefined;
  let lookAt = Number.NEGATIVE_INFINITY;
  let looking = false;
  let lookAgain = false;
  let wasFull = false;
  /** Something due could not be remembered: the next look begins at the start. */
  let forgot = false;
  /** When the time of a job is over that was passed over: it must be seen again then. */
  let nextEnd = Number.POSITIVE_INFINITY;
  let endsSeenAt = Number.NEGATIVE_INFINITY;
  const onTheWay = new Set<Promise<void>>();
  /** Hops whose word was given for a fresh job, by destination: routes may change meanwhile. */
  const promised = new Map<string, Hop[]>();

  const remember = (hop: Hop | undefined, destination: string): void => {
    if (hop !== undefined && (hop.backlog.size < MAX_BACKLOG || hop.backlog.has(destination))) {
      hop.backlog.add(destination);
    } else forgot = true;
  };

  /** How many came. */
  const take = async (wanted: ReadonlyMap<Hop, readonly JobKey[]>): Promise<number> => {
    for (const [hop, keys] of wanted) reserve(hop, keys.length);
    try {
      const jobs = await queue.take([...wanted.values()].flat());
      const now = clock.now();
      for (const job of jobs) {
        const hop = table.find(job.destination, now);
        // A route may have changed meanwhile; the hop that asked for it still has the place.
        const target = hop ?? [...wanted.keys()][0];
        if (target !== undefined) put(target, job);
      }
      return jobs.length;
    } catch (error) {
      for (const [hop, keys] of wanted)
        for (const { destination } of keys) remember(hop, destination);
      throw error;
    } finally {
      for (const [hop, keys] of wanted) reserve(hop, -keys.length);
      for (const hop of wanted.keys()) onJobs(hop);
    }
  };

  const reserve = (hop: Hop, count: number): void => {
    hop.reserved += count;
    table.count(count);
  };

  const put = (hop: Hop, job: Job): void => {
    hop.waiting.push(job);
    table.count(1);
  };

  const offer = async (jobs: readonly DueJob[]): Promise<void> => {
    const now = clock.now();
    const wanted = new Map<Hop, JobKey[]>();
    const passedOver = new Set<Hop>();
    for (const job of jobs) {
      const hop = table.find(job.destination, now);
      const asked = hop === undefined ? [] : (wanted.get(hop) ?? []);
      if (hop !== undefined && mayAsk(hop, job, asked.length)) {
        asked.push({ messageId: job.messageId, destination: job.destination });
        wanted.set(hop, asked);
      } else {
        remember(hop, job.destination);
        if (hop !== undefined) passedOver.add(hop);
      }
    }
    if (wanted.size > 0) await take(wanted);
    for (const hop of passedOver) onJobs(hop);
  };

  /** Whether one more of the hop may be asked for, with so many asked for already. */
  const mayAsk = (hop: Hop, job: DueJob, asked: number): boolean => {
    const now = clock.now();
    if (!hop.pace.isBackingOff(now)) return asked < table.room(hop);
    if (!goesAnyway(hop, job, now)) return false;
    if (asked < table.lastRoom(hop)) return true;
    // Those that have no place now must not wait for the next walk.
    forgot = true;
    return false;
  };

  /** Its hop is left alone, but that is not for it. */
  const goesAnyway = (hop: Hop, job: DueJob, now: number): boolean => {
    if (hop.refused && job.asksLess === true) return true;
    const end = endOf(job);
    if (end === undefined || end <= now) return end !== undefined;
    nextEnd = Math.min(nextEnd, end);
    return false;
  };

  const restsForPolicy = ({ refused, pace }: Hop): boolean =>
    refused && pace.isBackingOff(clock.now());

  const scan = createDueScan({
    queue,
    clock,
    offer,
    isFull: () => table.isFull() || isClosed(),
  });

  const arm = (waitMs: number): void => {
    timer?.cancel();
    lookAt = clock.now() + waitMs;
    timer = isClosed() ? undefined : clock.after(waitMs, look);
  };

  /** Whoever comes again and again does not put the look off. */
  const armSoon = (): void => {
    const wait = lookAt - clock.now();
    if (wait < 0 || wait > LOOK_SOON_MS) arm(LOOK_SOON_MS);
  };

  const untilNextLook = async (): Promise<number> => {
    if (forgot) return LOOK_SOON_MS * 5;
    const next = await queue.nextDueAt();
    if (next === undefined) return LOOK_AGAIN_MS;
    const wait = next - clock.now();
    // What is due already is a backlog that others see to; new jobs fall due behind it.
    return wait <= 0 ? LOOK_SOON_MS : Math.min(LOOK_AGAIN_MS, wait);
  };

  /** Some that were passed over are at the end of their time; not to be asked for without a pause. */
  const isEnding = (): boolean => {
    const now = clock.now();
    if (now < Math.max(nextEnd, endsSeenAt + LOOK_SOON_MS * 5)) return false;
    nextEnd = Number.POSITIVE_INFINITY;
    endsSeenAt = now;
    return true;
  };

  const lookNow = async (): Promise<void> => {
    let wait = LOOK_SOON_MS;
    try {
      if (forgot || isEnding()) scan.restart();
      forgot = false;
      table.sweep(clock.now());
      wasFull = (await scan.go()) === 'full';
      wait = await untilNextLook();
      // Those that had to stand back for the walk have nothing under way that would wake them.
      for (const hop of table.known()) if (hop.backlog.size > 0 && takenBy(hop) === 0) onJobs(hop);
    } catch (error) {
      complain(log, 'looking for due jobs', error);
      scan.restart();
    }
    looking = false;
    if (isClosed()) return;
    if (lookAgain) {
      lookAgain = false;
      look();
    } else arm(wait);
  };

  const follow = (work: Promise<void>): void => {
    onTheWay.add(work);
    void work.finally(() => onTheWay.delete(work));
  };

  const look = (): void => {
    if (isClosed()) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    follow(lookNow());
  };

  const refillNow = async (hop: Hop): Promise<void> => {
    try {
      for (;;) {
        const [destination] = hop.backlog;
        const limit = table.room(hop);
        const now = clock.now();
        if (destination === undefined || limit === 0 || isClosed()) return;
        if (hop.pace.isBackingOff(now)) return;
        // Off before the question: whoever adds a job meanwhile puts it back.
        hop.backlog.delete(destination);
        const jobs = await queue.dueFor(destination, { now, limit });
        if (jobs.length === limit) remember(hop, destination);
        if (jobs.length === 0) continue;
        // Others were quicker, or the queue gives nothing out now: not to be asked without end.
        if ((await take(new Map([[hop, jobs]]))) === 0) {
          arm(LOOK_SOON_MS);
          return;
        }
      }
    } catch (error) {
      complain(log, `looking for jobs for ${hop.key}`, error);
      forgot = true;
      arm(LOOK_SOON_MS);
    } finally {
      hop.fetching = false;
    }
  };

  return {
    hasRoom(destination) {
      if (isClosed()) return false;
      const now = clock.now();
      const hop = table.find(destination, now);
      if (hop === undefined || hop.pace.isBackingOff(now)) return false;
      const room = table.room(hop);
      // Those that wait in the database were there first, and have their share.
      if (room === 0 || (hop.backlog.size > 0 && room * 2 < hop.pace.room())) return false;
      reserve(hop, 1);
      promised.set(destination, [...(promised.get(destination) ?? []), hop]);
      return true;
    },
    accepted(destination, job) {
      const [hop, ...others] = promised.get(destination) ?? [];
      if (hop === undefined) return;
      if (others.length === 0) promised.delete(destination);
      else promised.set(destination, others);
      reserve(hop, -1);
      if (job === undefined) return;
      put(hop, job);
      onJobs(hop);
    },
    left(destination) {
      const hop = table.find(destination, clock.now());
      remember(hop, destination);
      // It may be one that goes although others of its hop wait.
      if (hop === undefined || restsForPolicy(hop)) armSoon();
      if (hop !== undefined) onJobs(hop);
    },
    first(destination) {
      const hop = table.find(destination, clock.now());
      const others = [...(hop?.backlog ?? [])];
      hop?.backlog.clear();
      remember(hop, destination);
      for (const other of others) remember(hop, other);
      if (hop === undefined) arm(LOOK_SOON_MS);
      else onJobs(hop);
    },
    look,
    lookAnew() {
      scan.restart();
      look();
    },
    refill(hop) {
      if (wasFull && !table.isFull()) look();
      // The walk goes first: what it has not seen yet must not starve.
      if (hop.fetching || hop.backlog.size === 0 || isClosed() || (wasFull && looking)) return;
      hop.fetching = true;
      follow(refillNow(hop));
    },
    async close() {
      timer?.cancel();
      while (onTheWay.size > 0) await Promise.all(onTheWay);
    },
  };
}

function complain(log: Log, what: string, error: unknown): void {
  const why = printable(error instanceof Error ? error.message : String(error));
  log.warn({ event: 'queue-read-failed', what, error: why }, `${what} failed: ${why}`);
}
