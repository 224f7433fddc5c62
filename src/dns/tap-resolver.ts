/**
 * A resolver whose answers are seen, and perhaps changed, on their way.
 *
 * @module
 */
import type { Answer, LookupOptions, Resolver, RrType } from './types.ts';

/** What is done with an answer; it gives the one that goes on. */
export type AnswerTap = <T extends RrType>(answer: Answer<T>) => Answer<T>;

/** Asks `inner`, and passes each answer through `tap`. */
export function tapResolver(inner: Resolver, tap: AnswerTap): Resolver {
  return {
    lookup: async <T extends RrType>(
      name: string,
      type: T,
      options?: LookupOptions,
    ): Promise<Answer<T>> => tap(await inner.lookup(name, type, options)),
  };
}
