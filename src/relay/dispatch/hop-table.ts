/**
 * The next hops that mail waits for or goes to, and how many jobs each may have.
 *
 * @module
 */
import type { Timer } from '../../clock.ts';
import type { Failure } from '../../failure.ts';
import { parseNextHop } from '../../tls-policy/next-hop.ts';
import type { Job } from '../queue/types.ts';
import { hopKey } from '../routes/choice.ts';
import type { Routes } from '../routes/types.ts';
import type { HopLine } from './host-lines.ts';
import { createHopPace, type HopPace, type PaceSettings } from './hop-pace.ts';

/** A next hop. */
export interface Hop {
  readonly key: string;
  readonly pace: HopPace;
  /** Taken, and waiting for their turn. */
  waiting: Job[];
  /** Promised or on their way out of the database. */
  reserved: number;
  inFlight: number;
  /** Delivered or not, but not yet written down. */
  settling: number;
  /** Destinations of it that have more due in the database. */
  readonly backlog: Set<string>;
  fetching: boolean;
  timer: Timer | undefined;
  /** Why nobody there can be reached, by the newest attempt; undefined where somebody was. */
  unreachable: { readonly failure: Failure; readonly at: number } | undefined;
  /** It is left alone for a policy's sake: what asks for less may go meanwhile. */
  refused: boolean;
  /** Its host is full: where it stands in line. */
  line: HopLine | undefined;
  /** Places at hosts that it stood in line for and uses now. */
  turns: number;
  lastUsedAt: number;
}

/** Limits of all hops together. */
export interface TableSettings {
  readonly pace: PaceSettings;
  /** Jobs in memory that are shared out evenly among the hops that have any. */
  readonly share: number;
  readonly port: number;
  readonly routes: Routes | undefined;
}

/** Hops known at a time. */
const MAX_HOPS = 20_000;
/** Keys of destinations that are remembered. */
const MAX_KEYS = 20_000;
/** Every hop may have so many, however many hops there are. */
const LEAST = 2;
/** Messages of a hop that is left alone that are taken together. */
const LAST_CALLS = 100;
/** Jobs of a hop that wait while it uses a place at a host that is full. */
const AT_WORK = 20;
/** Jobs in memory at most, as a multiple of what is shared out. */
const HARD = 2;
/** A hop without work is forgotten after this, and its failures with it. Milliseconds. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** The table. */
export interface HopTable {
  /** The hop of a destination; undefined where no more can be remembered. */
  find(destination: string, now: number): Hop | undefined;
  known(): Iterable<Hop>;
  readonly size: number;
  /** Jobs taken, of all hops. */
  taken(): number;
  count(change: number): void;
  /** How many more a hop may have now. */
  room(hop: Hop): number;
  /** The same for messages that go although the hop is left alone. */
  lastRoom(hop: Hop): number;
  /** No hop may have more. */
  isFull(): boolean;
  sweep(now: number): void;
  configure(settings: TableSettings): void;
}

/** Jobs of a hop that are in memory or on their way. */
export function takenBy({ waiting, reserved, inFlight, settling }: Hop): number {
  return waiting.length + reserved + inFlight + settling;
}

/** Has it work in memory or in the database? */
export function isBusy(hop: Hop): boolean {
  return takenBy(hop) > 0 || hop.backlog.size > 0 || hop.fetching || hop.line !== undefined;
}

/** Why the hop is known to be out of reach while it is left alone. */
export function knownFault({ pace, unreachable }: Hop, now: number): Failure | undefined {
  return pace.isBackingOff(now) ? unreachable?.failure : undefined;
}

/** Makes an empty table. */
export function createHopTable(first: TableSettings): HopTable {
  let settings = first;
  const hops = new Map<string, Hop>();
  const keys = new Map<string, string>();
  let taken = 0;
  let busy = 1;

  const keyOf = (destination: string): string => {
    const known = keys.get(destination);
    if (known !== undefined) return known;
    if (keys.size >= MAX_KEYS) keys.clear();
    const key = keyFor(destination, settings);
    keys.set(destination, key);
    return key;
  };

  const sweep = (now: number): void => {
    busy = 1;
    for (const hop of hops.values()) {
      if (isBusy(hop)) {
        busy += 1;
        continue;
      }
      const isOld = Math.abs(now - hop.lastUsedAt) > FORGOTTEN_AFTER_MS;
      if (!isOld && !hop.pace.isFresh(now)) continue;
      hop.timer?.cancel();
      hops.delete(hop.key);
    }
  };

  return {
    find(destination, now) {
      const key = keyOf(destination);
      const known = hops.get(key);
      if (known !== undefined) return known;
      if (hops.size >= MAX_HOPS) return undefined;
      const hop = newHop(key, settings.pace, now);
      hops.set(key, hop);
      busy += 1;
      return hop;
    },
    known: () => hops.values(),
    get size() {
      return hops.size;
    },
    taken: () => taken,
    count(change) {
      taken += change;
    },
    room(hop) {
      const left = settings.share * HARD - taken;
      const fair = Math.max(LEAST, Math.floor(settings.share / busy));
      const here =
        hop.line === undefined
          ? Math.min(hop.pace.room(), fair) - takenBy(hop)
          : lineRoom(hop.line, hop.turns) - hop.waiting.length - hop.reserved;
      return Math.max(0, Math.min(left, here));
    },
    lastRoom: (hop) =>
      Math.max(0, Math.min(settings.share * HARD - taken, LAST_CALLS - takenBy(hop))),
    isFull: () => taken >= settings.share * HARD,
    sweep,
    configure(next) {
      settings = next;
      keys.clear();
      for (const hop of hops.values()) hop.pace.configure(next.pace);
    },
  };
}

function newHop(key: string, pace: PaceSettings, now: number): Hop {
  return {
    key,
    pace: createHopPace(pace),
    waiting: [],
    reserved: 0,
    inFlight: 0,
    settling: 0,
    backlog: new Set(),
    fetching: false,
    timer: undefined,
    unreachable: undefined,
    refused: false,
    line: undefined,
    turns: 0,
    lastUsedAt: now,
  };
}

/** Jobs under way are not in line: they have their place. */
function lineRoom({ ahead, turn }: HopLine, turns: number): number {
  return turn === undefined && turns === 0 ? ahead : AT_WORK;
}

/** What cannot be read is a hop of its own: its delivery fails at once. */
function keyFor(destination: string, { port, routes }: TableSettings): string {
  const route = routes?.of(destination);
  if (route !== undefined) return hopKey(route.nextHop, route);
  const own = parseNextHop(destination, port);
  return own.ok ? hopKey(own.value, undefined) : `? ${destination}`;
}
