/**
 * What became of a message: for each recipient, and for each next hop that was tried.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { RecipientResult } from '../smtp/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import type { NextHop } from '../tls-policy/next-hop.ts';
import type { DecisionRecord, Verdict } from '../tls-policy/types.ts';

/** What became of one recipient, and over which session. */
export type RecipientReport = RecipientResult & {
  /** Absent where the address names none. */
  readonly nextHop?: NextHop;
  /** The MX host whose reply stands in the result; absent where none was reached. */
  readonly host?: string;
  readonly address?: string;
  /** What the session was worth. */
  readonly verdict?: Verdict;
  /** The session had carried another message before. */
  readonly reused?: boolean;
  /** The server offers DSN: it tells the author of a success where that was asked for (RFC 3461 §5.2). */
  readonly speaksDsn?: boolean;
};

/** What was done for one next hop. */
export interface HopReport {
  readonly nextHop: NextHop;
  /** The newest decision: after a recheck that changed the policy, the second one. */
  readonly decision: DecisionRecord;
  /** In order; hosts that were refused unseen are in it. */
  readonly attempts: readonly AttemptEvent[];
  /** Whether the TXT id was looked up again after a policy failure (RFC 8461 §5.1). */
  readonly recheck: 'not-needed' | 'unchanged' | 'changed';
  /** Why that look was not good enough to end a message on. */
  readonly doubt?: Failure;
  /**
   * Policies were looked at and not enforced: the message says `TLS-Required: No` (RFC 8689 §4.2.2),
   * or the operator only watches.
   */
  readonly policyUse?: 'report-only';
  /** Hosts that had no room for another session, as `address:port`: the rest waits for one of them. */
  readonly full?: readonly string[];
}

/** What became of the message. Recipients are in the order of the envelope. */
export interface DeliveryReport {
  readonly recipients: readonly RecipientReport[];
  readonly hops: readonly HopReport[];
}
