/**
 * So many sessions with one address of a host, and so many messages a minute, whatever domains they
 * are for; who finds it full waits in line.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import { createHopPace, type HopPace } from '../dispatch/hop-pace.ts';

/** The limits of each address. */
export interface GateSettings {
  /** Sessions in use at once. */
  readonly most: number;
  /** Messages a minute; 0: any number. */
  readonly perMinute: number;
}

/** The right to one session with one address. */
export interface HostSlot {
  /** `address:port`, by whose text slots are counted. */
  readonly host: string;
  /** Uses the slot for a message; true once, and only for its own host. */
  claim(host: string): boolean;
  readonly claimed: boolean;
  /** Goes on to another message; false where the rate says no, or the slot was held for so long. */
  renew(longestMs: number): boolean;
  /** The next in line may go. Calling it again does nothing. */
  leave(): void;
}

/** A place in line. */
export interface HostWait {
  cancel(): void;
}

/** The gate of all hosts. */
export interface HostGate {
  /** A slot now; undefined where the host is full, or others are in line. */
  enter(host: string): HostSlot | undefined;
  /**
   * Stands in line at these hosts, for the first slot of any; those who came first go first.
   * `onTurn` is called once, never from within; the slot is then the caller's to leave.
   */
  wait(hosts: readonly string[], onTurn: (slot: HostSlot) => void): HostWait;
  /** Whether somebody could enter now. */
  hasRoom(host: string): boolean;
  /** Slots that are given out. */
  inUse(host: string): number;
  configure(settings: GateSettings): void;
  /** No timer runs on. */
  close(): void;
}

interface Host {
  readonly name: string;
  readonly pace: HopPace;
  inUse: number;
  readonly line: Set<Waiter>;
  timer: Timer | undefined;
}

interface Waiter {
  readonly hosts: readonly Host[];
  readonly onTurn: (slot: HostSlot) => void;
}

/** Hosts whose rate is remembered before those that owe nothing are forgotten. */
const MANY = 10_000;

/** Makes a gate; nobody is in. */
export function createHostGate(options: {
  readonly clock: Clock;
  readonly settings: GateSettings;
}): HostGate {
  const { clock } = options;
  let { settings } = options;
  let isOpen = true;
  const hosts = new Map<string, Host>();

  const find = (name: string): Host => {
    const known = hosts.get(name);
    if (known !== undefined) return known;
    if (hosts.size >= MANY) for (const host of hosts.values()) forget(host);
    const host = {
      name,
      pace: createHopPace(paceOf(settings)),
      inUse: 0,
      line: new Set<Waiter>(),
      timer: undefined,
    };
    hosts.set(name, host);
    return host;
  };

  const forget = (host: Host): void => {
    if (host.inUse > 0 || host.line.size > 0 || !host.pace.isFresh(clock.now())) return;
    host.timer?.cancel();
    hosts.delete(host.name);
  };

  const isFree = ({ line, pace, inUse }: Host): boolean =>
    line.size === 0 && pace.mayStart(inUse, clock.now());

  const slotOf = (host: Host): HostSlot => {
    host.inUse += 1;
    const since = clock.now();
    host.pace.started(since);
    let state: 'free' | 'claimed' | 'left' = 'free';
    return {
      host: host.name,
      get claimed() {
        return state !== 'free';
      },
      claim(name) {
        if (state !== 'free' || name !== host.name) return false;
        state = 'claimed';
        return true;
      },
      renew(longestMs) {
        const now = clock.now();
        const mayStay = state !== 'left' && Math.abs(now - since) < longestMs;
        if (!mayStay || !host.pace.mayStart(host.inUse - 1, now)) return false;
        host.pace.started(now);
        state = 'free';
        return true;
      },
      leave() {
        if (state === 'left') return;
        state = 'left';
        host.inUse -= 1;
        serve(host);
        forget(host);
      },
    };
  };

  const serve = (host: Host): void => {
    if (!isOpen) return;
    while (host.line.size > 0 && host.pace.mayStart(host.inUse, clock.now())) {
      const [waiter] = host.line;
      if (waiter === undefined) return;
      stepOut(waiter);
      waiter.onTurn(slotOf(host));
    }
    arm(host);
  };

  /** A rate frees places by itself. */
  const arm = (host: Host): void => {
    const now = clock.now();
    const changeAt = host.pace.nextChangeAt(now);
    if (!isOpen || changeAt === undefined || host.line.size === 0 || host.timer !== undefined)
      return;
    host.timer = clock.after(changeAt - now, () => {
      host.timer = undefined;
      serve(host);
    });
  };

  const stepOut = (waiter: Waiter): void => {
    for (const host of waiter.hosts) host.line.delete(waiter);
  };

  return {
    enter(name) {
      const host = find(name);
      return isFree(host) ? slotOf(host) : undefined;
    },
    hasRoom: (name) => isFree(find(name)),
    wait(names, onTurn) {
      const waiter = { hosts: [...new Set(names)].map(find), onTurn };
      for (const host of waiter.hosts) host.line.add(waiter);
      // Something may have changed since the caller was turned away.
      const timer = clock.after(0, () => {
        for (const host of waiter.hosts) if (host.line.has(waiter)) serve(host);
      });
      return {
        cancel() {
          timer.cancel();
          stepOut(waiter);
          for (const host of waiter.hosts) forget(host);
        },
      };
    },
    inUse: (name) => hosts.get(name)?.inUse ?? 0,
    configure(next) {
      settings = next;
      for (const host of hosts.values()) {
        host.timer?.cancel();
        host.timer = undefined;
        host.pace.configure(paceOf(settings));
        serve(host);
      }
    },
    close() {
      isOpen = false;
      for (const host of hosts.values()) host.timer?.cancel();
    },
  };
}

/** A host that cannot be reached is the affair of each next hop: another host may serve for it. */
function paceOf({ most, perMinute }: GateSettings): Parameters<typeof createHopPace>[0] {
  return { most, perMinute, firstBackoffMs: 0, longestBackoffMs: 0 };
}
