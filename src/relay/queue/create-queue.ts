/**
 * The durable queue of one node, over the store.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock, Timer } from '../../clock.ts';
import { silentLog, type Log } from '../../log/log.ts';
import { reasonOf } from '../../store/store-error.ts';
import type { Store } from '../../store/types.ts';
import { createContentMemory, createContentReader } from './content.ts';
import { createDueJobs, type TakenJob } from './due-jobs.ts';
import { createEvidenceWriter } from './evidence.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createIntake } from './intake.ts';
import { createLocalJobs } from './local-jobs.ts';
import { createMessageIds } from './message-id.ts';
import { createNodeLife } from './node-life.ts';
import { createNumbers } from './numbers.ts';
import { localProcesses, type Processes } from './process-identity.ts';
import { failureOf, QueueError } from './queue-error.ts';
import { keyText, waits, type StoredAttempt } from './settle.ts';
import type { Prepared } from './sink.ts';
import { createSpaceGuard } from './space-guard.ts';
import { DEFAULT_LIMITS, type QueueLimits } from './limits.ts';
import type { Job, JobKey, Notification, Queue, Settlement } from './types.ts';
import { createUploads } from './uploads.ts';
import { createWriter } from './write-works.ts';

const HOUSEKEEPING_MS = 5 * 60_000;
const SETTLE_WAIT_MS = 10;

/** What a queue stands on. */
export interface QueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log?: Log;
  /** Names this node for the life of its process; made up where absent. */
  readonly owner?: string;
  /** Octets of content kept in memory between acceptance and first attempt; default 64 MiB. */
  readonly contentMemory?: number;
  /** Asked each time, since settings change; default {@link DEFAULT_LIMITS}. */
  readonly limits?: () => QueueLimits;
  /**
   * A settlement waits so long for other works to share its transaction, milliseconds; default 10.
   * So much longer may a crash find a delivered message in the queue, and repeat it.
   */
  readonly settleWaitMs?: number;
  /** Default: those of this machine. */
  readonly processes?: Processes;
}

/** A queue; `start` comes before any job is taken. */
export function createQueue(options: QueueOptions): Queue {
  const { store, clock, log = silentLog, owner = newOwner() } = options;
  const memory = createContentMemory(options.contentMemory ?? 64 * 1024 * 1024);
  const contents = createContentReader(store, memory);
  const settleWaitMs = options.settleWaitMs ?? SETTLE_WAIT_MS;
  const writer = createWriter({ store, owner, clock, settleWaitMs });
  const uploads = createUploads(store, owner, writer);
  const jobs = createDueJobs(store, owner);
  const local = createLocalJobs();
  const evidence = createEvidenceWriter(clock);
  const limits = options.limits ?? (() => DEFAULT_LIMITS);
  const keepHouse = createHousekeeping({
    store,
    clock,
    log,
    limits,
  });
  let closed = false;
  let timer: Timer | undefined;

  /** What a lost answer of the database left behind. */
  const tidyUp = async (): Promise<void> => {
    await uploads.sweep();
    const strays = local.strays(await jobs.taken());
    if (strays.length === 0) return;
    await jobs.giveBack(strays);
    log.warn(
      { code: 'QUEUE_JOBS_STRAYED', event: 'queue', jobs: strays.length },
      `${strays.length} jobs stood as taken by this node, which did not know them; they are given back`,
    );
  };
  const life = createNodeLife({
    store,
    clock,
    log,
    owner,
    processes: options.processes ?? localProcesses(),
    afterLook: tidyUp,
  });

  const withContent = (job: TakenJob): Job => ({
    ...job,
    content: () => contents.read(job.message),
  });
  const intake = createIntake({
    nextId: createMessageIds(clock),
    now: () => clock.now(),
    writer,
    uploads,
    guard: createSpaceGuard({
      space: store.space,
      floor: () => limits().minFreeOctets,
      clock,
      log,
    }),
    memory,
    local,
    tenure: () => life.tenure,
    handOver: () => queue.handOver,
    mayHandOver: () => !closed && life.fit,
    withContent,
    closed: () => closed,
  });

  const forget = (key: JobKey): void => {
    local.remove(key);
    memory.release(key.messageId);
  };

  /** Jobs without anybody who waits. */
  const clear = async (keys: readonly JobKey[]): Promise<void> => {
    const settlement: Settlement = {
      at: clock.now(),
      recipients: [],
      delayNoticeSent: false,
      counts: false,
      notifications: [],
    };
    await Promise.all(
      keys.map(
        async (job) =>
          await writer.submit({ kind: 'settle', rows: { job, settlement }, notifications: [] }),
      ),
    );
  };

  const take = async (keys: readonly JobKey[]): Promise<readonly Job[]> => {
    if (!(await life.isFit()) || closed) return [];
    const free = keys.filter((key) => local.add(key, life.tenure));
    try {
      const taken = await jobs.take(free);
      const ours = new Set(taken.jobs.map(keyText));
      for (const key of free) {
        if (!ours.has(keyText(key))) local.remove(key);
      }
      await clear(taken.empty);
      return taken.jobs.map(withContent);
    } catch (error) {
      for (const key of free) local.remove(key);
      throw new QueueError(failureOf(error), error);
    }
  };

  const stillOurs = async (keys: readonly JobKey[]): Promise<readonly JobKey[]> => {
    if (!(await life.isFit())) {
      const detail = 'the heartbeat of this node cannot be written';
      throw new QueueError({ code: 'QUEUE_UNAVAILABLE', detail });
    }
    // Before the question: what happens after it is not in its answer.
    const { tenure } = life;
    const found = new Set((await jobs.taken()).map(keyText));
    const ours = keys.filter((key) => found.has(keyText(key)));
    for (const key of ours) local.confirm(key, tenure);
    for (const key of keys) if (!found.has(keyText(key))) forget(key);
    return ours;
  };

  const prepareAll = async (settlement: Settlement): Promise<readonly Prepared[]> => {
    const prepared: Prepared[] = [];
    try {
      for (const notification of settlement.notifications) {
        prepared.push(await intake.prepare(notification));
      }
      return prepared;
    } catch (error) {
      for (const one of prepared) await intake.failed(one);
      throw error;
    }
  };

  const settle = async (job: Job, settlement: Settlement): Promise<boolean> => {
    if (!local.has(job)) return false;
    const attempt = attemptOf(settlement);
    const prepared = await prepareAll(settlement);
    const written = await writer
      .submit({
        kind: 'settle',
        rows: { job, settlement, ...(attempt === undefined ? {} : { attempt }) },
        notifications: prepared.map(({ acceptance }) => acceptance),
      })
      .catch(async (error: unknown) => {
        for (const one of prepared) await intake.failed(one);
        throw new QueueError(failureOf(error), error);
      });
    forget(job);
    for (const [index, one] of prepared.entries()) {
      if (written) {
        intake.committed(one);
        logNotified(log, { one, job, kind: settlement.notifications[index]?.kind });
      } else await intake.failed(one);
    }
    if (written && attempt !== undefined && waits(settlement)) evidence.stored(attempt);
    return written;
  };

  /** Nobody asks how a delivery went once the message has left. */
  const attemptOf = (settlement: Settlement): StoredAttempt | undefined => {
    const told = settlement.recipients.some(({ state }) => state !== 'delivered');
    return settlement.evidence !== undefined && told
      ? evidence.prepare(settlement.evidence)
      : undefined;
  };

  const scheduleHousekeeping = (): void => {
    timer = clock.after(HOUSEKEEPING_MS, () => {
      if (closed) return;
      scheduleHousekeeping();
      void keepHouse().catch((error: unknown) => {
        log.debug({ event: 'queue', reason: reasonOf(error) }, 'the queue could not be tidied');
      });
    });
  };

  const queue: Queue = {
    open: () => intake.open(),
    due: async (window) => await jobs.due(window),
    dueFor: async (destination, window) => await jobs.dueFor(destination, window),
    nextDueAt: async () => await jobs.nextDueAt(),
    take,
    isSurelyOurs: (key) => life.fit && local.tenureOf(key) === life.tenure,
    stillOurs,
    settle,
    async giveBack(keys) {
      await jobs.giveBack(keys);
      for (const key of keys) forget(key);
    },
    numbers: createNumbers(store, clock),
    async start() {
      await life.start();
      await keepHouse();
      scheduleHousekeeping();
    },
    async close() {
      if (closed) return;
      closed = true;
      timer?.cancel();
      await writer.idle();
      try {
        await jobs.giveBackAll();
        await life.stop();
      } catch (error) {
        log.warn(
          { ...failureOf(error), event: 'queue' },
          `what this node had taken could not be given back: ${reasonOf(error)}`,
        );
      }
    },
  };
  return queue;
}

function newOwner(): string {
  return `${hostname().slice(0, 32)}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** A notification is queued: nothing else in the log leads from it to the message it is about. */
function logNotified(
  log: Log,
  { one, job, kind }: { one: Prepared; job: JobKey; kind: Notification['kind'] },
): void {
  const { message, jobs } = one.acceptance;
  const to = jobs.flatMap(({ recipients }) => recipients.map(({ address }) => address));
  const fields = { event: 'notified', id: message.id, about: job.messageId, kind, from: '<>', to };
  log.info(fields, `notification ${message.id} about ${job.messageId} is queued`);
}
