/**
 * The heartbeat of this node, and the end of others: what dead nodes had taken is given back.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import type { QueueNodeTable } from '../../store/queue-tables.ts';
import { reasonOf } from '../../store/store-error.ts';
import type { Store } from '../../store/types.ts';
import type { ProcessIdentity, Processes } from './process-identity.ts';
import { forEngine, runText, type Runner, type Value } from './statements.ts';

const BEAT_MS = 5_000;
/** Without a heartbeat for this long, a node takes no jobs. */
const LATE_MS = 20_000;
/** Beats between two looks at the other nodes. */
const BEATS_PER_LOOK = 2;
/** Looks at the same heartbeat after which its node is dead: 30 seconds. */
const LOOKS_UNTIL_DEAD = 3;

/** What a node's life stands on. */
export interface NodeLifeOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string;
  readonly processes: Processes;
  /** Runs after each look at the other nodes. */
  readonly afterLook: () => Promise<void>;
}

/** The life of this node. */
export interface NodeLife {
  /** The first heartbeat, and the first look at others. Rejects where the database is gone. */
  start(): Promise<void>;
  /** May this node take jobs? Tries a heartbeat where the last one is late. */
  isFit(): Promise<boolean>;
  /** The same without a try. */
  readonly fit: boolean;
  /**
   * Another number after each heartbeat that was late, or that found this node buried: what was
   * taken before may be another node's now.
   */
  readonly tenure: number;
  /** The last heartbeat. */
  stop(): Promise<void>;
}

/** How often a heartbeat was seen unchanged: by one's own looks, since clocks differ and jump. */
interface Seen {
  readonly heartbeatAt: number;
  readonly looks: number;
}

/** A node that has not begun. */
export function createNodeLife(options: NodeLifeOptions): NodeLife {
  const { store, clock, log, owner, processes } = options;
  const sql = texts(store);
  let seen: ReadonlyMap<string, Seen> = new Map();
  let beatsMissed = 0;
  let lastBeatAt: number | undefined;
  let beats = 0;
  let tenure = 0;
  let timer: Timer | undefined;
  let beating: Promise<void> | undefined;
  let warned = false;
  let stopped = false;

  const isFit = (): boolean =>
    lastBeatAt !== undefined &&
    !stopped &&
    beatsMissed * BEAT_MS < LATE_MS &&
    clock.now() - lastBeatAt <= LATE_MS;

  const beat = async (): Promise<void> => {
    const at = clock.now();
    const { host, pid, mark } = processes.self;
    const known = await affected(store.db, sql.beat, [at, owner]);
    if (known === 0) await runText(store.db, sql.enter, [owner, host, pid, mark, at]);
    // A machine that stood still may not notice by its own clock: others have removed its row.
    if (known === 0 || !isFit()) tenure += 1;
    lastBeatAt = at;
    beatsMissed = 0;
    warned = false;
  };
  /** One at a time: a database that hangs must not gather heartbeats. */
  const beatOnce = async (): Promise<void> => {
    beating ??= beat().finally(() => {
      beating = undefined;
    });
    await beating;
  };

  const look = async (): Promise<void> => {
    const nodes = (await runText<QueueNodeTable>(store.db, sql.nodes)).rows;
    const next = new Map<string, Seen>();
    for (const node of nodes) {
      if (node.owner === owner) continue;
      const sight = seenAgain(seen.get(node.owner), node);
      next.set(node.owner, sight);
      if (processes.hasEnded(identityOf(node)) || sight.looks >= LOOKS_UNTIL_DEAD) {
        await bury(node.owner, node);
      }
    }
    seen = next;
    await buryNameless(new Set(nodes.map((node) => node.owner)));
    await options.afterLook();
  };

  /** Who has jobs or parts and no heartbeat at all. */
  const buryNameless = async (known: ReadonlySet<string>): Promise<void> => {
    const takers = (await runText<{ owner: string }>(store.db, sql.takers)).rows;
    for (const taker of takers) {
      if (taker.owner !== owner && !known.has(taker.owner)) await bury(taker.owner);
    }
  };

  const bury = async (dead: string, node?: QueueNodeTable): Promise<void> => {
    const jobs = await store.db.transaction().execute(async (transaction) => {
      if (node !== undefined) {
        const gone = await affected(transaction, sql.removeNode, [dead, node.heartbeat_at]);
        if (gone === 0) return 0;
      }
      // A part that is being written is waited for, and goes with the others.
      if (store.traits.rowLocks) await runText(transaction, sql.lockUploads, [dead]);
      await affected(transaction, sql.removeParts, [dead]);
      await affected(transaction, sql.removeUploads, [dead]);
      return await affected(transaction, sql.giveBack, [dead]);
    });
    if (jobs === 0) return;
    log.warn(
      { code: 'QUEUE_NODE_DEAD', event: 'queue', node: dead, host: node?.host, jobs },
      `node ${dead} shows no sign of life: ${jobs} jobs that it had taken are given back`,
    );
  };

  const tick = async (): Promise<void> => {
    beatsMissed += 1;
    try {
      await beatOnce();
      beats += 1;
      if (beats % BEATS_PER_LOOK === 0) await look();
    } catch (error) {
      if (beatsMissed * BEAT_MS >= LATE_MS && !warned && !stopped) {
        warned = true;
        log.error(
          { code: 'QUEUE_HEARTBEAT_LATE', event: 'queue', reason: reasonOf(error) },
          'the heartbeat of this node cannot be written: no jobs are taken until it can',
        );
      }
    }
  };
  let ticking = false;
  const schedule = (): void => {
    timer = clock.after(BEAT_MS, () => {
      if (stopped) return;
      schedule();
      if (ticking) {
        beatsMissed += 1;
        return;
      }
      ticking = true;
      void tick().finally(() => {
        ticking = false;
      });
    });
  };

  return {
    async start() {
      await beatOnce();
      await look();
      schedule();
    },
    async isFit() {
      if (lastBeatAt === undefined) throw new Error('the queue is used before start()');
      if (isFit() || stopped) return !stopped;
      await beatOnce().catch(() => undefined);
      return isFit();
    },
    get fit() {
      return isFit();
    },
    get tenure() {
      return tenure;
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await beating?.catch(() => undefined);
      await runText(store.db, sql.leave, [owner]);
    },
  };
}

function seenAgain(before: Seen | undefined, node: QueueNodeTable): Seen {
  const heartbeatAt = node.heartbeat_at;
  if (before?.heartbeatAt !== heartbeatAt) return { heartbeatAt, looks: 0 };
  return { heartbeatAt, looks: before.looks + 1 };
}

function identityOf(node: QueueNodeTable): ProcessIdentity {
  return { host: node.host, pid: node.pid, mark: node.process_mark };
}

async function affected(runner: Runner, text: string, values: readonly Value[]): Promise<number> {
  return Number((await runText(runner, text, values)).numAffectedRows ?? 0n);
}

interface Texts {
  readonly beat: string;
  readonly enter: string;
  readonly nodes: string;
  readonly takers: string;
  readonly removeNode: string;
  readonly lockUploads: string;
  readonly removeParts: string;
  readonly removeUploads: string;
  readonly giveBack: string;
  readonly leave: string;
}

function texts({ traits }: Store): Texts {
  const text = (written: string): string => forEngine(traits, written);
  return {
    beat: text('update queue_node set heartbeat_at = ? where owner = ?'),
    enter: text(
      'insert into queue_node (owner, host, pid, process_mark, heartbeat_at) values (?, ?, ?, ?, ?) ' +
        'on conflict (owner) do update set heartbeat_at = excluded.heartbeat_at',
    ),
    nodes: 'select owner, host, pid, process_mark, heartbeat_at from queue_node',
    takers:
      'select distinct taken_by as owner from queue_job where taken_by is not null ' +
      'union all select distinct owner from queue_upload',
    // A heartbeat in the very last moment keeps the node alive.
    removeNode: text('delete from queue_node where owner = ? and heartbeat_at = ?'),
    lockUploads: text(
      'select message_id from queue_upload where owner = ? order by message_id for update',
    ),
    removeParts: text(
      'delete from queue_part where message_id in (select message_id from queue_upload where owner = ?)',
    ),
    removeUploads: text('delete from queue_upload where owner = ?'),
    giveBack: text('update queue_job set taken_by = null where taken_by = ?'),
    leave: text('delete from queue_node where owner = ?'),
  };
}
