/**
 * Keeps sessions for a while after a message, for the next one to the same host under the same
 * requirement.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import { openSession, type SessionAttempt } from '../../tls-policy/session.ts';
import { createSessionKeys } from './session-key.ts';
import type { PoolSettings, SessionLease, SessionPool, SessionWish } from './types.ts';

/** A certificate or a record may be withdrawn: no session outlives this. Milliseconds. */
const MAX_AGE_MS = 5 * 60_000;

/** What a pool stands on. */
export interface SessionPoolOptions {
  readonly clock: Clock;
  readonly settings: PoolSettings;
}

type Ready = Extract<SessionAttempt, { kind: 'ready' }>;

/** A session of the pool. */
interface Kept {
  readonly key: string;
  readonly attempt: Ready;
  readonly ca: readonly string[] | undefined;
  readonly openedAt: number;
  /** Of the settings it was opened under. */
  readonly generation: number;
  messages: number;
  idleSince: number;
}

/** Makes an empty pool. Timers run only while a session waits. */
export function createSessionPool({ clock, settings: first }: SessionPoolOptions): SessionPool {
  let settings = first;
  let generation = 0;
  let timer: Timer | undefined;
  const keyOf = createSessionKeys();
  const byKey = new Map<string, Kept[]>();
  /** Those that wait, the longest first. */
  const idle = new Set<Kept>();
  const closing = new Set<Promise<void>>();
  const counts = { inUse: 0, opened: 0, reused: 0, stale: 0 };

  const takeOut = (kept: Kept): void => {
    idle.delete(kept);
    const others = byKey.get(kept.key)?.filter((other) => other !== kept) ?? [];
    if (others.length === 0) byKey.delete(kept.key);
    else byKey.set(kept.key, others);
  };

  /** Not waited for: nobody's message depends on a goodbye. */
  const bid = ({ attempt: { session } }: Kept): void => {
    if (!session.usable) {
      session.destroy();
      return;
    }
    const goodbye = session.quit().catch(() => session.destroy());
    closing.add(goodbye);
    void goodbye.finally(() => closing.delete(goodbye));
  };

  const closeIdle = (which: (kept: Kept) => boolean): void => {
    for (const kept of idle) {
      if (!which(kept)) continue;
      takeOut(kept);
      bid(kept);
    }
  };

  /** Also true after a clock that went backwards: better one session less. */
  const isOver = (kept: Kept, now: number): boolean =>
    now - kept.idleSince >= settings.idleMs ||
    now - kept.openedAt >= MAX_AGE_MS ||
    now < kept.idleSince;

  const arm = (): void => {
    if (timer !== undefined || idle.size === 0) return;
    timer = clock.after(settings.idleMs, () => {
      timer = undefined;
      const now = clock.now();
      closeIdle((kept) => isOver(kept, now));
      arm();
    });
  };

  const isStillGood = (kept: Kept, { open }: SessionWish, now: number): boolean =>
    kept.attempt.session.usable && kept.ca === open.ca && !isOver(kept, now);

  const takeKept = (key: string, wish: SessionWish): Kept | undefined => {
    for (;;) {
      // The newest: the others may then come to the end of their time.
      const kept = byKey.get(key)?.at(-1);
      if (kept === undefined) return undefined;
      takeOut(kept);
      if (isStillGood(kept, wish, clock.now())) return kept;
      if (!kept.attempt.session.usable) counts.stale += 1;
      bid(kept);
    }
  };

  const mayKeep = (kept: Kept): boolean =>
    kept.attempt.session.usable &&
    kept.generation === generation &&
    settings.idleMs > 0 &&
    settings.maxIdle > 0 &&
    kept.messages < settings.messagesPerSession &&
    clock.now() - kept.openedAt < MAX_AGE_MS;

  const keep = (kept: Kept): void => {
    const [longest] = idle;
    if (idle.size >= settings.maxIdle && longest !== undefined) {
      takeOut(longest);
      bid(longest);
    }
    kept.idleSince = clock.now();
    idle.add(kept);
    byKey.set(kept.key, [...(byKey.get(kept.key) ?? []), kept]);
    arm();
  };

  const leaseOf = (kept: Kept, reused: boolean): SessionLease => {
    counts.inUse += 1;
    kept.messages += 1;
    return {
      attempt: kept.attempt,
      reused,
      release: async () => {
        counts.inUse -= 1;
        if (mayKeep(kept)) keep(kept);
        else bid(kept);
        await Promise.resolve();
      },
    };
  };

  const openFresh = async (key: string, { open }: SessionWish): Promise<SessionLease> => {
    const openedUnder = generation;
    const attempt = await openSession(open);
    if (attempt.kind !== 'ready') {
      return { attempt, reused: false, release: async () => await Promise.resolve() };
    }
    counts.opened += 1;
    const now = clock.now();
    const kept: Kept = {
      key,
      attempt,
      ca: open.ca,
      openedAt: now,
      generation: openedUnder,
      messages: 0,
      idleSince: now,
    };
    return leaseOf(kept, false);
  };

  const clear = (): void => {
    generation += 1;
    timer?.cancel();
    timer = undefined;
    closeIdle(() => true);
  };

  return {
    async lease(wish) {
      const key = keyOf(wish);
      const kept = wish.from === 'fresh' ? undefined : takeKept(key, wish);
      if (wish.from === 'fresh') counts.stale += 1;
      if (kept === undefined) return await openFresh(key, wish);
      counts.reused += 1;
      return leaseOf(kept, true);
    },
    numbers: () => ({ ...counts, idle: idle.size }),
    configure(next) {
      settings = next;
      clear();
    },
    async close() {
      settings = { ...settings, idleMs: 0 };
      clear();
      await Promise.all(closing);
    },
  };
}
