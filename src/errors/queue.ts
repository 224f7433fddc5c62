/**
 * Error codes of the mail queue. Clients are told to come back (`452 4.3.1` or `451 4.3.0`): none
 * of these loses a message.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `QUEUE_`. */
export const QUEUE_ERRORS = {
  QUEUE_FULL_DISK: {
    meaning: 'The disk that holds the queue is full, so new mail is put off.',
    action:
      'Make room on the disk of `store.url`; clients come back by themselves, and what is queued is safe.',
    rule: 'RFC 5321 §4.2.2 (452)',
  },
  QUEUE_UNAVAILABLE: {
    meaning: 'The database that holds the queue does not answer or refuses to write.',
    action:
      'Bring the database back; clients are told to come back meanwhile, and what is queued is safe.',
    rule: 'RFC 5321 §4.2.3 (451)',
  },
  QUEUE_BUSY: {
    meaning: 'Another program held the database of the queue for longer than the queue waits.',
    action: 'Find who holds a long transaction open; clients come back by themselves.',
  },
  QUEUE_DAMAGED: {
    meaning: 'The database found damage in its own file while it read or wrote the queue.',
    action:
      'Stop the service, keep a copy of the file, and recover it (`sqlite3 FILE .recover`) or restore a backup.',
  },
  QUEUE_MESSAGE_REFUSED: {
    meaning: 'The database refused the rows of one message, though it works.',
    action: 'Look at the detail; this is a fault of the program, so please report it.',
  },
  QUEUE_UPLOAD_LOST: {
    meaning:
      'While a long message came in, this node could not show that it lived, and another one removed the parts.',
    action:
      'Nothing: the client sends it again. If it happens often, the database or the machine stalls for half a minute.',
  },
  QUEUE_CONTENT_DAMAGED: {
    meaning:
      'The content of a queued message in the database is not as long as it was when it was accepted.',
    action:
      'Look at the message with `queue show`; restore the database, or drop the message and tell its author.',
  },
  QUEUE_CLOSED: {
    meaning: 'The queue is being closed, so nothing more is taken.',
    action: 'Nothing: clients come back after the restart.',
  },
  QUEUE_HEARTBEAT_LATE: {
    meaning:
      'This node could not write its heartbeat for 20 seconds, so it takes no more jobs until it can.',
    action: 'Bring the database back, or find out why the machine stalls.',
  },
  QUEUE_NODE_DEAD: {
    meaning: 'A node showed no sign of life; the jobs it had taken were given back.',
    action: 'Nothing for the mail. Find out why the node ended if it was not stopped on purpose.',
  },
  QUEUE_JOBS_STRAYED: {
    meaning:
      'Jobs stood as taken by this node, which knows nothing of them; they were given back. So it goes when the answer to a commit is lost.',
    action: 'Nothing, if the database was away. Otherwise please report it.',
  },
  QUEUE_CLOCK_JUMPED: {
    meaning:
      'Jobs were due further in the future than any wait is long: the clock had jumped, or `relay.retry_waits` became shorter. They are due now.',
    action: 'Look at the time service of the machine, unless you made the waits shorter.',
  },
  QUEUE_NO_SUCH_MESSAGE: {
    meaning: 'No message with this id is in the queue.',
    action:
      'Look for the id in the log: the message was delivered, returned or dropped. Check `store.url` if it never was there.',
  },
} as const satisfies Record<string, ErrorEntry>;
