/**
 * Delivers what is queued: so much at once to each next hop, fairly to all, patient with the dead.
 *
 * @module
 */
import type { Timer } from '../../clock.ts';
import type { Job } from '../queue/types.ts';
import { createSessionPool } from '../session-pool/session-pool.ts';
import { asksLess, attemptJob, type AttemptEnd, type WrittenEnd } from './attempt.ts';
import { recordAttempt, recordBrokenOff, recordUnwritten } from './delivery-log.ts';
import { createDoubt } from './doubt.ts';
import type { HostSlot } from '../session-pool/host-gate.ts';
import { createHostLines } from './host-lines.ts';
import { createHopTable, knownFault, type Hop } from './hop-table.ts';
import { createIntake } from './intake.ts';
import { giveBackPatiently, settlePatiently } from './patience.ts';
import { endOfDue, isExpired } from './settlement.ts';
import { lineJobs, poolSettings, tableSettings } from './limits.ts';
import type { Dispatcher, DispatcherOptions, DispatchNumbers } from './types.ts';

/** What is settled when the service stops may wait so long for its database. Milliseconds. */
const LAST_WRITES_MS = 5_000;

/** Makes a dispatcher; nothing happens before its `start`. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { queue, engine, clock, log } = options;
  let { config, routes } = options;
  let own = options.own?.(config);
  let stage: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  let database: 'up' | 'down' = 'up';
  let inFlight = 0;
  /** Hops with jobs that wait for a slot; the first is next. */
  const ready = new Set<Hop>();
  /** Those whose turn has come at a host that is full: a place there is kept for them. */
  const called = new Set<Hop>();
  /** Everything that ends in a write. */
  const work = new Set<Promise<void>>();
  const deliveries = new Set<Promise<AttemptEnd>>();
  const breakOff = new AbortController();
  const noMoreTime = new AbortController();
  const table = createHopTable(tableSettings(config, routes));
  const pool = createSessionPool({ clock, settings: poolSettings(config) });
  const lines = createHostLines({
    pool,
    clock,
    jobs: () => lineJobs(config),
    onChange(hop) {
      (hop.line === undefined ? ready : called).add(hop);
      pump();
    },
  });

  const stats = (): DispatchNumbers => {
    const now = clock.now();
    let hopsBackingOff = 0;
    for (const { pace } of table.known()) if (pace.isBackingOff(now)) hopsBackingOff += 1;
    return {
      taken: table.taken(),
      inFlight,
      hops: table.size,
      hopsBackingOff,
      hopsInLine: lines.size,
      sessions: pool.numbers(),
    };
  };
  const metrics = options.metrics.relay;
  metrics.watchDispatch(stats);
  const records = { log, metrics };

  const isClosed = (): boolean => stage !== 'running' || database === 'down';

  const intake = createIntake({
    queue,
    clock,
    log,
    table,
    isClosed,
    endOf: (job) => endOfDue(job, config.relay),
    onJobs: (hop) => {
      if (hop.waiting.length > 0) ready.add(hop);
      pump();
      attend(hop);
    },
  });

  const doubt = createDoubt({
    queue,
    clock,
    log,
    table,
    onLost(destinations) {
      for (const destination of destinations) intake.left(destination);
    },
    onSure: () => rouse(),
  });

  const follow = (task: Promise<void>): void => {
    const safe = task.catch(complain).finally(() => work.delete(safe));
    work.add(safe);
  };

  /** A bug in here must not end the process: other mail is under way. */
  const complain = (error: unknown): void => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : 'no Error';
    log.error({ event: 'dispatcher-broken', error: stack }, 'an error of this program');
  };

  const record = (job: Job, end: WrittenEnd): void => {
    try {
      if (end.kind === 'ended') recordAttempt(end, records);
      else recordBrokenOff(job, records);
    } catch (error) {
      complain(error);
    }
  };

  const patience = {
    queue,
    clock,
    log,
    signal: noMoreTime.signal,
    onState: (state: 'up' | 'down'): void => {
      if (state === database) return;
      database = state;
      log[state === 'up' ? 'info' : 'error'](
        { event: 'queue-database', state },
        state === 'up'
          ? 'the database takes what is written again'
          : 'the database takes nothing: no new delivery begins',
      );
      if (state === 'up') {
        intake.lookAnew();
        rouse();
      }
    },
  };

  /** Something has changed for all hops. */
  const rouse = (): void => {
    for (const hop of table.known()) if (hop.waiting.length > 0) ready.add(hop);
    pump();
    for (const hop of table.known()) attend(hop);
  };

  /** Begins as many deliveries as there are slots, hop by hop in turn. */
  const pump = (): void => {
    if (stage === 'stopping' || stage === 'stopped') {
      for (const hop of ready) giveBack(hop, hop.waiting);
      ready.clear();
    }
    if (isClosed()) return;
    while (inFlight < config.relay.concurrency) {
      const [hop] = called.size > 0 ? called : ready;
      if (hop === undefined) return;
      called.delete(hop);
      ready.delete(hop);
      if (!startOne(hop)) park(hop);
      else if (hop.waiting.length > 0 && hop.line === undefined) ready.add(hop);
    }
  };

  const startOne = (hop: Hop): boolean => {
    const now = clock.now();
    if (hop.pace.mayStart(hop.inFlight, now)) {
      const isCalled = hop.line === undefined || hop.line.turn !== undefined;
      const job = isCalled ? next(hop) : undefined;
      if (job === undefined) return false;
      hop.pace.started(now);
      begin(hop, job, lines.use(hop));
      return true;
    }
    // Whoever may not go keeps no place from others.
    lines.leave(hop);
    if (!hop.pace.isBackingOff(now) || hop.inFlight >= config.relay.concurrencyPerHop) return false;
    const job = next(hop, (each) => goesAnyway(hop, each, now));
    if (job === undefined) return false;
    hop.pace.started(now);
    begin(hop, job);
    return true;
  };

  /** Takes the first of these out, if it is surely ours: another node may deliver it else. */
  const next = (hop: Hop, which: (job: Job) => boolean = () => true): Job | undefined => {
    const index = hop.waiting.findIndex(which);
    const job = hop.waiting[index];
    if (job === undefined || !doubt.clears(job)) return undefined;
    hop.waiting.splice(index, 1);
    return job;
  };

  /**
   * The hop is left alone, but nobody's message is kept longer than its time for that, nor one that
   * no policy stands in the way of for a policy's sake.
   */
  const goesAnyway = (hop: Hop, job: Job, now: number): boolean =>
    isExpired(job, config.relay, now) || (hop.refused && asksLess(job, config));

  /** The hop may not begin anything now: what it has goes back if that takes long. */
  const park = (hop: Hop): void => {
    const now = clock.now();
    if (lines.isCrowded(hop)) giveBack(hop, hop.waiting);
    if (hop.pace.isBackingOff(now)) {
      giveBack(
        hop,
        hop.waiting.filter((job) => !goesAnyway(hop, job, now)),
      );
    }
    attend(hop);
  };

  const giveBack = (hop: Hop, jobs: readonly Job[]): void => {
    if (jobs.length === 0) return;
    const gone = new Set(jobs);
    hop.waiting = hop.waiting.filter((job) => !gone.has(job));
    hop.settling += jobs.length;
    follow(
      giveBackPatiently(jobs, patience).then((written) => {
        hop.settling -= jobs.length;
        table.count(-jobs.length);
        recordUnwritten(written, jobs, log);
        for (const { destination } of jobs) intake.left(destination);
      }),
    );
  };

  /** Sees to it that the hop goes on: more jobs when it has room, a timer when it has to wait. */
  const attend = (hop: Hop): void => {
    if (isClosed()) return;
    const now = clock.now();
    const changeAt = hop.pace.nextChangeAt(now);
    const hasWork = hop.waiting.length > 0 || hop.backlog.size > 0;
    if (changeAt !== undefined && hasWork && hop.timer === undefined) {
      hop.timer = clock.after(changeAt - now, () => {
        hop.timer = undefined;
        if (hop.waiting.length > 0) ready.add(hop);
        pump();
        attend(hop);
      });
    }
    if (!hop.pace.isBackingOff(now) && hop.waiting.length * 2 <= hop.pace.room())
      intake.refill(hop);
  };

  const begin = (hop: Hop, job: Job, turn?: HostSlot): void => {
    inFlight += 1;
    hop.inFlight += 1;
    hop.lastUsedAt = clock.now();
    follow(run(hop, job, turn));
  };

  const run = async (hop: Hop, job: Job, turn?: HostSlot): Promise<void> => {
    const delivery = attemptJob(job, attemptDeps(turn), knownFault(hop, clock.now()));
    deliveries.add(delivery);
    const end = await delivery;
    deliveries.delete(delivery);
    const now = clock.now();
    inFlight -= 1;
    hop.inFlight -= 1;
    if (end.kind === 'host-full') {
      if (turn !== undefined) lines.end(hop, turn);
      hop.waiting.unshift(job);
      if (!isClosed()) lines.join(hop, end.hosts);
      ready.add(hop);
      pump();
      return;
    }
    hop.settling += 1;
    if (end.kind === 'ended') learn(hop, end, now);
    if (turn !== undefined) carryOn(hop, turn);
    if (hop.waiting.length > 0) ready.add(hop);
    pump();
    await write(job, end);
    hop.settling -= 1;
    table.count(-1);
    hop.lastUsedAt = clock.now();
    attend(hop);
  };

  const carryOn = (hop: Hop, turn: HostSlot): void => {
    const now = clock.now();
    const may = !isClosed() && hop.pace.mayStart(hop.inFlight, now) && lines.goOn(hop, turn);
    const job = may ? next(hop) : undefined;
    if (job === undefined) {
      lines.end(hop, turn);
      return;
    }
    hop.pace.started(now);
    begin(hop, job, turn);
  };

  const learn = (hop: Hop, end: Extract<AttemptEnd, { kind: 'ended' }>, now: number): void => {
    const rested = hop.pace.isBackingOff(now);
    // What no policy stands in the way of shows nothing of those that one keeps back.
    if (rested && hop.refused && asksLess(end.attempt.job, config)) return;
    hop.pace.ended(end.sign, now);
    if (end.sign === 'answered') forget(hop);
    else if (end.sign === 'failed' && !rested) {
      const { unreachable: failure } = end;
      hop.unreachable = failure === undefined ? undefined : { failure, at: now };
      hop.refused = end.refused;
    }
    hop.timer?.cancel();
    hop.timer = undefined;
  };

  const forget = (hop: Hop): void => {
    hop.unreachable = undefined;
    hop.refused = false;
  };

  const write = async (job: Job, end: WrittenEnd): Promise<void> => {
    record(job, end);
    if (end.kind === 'broken-off') {
      recordUnwritten(await giveBackPatiently([job], patience), [job], log);
      return;
    }
    const { settlement } = end.consequences;
    recordUnwritten(await settlePatiently(job, settlement, patience), [job], log);
  };

  const attemptDeps = (turn?: HostSlot): Parameters<typeof attemptJob>[1] => ({
    ...options,
    engine,
    config,
    routes,
    own,
    sessions:
      turn === undefined ? pool : { lease: async (wish) => await pool.lease({ ...wish, turn }) },
    notify(notice) {
      const notices = options.notify(notice);
      for (const _ of notices.notifications) metrics.bounced(notice.kind);
      return notices;
    },
    signal: breakOff.signal,
  });

  const stopDeliveries = async (): Promise<void> => {
    let timer: Timer | undefined;
    const outOfTime = new Promise<void>((resolve) => {
      timer = clock.after(config.relay.shutdownTimeoutMs, resolve);
    });
    await Promise.race([Promise.all(deliveries), outOfTime]);
    timer?.cancel();
    breakOff.abort(new Error('the service stops'));
    await Promise.all(deliveries);
  };

  const stopWrites = async (): Promise<void> => {
    const timer = clock.after(LAST_WRITES_MS, () => noMoreTime.abort(new Error('out of time')));
    await Promise.all([intake.close(), doubt.close()]);
    pump();
    while (work.size > 0) await Promise.all(work);
    timer.cancel();
  };

  return {
    start() {
      if (stage !== 'new') return;
      stage = 'running';
      queue.handOver = intake;
      intake.look();
    },
    wake(destination) {
      if (destination === undefined) {
        intake.lookAnew();
        return;
      }
      const hop = table.find(destination, clock.now());
      hop?.pace.forgive(hop.inFlight);
      intake.first(destination);
    },
    reload(next, nextRoutes) {
      config = next;
      routes = nextRoutes;
      own = options.own?.(config);
      table.configure(tableSettings(config, routes));
      pool.configure(poolSettings(config));
      // What kept a hop from working may be what was changed: a route, a password, a trust anchor.
      for (const hop of table.known()) hop.pace.forgive();
      rouse();
    },
    async stop() {
      if (stage === 'stopped' || stage === 'stopping') return;
      stage = 'stopping';
      for (const hop of table.known()) {
        hop.timer?.cancel();
        lines.leave(hop);
      }
      rouse();
      await stopDeliveries();
      await stopWrites();
      await pool.close();
      stage = 'stopped';
    },
    stats,
  };
}
