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

/** What an attempt at a job came to. */
export type RelayAttemptOutcome =
  /** Every recipient has it. */
  | 'delivered'
  /** Somebody still waits. */
  | 'deferred'
  /** Nobody waits, and somebody was refused for good. */
  | 'failed'
  /** Given back untried: the service stops, the hop has no room. */
  | 'gave-back';

/** Why an attempt was not a delivery. */
export type RelayAttemptCause =
  /** It was a delivery, or was given back. */
  | 'none'
  /** No host may be used under the policies of the domain. */
  | 'policy'
  /** A host showed too little in its handshake, or none came about where one must. */
  | 'tls'
  /** No answer from DNS that can be believed, or no such domain. */
  | 'dns'
  /** No connection, or one that was lost. */
  | 'network'
  /** The server's own words: 4xx or 5xx. */
  | 'reply'
  /** The route of the mail: its password or what it demands. */
  | 'route'
  /** A fault of this machine. */
  | 'local';

/** What became of a recipient in the end; `deferred` counts each attempt that left one waiting. */
export type RelayRecipientOutcome = 'delivered' | 'deferred' | 'failed' | 'dropped';

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
  /** Deliveries under way. */
  readonly underWay: number;
  /** Next hops that are left alone for a while because they failed. */
  readonly hopsBackingOff: number;
  /** Sessions to other servers that are open, in use or idle. */
  readonly sessionsOpen: number;
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
  attempted(outcome: RelayAttemptOutcome, cause: RelayAttemptCause): void;
  /** @param count recipients, default 1 */
  recipients(outcome: RelayRecipientOutcome, count?: number): void;
  /** @param sinceAcceptedMs milliseconds from acceptance to the delivery of a job */
  delivered(sinceAcceptedMs: number): void;
  bounced(kind: RelayBounceKind): void;
  /** In shadow mode: a delivery that policies would have kept waiting. */
  wouldWait(): void;
  /** A message goes over a session that is already open (`reused`), or over a new one. */
  session(kind: 'new' | 'reused'): void;
  /** Whether policies are only looked at, not enforced. */
  shadow(on: boolean): void;
  /** Called at each scrape: connections of clients that are open. */
  watchConnections(read: () => number): void;
  /** Called at each scrape, once; may ask the database. */
  watchQueue(read: () => Promise<RelayQueueNumbers>, now: () => number): void;
  /** Called at each scrape. */
  watchDispatch(read: () => RelayDispatchNumbers): void;
}
