/**
 * What a database's refusal means for the queue.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Failure } from '../../failure.ts';
import { databaseFault, type Fault } from '../../store/fault.ts';
import { reasonOf } from '../../store/store-error.ts';

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
  return error instanceof QueueError ? 'row' : databaseFault(error);
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
