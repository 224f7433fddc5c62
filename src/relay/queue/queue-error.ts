/**
 * What a database's refusal means for the queue.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Failure } from '../../failure.ts';
import { reasonOf } from '../../store/store-error.ts';

/** What is to be done about a statement or transaction that failed. */
export type Fault =
  /** The disk is full. */
  | 'full'
  /** One row is at fault, not the database: the others may go without it. */
  | 'row'
  /** Two transactions were in each other's way: the same again will do. */
  | 'again'
  /** Somebody holds the database. */
  | 'busy'
  /** The file is damaged. */
  | 'damaged'
  /** Anything else: gone, read-only, no connection. */
  | 'gone';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_FAULTS: ReadonlyMap<number, Fault> = new Map([
  [5, 'busy'],
  [6, 'busy'],
  [11, 'damaged'],
  [13, 'full'],
  [18, 'row'],
  [19, 'row'],
  [20, 'row'],
  [26, 'damaged'],
]);

/** Classes of SQLSTATE (PostgreSQL, appendix A): data, constraints. */
const ROW_CLASSES = /^2[23]/;
const AGAIN = new Set(['40001', '40P01']);
const FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
const BUSY = new Set(['55P03', '53300']);
const DAMAGED = new Set(['XX001', 'XX002']);

/** An error of the queue that has a code. */
export class QueueError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(`${failure.code}: ${failure.detail}`, { cause });
    this.name = 'QueueError';
    this.failure = failure;
  }
}

/** What kind of fault an exception of the database is; our own are about one message. */
export function faultOf(error: unknown): Fault {
  if (error instanceof QueueError) return 'row';
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  if (typeof errcode === 'number') return SQLITE_FAULTS.get(errcode & 0xff) ?? 'gone';
  if (typeof code !== 'string') return 'gone';
  if (FULL.has(code)) return 'full';
  if (AGAIN.has(code)) return 'again';
  if (BUSY.has(code)) return 'busy';
  if (DAMAGED.has(code)) return 'damaged';
  return ROW_CLASSES.test(code) ? 'row' : 'gone';
}

const CODES: Readonly<Record<Fault, ErrorCode>> = {
  full: 'QUEUE_FULL_DISK',
  row: 'QUEUE_MESSAGE_REFUSED',
  again: 'QUEUE_BUSY',
  busy: 'QUEUE_BUSY',
  damaged: 'QUEUE_DAMAGED',
  gone: 'QUEUE_UNAVAILABLE',
};

/** The failure that stands for an exception. */
export function failureOf(error: unknown): Failure {
  if (error instanceof QueueError) return error.failure;
  return { code: CODES[faultOf(error)], detail: reasonOf(error) };
}
