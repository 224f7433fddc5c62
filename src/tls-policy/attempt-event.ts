/**
 * One event for each attempt to open a session: what reports, metrics and the log are made of.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { PeerTls } from '../tls/types.ts';
import type { HostPolicy, Requirement, Verdict } from './types.ts';

/** How an attempt ended. */
export type AttemptOutcome =
  /** A session that may carry messages. */
  | 'ready'
  /** The host may not be used, or showed too little. */
  | 'refused'
  /** No session came about: a fault of the network, not of a policy (RFC 8461 App. B). */
  | 'unreachable';

/** A second connection within the same attempt, and why. */
export type SecondTry =
  /** TLS failed where nothing demands it: in clear (RFC 7435). */
  | 'clear'
  /** Same host, SNI changed from the TLSA base domain to the MX host. */
  | 'other-sni';

/** One logical session with one address of one host; a second try counts as the same session. */
export interface AttemptEvent {
  readonly host: string;
  /** Undefined where the host was refused before any connection. */
  readonly address: string | undefined;
  readonly port: number;
  readonly preference: number;
  readonly requirement: Requirement;
  readonly level: HostPolicy['level'];
  readonly outcome: AttemptOutcome;
  /** Absent where the session never got as far as a verdict. */
  readonly verdict?: Verdict;
  /** What a report counts (RFC 8460 §4.3): the refusal, what `testing` would refuse, or why a session is in clear. */
  readonly failure?: Failure;
  /** First line of the server's greeting. */
  readonly banner?: string;
  readonly localAddress?: string;
  readonly tls?: Pick<PeerTls, 'protocol' | 'cipher' | 'servername'>;
  readonly secondTry?: SecondTry;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
}
