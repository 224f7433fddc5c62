/**
 * The queue as its users see it: who accepts puts messages in, who delivers takes jobs out.
 *
 * @module
 */
import type { Outcome } from '../../failure.ts';
import type { Envelope, MessageSource, Recipient } from '../../smtp/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';

/** How a message came in. */
export interface Origin {
  /** `submission`: by a user who authenticated; `network`: from a trusted network; `own`: made here (a notification). */
  readonly via: 'submission' | 'network' | 'own';
  readonly user?: string;
  readonly clientAddress?: string;
  readonly heloName?: string;
}

/** A queued message without its recipients and its content. Times in milliseconds since the Unix epoch. */
export interface QueuedMessage {
  /** Short, sortable by time, unique over all nodes; stands in the `250` reply, the log and every command. */
  readonly id: string;
  readonly acceptedAt: number;
  readonly envelope: Omit<Envelope, 'recipients' | 'size'>;
  readonly origin: Origin;
  /** The header `TLS-Required: No` is there (RFC 8689 §3). */
  readonly tlsRequiredNo: boolean;
  /** Octets as they were received. */
  readonly size: number;
  /** Of the header, for logs and searches; '' where there is none. */
  readonly messageIdHeader: string;
}

/** A message that is to be queued. Content is handed over apart. */
export interface NewMessage extends Omit<QueuedMessage, 'id' | 'acceptedAt' | 'size'> {
  readonly recipients: readonly Recipient[];
}

/** Takes the content of one message. */
export interface MessageSink {
  readonly id: string;
  /**
   * Resolves when more may be written: nothing piles up in memory. What goes wrong is told by
   * `commit`; until then the rest is swallowed.
   */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Resolves when message and envelope are on disk: only then may `250` be said. Many commits that
   * come together share one transaction. A failure (disk full, database gone) means "try later";
   * nothing of the message remains.
   *
   * @returns the id
   */
  commit(message: NewMessage): Promise<Outcome<string>>;
  /** Nothing of the message remains. */
  abort(): Promise<void>;
}

/** A part of a message that shares a schedule: all its recipients at one destination. */
export interface JobKey {
  readonly messageId: string;
  /** Recipient domain, normalised, or an address literal in brackets. Routes are applied at delivery. */
  readonly destination: string;
}

/** A job that is due, not yet taken. */
export interface DueJob extends JobKey {
  readonly nextAt: number;
  /**
   * When its message was accepted, about, where that is known without another look: a message at
   * the end of its time is taken although its next hop is left alone for now.
   */
  readonly acceptedAt?: number;
  /** A notification: its time is another one. Absent: not known. */
  readonly isNotice?: boolean;
  /** It says `TLS-Required: No`: it may go where others wait for a policy's sake. */
  readonly asksLess?: boolean;
}

/** State of a recipient. `delivered`, `failed` and `dropped` are final. */
export type RecipientState = 'waiting' | 'delivered' | 'failed' | 'dropped';

/** A recipient as the queue knows it. */
export interface QueuedRecipient extends Recipient {
  /** Position in the message. */
  readonly number: number;
  readonly state: RecipientState;
  /** One line: the reply or the failure of the newest attempt; '' before the first. */
  readonly lastText: string;
  readonly lastCode: string;
  readonly lastHost: string;
  readonly lastAt: number;
}

/** A job that this node has taken and nobody else works on. */
export interface Job extends JobKey {
  readonly message: QueuedMessage;
  /** Those that wait. */
  readonly recipients: readonly QueuedRecipient[];
  /** Attempts so far. */
  readonly attempts: number;
  readonly nextAt: number;
  readonly delayNoticeSent: boolean;
  /** Reads the content from its start each time it is called. */
  readonly content: () => MessageSource;
}

/** What an attempt came to. */
export interface Settlement {
  readonly at: number;
  /** New state of each recipient of the job. */
  readonly recipients: readonly (Pick<QueuedRecipient, 'number' | 'state'> & {
    readonly text: string;
    readonly code: string;
    readonly host: string;
  })[];
  /** When to try again those that still wait; absent where none does. */
  readonly retryAt?: number;
  readonly delayNoticeSent: boolean;
  /** Counts as an attempt. False where the job was given back untried. */
  readonly counts: boolean;
  /** What was decided and what happened, kept for `queue explain` while the message is queued. */
  readonly evidence?: AttemptEvidence;
  /** Notifications to queue in the same transaction. */
  readonly notifications: readonly Notification[];
}

/** What was decided and seen in an attempt. */
export interface AttemptEvidence {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly decision?: DecisionRecord;
  readonly events: readonly AttemptEvent[];
}

/** A notification: its envelope and its whole content. */
export interface Notification {
  /** What it tells, for the log. */
  readonly kind?: 'failed' | 'delayed' | 'relayed';
  readonly message: NewMessage;
  /** Walked once for each try of the settlement, so it must begin at its start each time. */
  readonly content: MessageSource;
}

/** Where a look for due jobs goes on. */
export interface DueCursor {
  readonly nextAt: number;
  readonly messageId: string;
  readonly destination: string;
}

/** Numbers of the queue. */
export interface QueueNumbers {
  readonly messages: number;
  readonly waiting: number;
  readonly held: number;
  /** Taken by a node. */
  readonly inDelivery: number;
  /** When the oldest message was accepted; undefined: the queue is empty. */
  readonly oldestAcceptedAt: number | undefined;
}

/** Takes fresh jobs without a way through the database. */
export interface HandOver {
  /** Whether a fresh job for the destination may come at once; a yes is a promise to take it. */
  hasRoom(destination: string): boolean;
  /**
   * Called after the commit, before its promise resolves, for each job that there was room for;
   * also where the commit failed, without a job.
   */
  accepted(destination: string, job: Job | undefined): void;
  /** A fresh job waits in the database: nobody had room. */
  left(destination: string): void;
}

/** The durable queue of one node. */
export interface Queue {
  /** Begins a message. */
  open(): MessageSink;
  /** Jobs that are due and that nobody has taken, in the order of their time, after the cursor. */
  due(options: {
    readonly after?: DueCursor;
    readonly now: number;
    readonly limit: number;
  }): Promise<readonly DueJob[]>;
  /** The same for one destination. */
  dueFor(
    destination: string,
    options: { readonly now: number; readonly limit: number },
  ): Promise<readonly DueJob[]>;
  /**
   * When the next job is due that nobody has taken. Jobs of other nodes, of dead nodes and of
   * operators appear without a word: ask every few seconds.
   */
  nextDueAt(): Promise<number | undefined>;
  /**
   * Takes jobs; those that another node took first, or that this one works on still, are not in the
   * answer. None are where this node cannot write its heartbeat. Rejects where the database is gone.
   */
  take(keys: readonly JobKey[]): Promise<readonly Job[]>;
  /**
   * Writes what an attempt came to, gives the job back, and queues its notifications, all or
   * nothing. A message without waiting recipients leaves the queue. Many settlements that come
   * together share one transaction. Rejects where the database is gone: the job stays ours, and
   * the caller tries again. Resolves false where the job was no longer ours. Waits up to 10 ms for
   * the next message that is accepted, to share its wait for the disk.
   */
  settle(job: Job, settlement: Settlement): Promise<boolean>;
  /**
   * Whether a job that was taken is this node's for sure: no heartbeat was late since it was taken
   * or last asked about, so no other node has taken this one for dead. Asks nobody.
   */
  isSurelyOurs(key: JobKey): boolean;
  /**
   * Asks the database which of these jobs are this node's still; the others are done with here.
   * Rejects where the database is gone or the heartbeat of this node cannot be written.
   */
  stillOurs(keys: readonly JobKey[]): Promise<readonly JobKey[]>;
  /** Gives a job back as it was. */
  giveBack(keys: readonly JobKey[]): Promise<void>;
  /**
   * Who delivers: asked at each commit how many jobs it has room for, and handed those at once, as
   * taken, their content in memory where it is small. All others wait in the database as due.
   * Set before the first message.
   */
  handOver?: HandOver;
  numbers(): Promise<QueueNumbers>;
  /** Starts the heartbeat of this node, and gives back what dead nodes had taken. */
  start(): Promise<void>;
  /** Gives back what is still taken, ends the heartbeat. */
  close(): Promise<void>;
}
