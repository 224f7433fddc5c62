/**
 * How much may go to one next hop at a time. Pure but for the state it keeps.
 *
 * @module
 */

/** What sets the pace. Milliseconds. */
export interface PaceSettings {
  /** Deliveries at once. */
  readonly most: number;
  /** Deliveries a minute; 0: any number. */
  readonly perMinute: number;
  /** How long a hop is left alone after its first failure; doubled with each further one. */
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
}

/** What a delivery showed of its next hop. */
export type HopSign =
  /** A server there answered the message. */
  | 'answered'
  /** Nobody there took it on: no connection, no greeting, no TLS that may be used, no DNS answer. */
  | 'failed'
  /** Nothing: the fault lies with the message or with us. */
  | 'none';

/** The pace of one hop. */
export interface HopPace {
  /** May one more begin, with so many under way? */
  mayStart(inFlight: number, now: number): boolean;
  /** One more begins. */
  started(now: number): void;
  ended(sign: HopSign, now: number): void;
  /** How many may be taken ahead of time. */
  room(): number;
  isBackingOff(now: number): boolean;
  /** When something changes by itself: the end of a backoff, the next message of a rate. */
  nextChangeAt(now: number): number | undefined;
  /** An operator says: try now, one more than there are under way. */
  forgive(inFlight?: number): void;
  configure(settings: PaceSettings): void;
  /** Nothing is remembered that a new one would not know. */
  isFresh(now: number): boolean;
}

/** Jobs that may wait in memory for a hop that takes them fast. */
const AHEAD = 100;

/**
 * Slow start: after a failure one message at a time, then one more for each that is answered. A hop
 * that fails is left alone for a while, so that one message and not all of them finds out whether
 * it is still dead.
 */
export function createHopPace(first: PaceSettings): HopPace {
  let settings = first;
  let limit = settings.most;
  let failures = 0;
  let backoffUntil = 0;
  let tokens = burst(settings);
  let tokensAt: number | undefined;

  const refill = (now: number): void => {
    const since = Math.max(0, now - (tokensAt ?? now));
    tokens = Math.min(burst(settings), tokens + (since * settings.perMinute) / MINUTE_MS);
    tokensAt = now;
  };
  const hasToken = (now: number): boolean => {
    if (settings.perMinute === 0) return true;
    refill(now);
    return tokens >= 1 - ROUNDING;
  };
  // A clock that goes back must not prolong it.
  const isBackingOff = (now: number): boolean =>
    now < backoffUntil && backoffUntil - now <= settings.longestBackoffMs;

  return {
    mayStart: (inFlight, now) => inFlight < limit && !isBackingOff(now) && hasToken(now),
    started(now) {
      if (settings.perMinute === 0) return;
      refill(now);
      tokens -= 1;
    },
    ended(sign, now) {
      switch (sign) {
        case 'answered':
          failures = 0;
          backoffUntil = 0;
          limit = Math.min(settings.most, limit + 1);
          return;
        case 'failed':
          // Those that began together fail together: that is one failure.
          if (isBackingOff(now)) return;
          failures += 1;
          limit = 1;
          backoffUntil = now + backoff(failures, settings);
          return;
        case 'none':
          return;
        default:
          sign satisfies never;
      }
    },
    room() {
      const ahead = limit < settings.most ? 2 * limit - 1 : Math.max(AHEAD, 2 * limit);
      return settings.perMinute === 0 ? ahead : Math.min(ahead, settings.perMinute);
    },
    isBackingOff,
    nextChangeAt(now) {
      if (isBackingOff(now)) return backoffUntil;
      if (hasToken(now)) return undefined;
      return now + Math.ceil(((1 - tokens) * MINUTE_MS) / settings.perMinute);
    },
    forgive(inFlight = 0) {
      backoffUntil = 0;
      limit = Math.min(settings.most, Math.max(limit, inFlight + 1));
    },
    configure(next) {
      const wasFull = limit >= settings.most;
      settings = next;
      limit = wasFull ? settings.most : Math.min(limit, settings.most);
      tokens = Math.min(tokens, burst(settings));
    },
    isFresh(now) {
      if (settings.perMinute > 0) refill(now);
      return limit === settings.most && !isBackingOff(now) && tokens >= burst(settings);
    },
  };
}

const MINUTE_MS = 60_000;
/** Fractions of a token add up inexactly. */
const ROUNDING = 1e-9;

/** A second's worth may go at once. */
function burst({ perMinute }: PaceSettings): number {
  return Math.max(1, Math.floor(perMinute / 60));
}

function backoff(failures: number, { firstBackoffMs, longestBackoffMs }: PaceSettings): number {
  return Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 20));
}
