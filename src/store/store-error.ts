/**
 * What `openStore` throws when the store cannot be opened: a failure with a code.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';

/** A store that cannot be opened; nothing can start without it, so it is thrown. */
export class StoreError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(`${failure.code}: ${failure.detail}`, { cause });
    this.name = 'StoreError';
    this.failure = failure;
  }
}

/** A {@link StoreError} of its parts. */
export function storeError(code: ErrorCode, detail: string, cause?: unknown): StoreError {
  return new StoreError({ code, detail }, cause);
}

/** What an exception says, on one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s+/g, ' ').trim();
}
