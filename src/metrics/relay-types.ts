/**
 * What the relay counts, as types. Every label has a closed set of values.
 *
 * @module
 */

/** How an accepted message came in; as `Origin.via` of the queue. */
export type RelayVia = 'submission' | 'network' | 'own';

/** Why a client of the relay was refused something. */
export type RelayRefusal =
  /** Neither from a trusted network nor authenticated. */
  | 'not-allowed'
  /** AUTH with a wrong name or password. */
  | 'credentials'
  /** More connections than there may be. */
  | 'connections'
  /** More messages a minute than one client may hand in. */
  | 'rate'
  /** A sender or recipient that is no address. */
  | 'address'
  | 'too-big'
  | 'too-many-recipients'
  /** Too many `Received` fields (RFC 5321 §6.3). */
  | 'loop'
  /** REQUIRETLS that cannot be promised (RFC 8689 §4). */
  | 'require-tls'
  /** Content that breaks the rules: a bare CR or LF, a line too long. */
  | 'content'
  /** Wrong or unknown commands, or too many of them. */
  | 'protocol'
  /** The client stopped talking. */
  | 'timeout'
  /** The queue cannot take it: disk full, database gone. */
  | 'queue'
  | 'other';

/** What an attempt at a job came to, for all its recipients together. */
export type RelayAttemptOutcome =
  /** All were taken. */
  | 'delivered'
  /** Some were. */
  | 'partly'
  /** A server said later. */
  | 'deferred'
  /** No session that may be used, for a reason of TLS or of a policy. */
  | 'policy'
  /** Nobody answered. */
  | 'unreachable'
  /** Nobody waits, and nobody was taken. */
  | 'failed'
  /** An error of this program. */
  | 'broken'
  /** Given back because the service stops. */
  | 'stopped';

/** What an attempt made of a recipient. */
export type RelayRecipientOutcome = 'delivered' | 'deferred' | 'failed';

/** Kinds of notifications. */
export type RelayBounceKind = 'failed' | 'delayed' | 'relayed';

/** The queue in numbers. */
export interface RelayQueueNumbers {
  readonly messages: number;
  /** Jobs that wait for their time. */
  readonly waiting: number;
  readonly held: number;
  /** Jobs that a node has taken. */
  readonly inDelivery: number;
  /** Milliseconds since the Unix epoch; undefined: the queue is empty. */
  readonly oldestAcceptedAt: number | undefined;
}

/** The dispatcher in numbers. */
export interface RelayDispatchNumbers {
  /** Jobs that this node has taken: under way, waiting for room, or waiting to be written back. */
  readonly taken: number;
  /** Deliveries under way. */
  readonly inFlight: number;
  /** Next hops that are left alone for a while because nobody there answers. */
  readonly hopsBackingOff: number;
  readonly sessions: {
    readonly idle: number;
    readonly inUse: number;
    /** Since the start: messages over a new session, and over one that had carried another. */
    readonly opened: number;
    readonly reused: number;
  };
}

/** What the relay counts. */
export interface RelayMetrics {
  /** A message is on disk and `250` is said. */
  accepted(via: RelayVia): void;
  refused(reason: RelayRefusal): void;
  /** An AUTH that failed; counts as a refusal with reason `credentials` too. */
  authFailed(): void;
  /** @param tookMs milliseconds from the end of the content to the commit */
  committed(tookMs: number): void;
  attempted(outcome: RelayAttemptOutcome): void;
  /** @param count recipients, default 1 */
  recipients(outcome: RelayRecipientOutcome, count?: number): void;
  /** @param sinceAcceptedMs milliseconds from acceptance to delivery */
  delivered(sinceAcceptedMs: number): void;
  bounced(kind: RelayBounceKind): void;
  /** In shadow mode: a delivery that policies would have kept waiting. */
  wouldWait(): void;
  /** Whether policies are only looked at, not enforced. */
  shadow(on: boolean): void;
  /** Called at each scrape: connections of clients that are open. */
  watchConnections(read: () => number): void;
  /** Called at each scrape, once; may ask the database. */
  watchQueue(read: () => Promise<RelayQueueNumbers>, now: () => number): void;
  /** Called at each scrape. */
  watchDispatch(read: () => RelayDispatchNumbers): void;
}
