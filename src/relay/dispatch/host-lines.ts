/**
 * Next hops whose host is full stand in line there: what they have waits without a delivery slot,
 * and each turn is one session for a while.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { HostSlot, HostWait } from '../session-pool/host-gate.ts';
import type { SessionPool } from '../session-pool/types.ts';
import type { Hop } from './hop-table.ts';

/** A hop's place in line. */
export interface HopLine {
  /** Where, as `address:port`. */
  readonly hosts: readonly string[];
  /** Jobs that it may have in memory while it waits. */
  readonly ahead: number;
  /** Its turn has come: the place at a host. */
  turn: HostSlot | undefined;
  wait: HostWait | undefined;
  timer: Timer | undefined;
}

/** What the lines stand on. */
export interface HostLinesOptions {
  readonly pool: Pick<SessionPool, 'wait' | 'hasRoom'>;
  readonly clock: Clock;
  /** Jobs in memory of all hops in line together; those beyond have none, and keep their place. */
  readonly jobs: () => number;
  /** The hop may go on: its turn has come, or it is not in line any more. */
  readonly onChange: (hop: Hop) => void;
}

/** All lines. */
export interface HostLines {
  readonly size: number;
  /** The hosts of the hop are full. One that is in line already keeps its place. */
  join(hop: Hop, hosts: readonly string[]): void;
  /** Takes the hop's turn, and stands in line anew where there is more to do. */
  use(hop: Hop): HostSlot | undefined;
  /**
   * A message of a turn has ended. True: another may follow in its place, over the same session; a
   * session for each message would be handshakes and little else.
   */
  goOn(hop: Hop, turn: HostSlot): boolean;
  /** The turn is over. */
  end(hop: Hop, turn: HostSlot): void;
  /** So many are in line that this one may have nothing in memory until its turn. */
  isCrowded(hop: Hop): boolean;
  /** The hop goes its own way; its turn is the next one's. */
  leave(hop: Hop): void;
}

/** Jobs of a hop in line. */
const AHEAD = 2;
/** A turn that is not used goes to the next. Milliseconds. */
const UNUSED_MS = 5_000;
/** A turn lasts so long where others wait. Milliseconds. */
const TURN_MS = 3_000;

/** Nobody is in line yet. */
export function createHostLines({ pool, clock, jobs, onChange }: HostLinesOptions): HostLines {
  const inLine = new Set<Hop>();

  const stand = (hop: Hop, line: HopLine): void => {
    line.wait = pool.wait(line.hosts, (slot) => {
      line.wait = undefined;
      line.turn = slot;
      line.timer = clock.after(UNUSED_MS, () => {
        leave(hop);
        onChange(hop);
      });
      onChange(hop);
    });
  };

  const leave = (hop: Hop): void => {
    const { line } = hop;
    if (line === undefined) return;
    hop.line = undefined;
    inLine.delete(hop);
    line.wait?.cancel();
    line.timer?.cancel();
    line.turn?.leave();
  };

  return {
    get size() {
      return inLine.size;
    },
    join(hop, hosts) {
      if (hop.line !== undefined) return;
      const ahead = inLine.size * AHEAD < jobs() ? AHEAD : 0;
      hop.line = { hosts, ahead, turn: undefined, wait: undefined, timer: undefined };
      inLine.add(hop);
      stand(hop, hop.line);
    },
    use(hop) {
      const { line } = hop;
      const turn = line?.turn;
      if (line === undefined || turn === undefined) return undefined;
      line.turn = undefined;
      line.timer?.cancel();
      hop.turns += 1;
      const isDone = hop.waiting.length === 0 && hop.backlog.size === 0;
      if (isDone || line.hosts.some((host) => pool.hasRoom(host))) leave(hop);
      else stand(hop, line);
      return turn;
    },
    goOn: (hop, turn) => turn.claimed && hop.waiting.length > 0 && turn.renew(TURN_MS),
    isCrowded: ({ line, turns }) => line?.ahead === 0 && line.turn === undefined && turns === 0,
    end(hop, turn) {
      hop.turns -= 1;
      turn.leave();
    },
    leave,
  };
}
