/**
 * Octets in memory that many clients share: none may take all of them, and small reports always
 * find some left.
 *
 * @module
 */
import type { Budget } from './gate.ts';

/** How it is shared out, in octets. */
export interface Shares {
  /** All together. */
  readonly limit: number;
  /** Of one client, unless it sends one report only. */
  readonly perClient: number;
  /** Of the limit, for bodies that are no larger than `small`. */
  readonly reserve: number;
  readonly small: number;
}

/** A budget that is shared out. */
export interface SharedBudget {
  /** The budget of one body of a client. */
  bodyOf(client: string): Budget;
  readonly held: number;
}

/** Nothing is held at first. */
export function createSharedBudget({ limit, perClient, reserve, small }: Shares): SharedBudget {
  const clients = new Map<string, number>();
  let all = 0;
  const add = (client: string, octets: number): void => {
    all += octets;
    const held = (clients.get(client) ?? 0) + octets;
    if (held === 0) clients.delete(client);
    else clients.set(client, held);
  };
  return {
    get held() {
      return all;
    },
    bodyOf(client) {
      let own = 0;
      const hasRoom = (size: number): boolean => {
        const ofOthers = all - own;
        const ofClient = (clients.get(client) ?? 0) - own;
        // One alone always finds room, however large the settings let it be.
        if (ofClient > 0 && ofClient + size > perClient) return false;
        return ofOthers === 0 || ofOthers + size <= (size <= small ? limit : limit - reserve);
      };
      return {
        get held() {
          return own;
        },
        take(octets) {
          if (!hasRoom(own + octets)) return false;
          own += octets;
          add(client, octets);
          return true;
        },
        give(octets) {
          own -= octets;
          add(client, -octets);
        },
      };
    },
  };
}
