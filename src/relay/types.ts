/**
 * What became of a message: for each recipient, and for each next hop that was tried.
 *
 * @module
 */
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
  /** The message says `TLS-Required: No`: policies were looked at and not enforced (RFC 8689 §4.2.2). */
  readonly policyUse?: 'report-only';
}

/** What became of the message. Recipients are in the order of the envelope. */
export interface DeliveryReport {
  readonly recipients: readonly RecipientReport[];
  readonly hops: readonly HopReport[];
}
