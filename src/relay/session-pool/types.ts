/**
 * Sessions on loan: opened for a message, or kept from an earlier one that asked for the same.
 *
 * @module
 */
import type { OpenSessionOptions, SessionAttempt } from '../../tls-policy/session.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { MessageDemand } from '../require-tls.ts';
import type { GateSettings, HostSlot, HostWait } from './host-gate.ts';

/** What a session is wanted for. */
export interface SessionWish {
  /** How to open one. */
  readonly open: OpenSessionOptions;
  /** What the requirement of the host was made of. */
  readonly decision: DecisionRecord;
  readonly demand: MessageDemand;
  /** As whom the session authenticates itself. */
  readonly authUser?: string;
  /** `fresh`: a kept one has just turned out to be dead. */
  readonly from?: 'kept-or-fresh' | 'fresh';
  /** `stay`: waits for a while where the host is full. Default `leave`: is told so at once. */
  readonly whenFull?: 'leave' | 'stay';
  /** A place at a host that was waited for; whoever waited gives it up afterwards. */
  readonly turn?: HostSlot;
}

/** As many sessions with the host are in use as there may be: `address:port`. */
export interface HostFull {
  readonly full: string;
}

/** Was there no place? */
export function isFull(leased: SessionLease | HostFull): leased is HostFull {
  return 'full' in leased;
}

/** A session for one message. */
export interface SessionLease {
  readonly attempt: SessionAttempt;
  /**
   * It has carried another message; the event of the attempt is the one of its opening. It is told
   * to `open.onAttempt` once for each policy domain that the session serves.
   */
  readonly reused: boolean;
  /** Hands it back: kept for another message, or closed. To be called once, in any case. */
  release(): Promise<void>;
}

/** Where sessions come from. */
export interface SessionSource {
  lease(wish: SessionWish): Promise<SessionLease | HostFull>;
}

/** How long and how many sessions are kept. Milliseconds. */
export interface PoolSettings {
  /** How long a session waits for another message; 0: not at all. */
  readonly idleMs: number;
  /** Messages over one session at most. */
  readonly messagesPerSession: number;
  /** Sessions that wait, all together. */
  readonly maxIdle: number;
  /** For each address of a host. */
  readonly perHost: GateSettings;
}

/** Numbers of the pool. */
export interface PoolNumbers {
  readonly idle: number;
  readonly inUse: number;
  /** Since the start: how many were opened, and how often a kept one was used again. */
  readonly opened: number;
  readonly reused: number;
  /** Kept ones that turned out to be dead when they were wanted again. */
  readonly stale: number;
}

/** Keeps sessions. */
export interface SessionPool extends SessionSource {
  numbers(): PoolNumbers;
  /** Whether another session with the host, `address:port`, may be used now. */
  hasRoom(host: string): boolean;
  /** Stands in line for a place at one of these hosts ({@link HostFull}). */
  wait(hosts: readonly string[], onTurn: (slot: HostSlot) => void): HostWait;
  /** Goes on by other settings; what is kept is closed: it was opened under the old ones. */
  configure(settings: PoolSettings): void;
  /** Closes what is kept; what is still in use is closed when it is handed back. */
  close(): Promise<void>;
}
