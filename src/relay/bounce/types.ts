/**
 * What has to be known to tell an author what became of a message.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { MessageSource, Recipient, Reply } from '../../smtp/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { Notification, QueuedMessage } from '../queue/types.ts';

/** What the author is told (RFC 3464 §2.3.3). */
export type NoticeKind =
  /** The message is returned: nobody tries any more. */
  | 'failed'
  /** The message waits and is tried again. */
  | 'delayed'
  /** Handed to a host that does not speak DSN: it cannot say what becomes of it (RFC 3461 §5.2.2). */
  | 'relayed';

/** Why nobody tries any more. */
export type Ending =
  /** A server said no for good, or the fault is one that does not pass. */
  | 'rejected'
  /** It was tried for as long as the queue keeps a message. */
  | 'expired'
  /** An operator returned it. */
  | 'operator';

/** One recipient, and the newest that is known of it. */
export interface NoticeRecipient extends Recipient {
  /** Absent where it was relayed, or where the queue knows the text alone. */
  readonly failure?: Failure;
  /** What the server said, where one did. */
  readonly reply?: Reply;
  /** The host that spoke, or that was tried; absent or '' where there was none. */
  readonly host?: string;
  /** Status that was settled (RFC 3463); absent or '' : it is worked out of reply and failure. */
  readonly code?: string;
  /** One line: what the queue kept. Used where neither failure nor reply is at hand. */
  readonly text?: string;
}

/** What to tell, about whom. All times in milliseconds since the Unix epoch. */
export interface NoticeOptions {
  readonly kind: NoticeKind;
  /** For `failed`; default `rejected`. */
  readonly ending?: Ending;
  readonly message: QueuedMessage;
  /** Reads the content from its start each time it is called; read only while the notification is. */
  readonly content: () => MessageSource;
  /** Of one job, all in the same plight: those that failed, or those that wait. */
  readonly recipients: readonly NoticeRecipient[];
  /** The job's destination: recipient domain or address literal. */
  readonly destination: string;
  /** The newest decision: names the policy that was in force. */
  readonly decision?: DecisionRecord;
  /** Of the newest attempt. */
  readonly events?: readonly AttemptEvent[];
  /** Attempts so far, the newest with them. */
  readonly attempts: number;
  /** When the newest attempt ended; default `now`. */
  readonly lastAttemptAt?: number;
  /** For `delayed`: the end of the message's time. */
  readonly willRetryUntil?: number;
  /** Our own host name. */
  readonly reportingMta: string;
  readonly now: number;
}

/** A recipient of whom nobody is told, for the log. */
export interface DroppedNotice {
  readonly recipient: string;
  readonly why: string;
}

/** What to queue, and what to log. */
export interface Notices {
  /** None or one today; the author of a message is one. */
  readonly notifications: readonly Notification[];
  /** Nobody is told, and why. Recipients that never asked to hear of a success are not in it. */
  readonly dropped: readonly DroppedNotice[];
}
