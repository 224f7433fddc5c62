/**
 * Keeps sessions for a while after a message, for the next one to the same host under the same
 * requirement.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import { nextHopText } from '../../tls-policy/next-hop.ts';
import { openSession, type SessionAttempt } from '../../tls-policy/session.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import { createHostGate } from './host-gate.ts';
import { createOwnLine } from './own-line.ts';
import { createSessionKeys } from './session-key.ts';
import { stayInLine } from './stay-in-line.ts';
import type { PoolSettings, SessionLease, SessionPool, SessionWish } from './types.ts';

/** A certificate or a record may be withdrawn: no session outlives this. Milliseconds. */
const MAX_AGE_MS = 5 * 60_000;
/** Longest wait for a session that is in use, where a new one would end somebody else's. Milliseconds. */
const OWN_MS = 1_000;

/** What a pool stands on. */
export interface SessionPoolOptions {
  readonly clock: Clock;
  readonly settings: PoolSettings;
}

type Ready = Extract<SessionAttempt, { kind: 'ready' }>;

/** A place at a host while it is used. */
interface Place {
  readonly host: string;
  leave(): void;
}

/** A session of the pool. */
interface Kept {
  readonly key: string;
  readonly host: string;
  readonly attempt: Ready;
  readonly ca: readonly string[] | undefined;
  readonly openedAt: number;
  /** Of the settings it was opened under. */
  readonly generation: number;
  /** Policy domains that know of it. */
  readonly domains: Set<string>;
  messages: number;
  idleSince: number;
}

/** Makes an empty pool. Timers run only while a session waits. */
export function createSessionPool({ clock, settings: first }: SessionPoolOptions): SessionPool {
  let settings = first;
  let generation = 0;
  let timer: Timer | undefined;
  const keyOf = createSessionKeys();
  const gate = createHostGate({ clock, settings: first.perHost });
  const byKey = new Map<string, Kept[]>();
  /** Those that wait, the longest first. */
  const idle = new Set<Kept>();
  const closing = new Set<Promise<void>>();
  /** Sessions in use, and those that are being opened, by host. */
  const connections = new Map<string, number>();
  const own = createOwnLine(clock);
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

  const idleAt = (host: string): readonly Kept[] => [...idle].filter((kept) => kept.host === host);

  /** How many that wait must end for one more: a session that waits is a connection too. */
  const surplus = (host: string, there: readonly Kept[]): number =>
    Math.max(0, (connections.get(host) ?? 0) + 1 + there.length - settings.perHost.most);

  /** The oldest of the host makes room. */
  const makeRoom = (host: string): void => {
    const there = idleAt(host);
    for (const kept of there.slice(0, surplus(host, there))) {
      takeOut(kept);
      bid(kept);
    }
  };

  const connected = (host: string, by: 1 | -1): void => {
    const left = (connections.get(host) ?? 0) + by;
    if (left > 0) connections.set(host, left);
    else connections.delete(host);
  };

  /**
   * A kept one; or one that is in use and handed back soon, where a new one would cost another
   * domain its own: many domains on one host would else come to a handshake for each message.
   */
  const takeOwn = async (
    key: string,
    wish: SessionWish,
    host: string,
  ): Promise<Kept | undefined> => {
    const end = clock.now() + OWN_MS;
    for (;;) {
      const kept = takeKept(key, wish);
      const left = Math.min(OWN_MS, end - clock.now());
      if (kept !== undefined || left <= 0 || !own.mayWait(key)) return kept;
      const { signal } = wish.open;
      if (signal?.aborted === true || surplus(host, idleAt(host)) === 0) return undefined;
      await own.wait(key, left, signal);
    }
  };

  const leaseOf = (kept: Kept, place: Place, reused: boolean): SessionLease => {
    counts.inUse += 1;
    kept.messages += 1;
    own.used(kept.key);
    return {
      attempt: kept.attempt,
      reused,
      release: async () => {
        counts.inUse -= 1;
        if (mayKeep(kept)) keep(kept);
        else bid(kept);
        connected(kept.host, -1);
        own.freed(kept.key);
        place.leave();
        await Promise.resolve();
      },
    };
  };

  const openFresh = async (
    key: string,
    { open, decision }: SessionWish,
    place: Place,
  ): Promise<SessionLease> => {
    const openedUnder = generation;
    makeRoom(place.host);
    connected(place.host, 1);
    const giveUp = (): void => {
      connected(place.host, -1);
      place.leave();
    };
    const attempt = await openSession(open).catch((error: unknown) => {
      giveUp();
      throw error;
    });
    if (attempt.kind !== 'ready') {
      giveUp();
      return unkept(attempt);
    }
    counts.opened += 1;
    const now = clock.now();
    const kept: Kept = {
      key,
      host: place.host,
      attempt,
      ca: open.ca,
      openedAt: now,
      generation: openedUnder,
      domains: new Set([domainOf(decision)]),
      messages: 0,
      idleSince: now,
    };
    return leaseOf(kept, place, false);
  };

  const clear = (): void => {
    generation += 1;
    timer?.cancel();
    timer = undefined;
    closeIdle(() => true);
  };

  const placeFor = async (wish: SessionWish, host: string): Promise<Place | undefined> => {
    const { turn } = wish;
    // Who waited for the slot may go on with it: it is not ours to give up.
    if (turn?.claim(host) === true) return { host, leave: () => undefined };
    const slot =
      gate.enter(host) ??
      (wish.whenFull === 'stay'
        ? await stayInLine(gate, { host, clock, signal: wish.open.signal })
        : undefined);
    return slot === undefined ? undefined : { host, leave: () => slot.leave() };
  };

  return {
    async lease(wish) {
      // A host that is refused unseen takes no place.
      if (isRefusedUnseen(wish)) return unkept(await openSession(wish.open));
      const host = hostText(wish);
      const key = keyOf(wish);
      const place = await placeFor(wish, host);
      if (place === undefined) return { full: host };
      const kept = wish.from === 'fresh' ? undefined : await takeOwn(key, wish, host);
      if (wish.from === 'fresh') counts.stale += 1;
      if (kept === undefined) return await openFresh(key, wish, place);
      counts.reused += 1;
      connected(host, 1);
      tellNewDomain(kept, wish);
      return leaseOf(kept, place, true);
    },
    hasRoom: (host) => gate.hasRoom(host),
    wait: (hosts, onTurn) => gate.wait(hosts, onTurn),
    numbers: () => ({ ...counts, idle: idle.size }),
    configure(next) {
      settings = next;
      clear();
      gate.configure(next.perHost);
    },
    async close() {
      settings = { ...settings, idleMs: 0 };
      gate.close();
      clear();
      await Promise.all(closing);
    },
  };
}

function unkept(attempt: SessionAttempt): SessionLease {
  return { attempt, reused: false, release: async () => await Promise.resolve() };
}

/**
 * Reports count the sessions that served each policy domain (RFC 8460 §4.3): where domains share a
 * session, it counts once for each.
 */
function tellNewDomain({ attempt, domains }: Kept, { open, decision }: SessionWish): void {
  const domain = domainOf(decision);
  if (domains.has(domain)) return;
  domains.add(domain);
  open.onAttempt?.(attempt.event);
}

function domainOf({ policy }: DecisionRecord): string {
  return nextHopText(policy.nextHop);
}

function isRefusedUnseen({ open: { hostPolicy, policyUse } }: SessionWish): boolean {
  return hostPolicy.requirement.kind === 'refused' && policyUse !== 'report-only';
}

function hostText({ open: { hostPolicy, address } }: SessionWish): string {
  return address.includes(':')
    ? `[${address}]:${hostPolicy.port}`
    : `${address}:${hostPolicy.port}`;
}
