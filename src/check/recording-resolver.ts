/**
 * A resolver that remembers what it was answered, so that an explanation can show every answer.
 *
 * @module
 */
import { tapResolver } from '../dns/tap-resolver.ts';
import type { Answer, Resolver, RrType } from '../dns/types.ts';

/** A resolver and the answers that came through it. */
export interface Recording {
  readonly resolver: Resolver;
  /** In the order of the first question; the newest answer to each. */
  answers(): readonly Answer<RrType>[];
}

/** Wraps `inner`; a question asked again replaces its answer. */
export function recordAnswers(inner: Resolver): Recording {
  const answers = new Map<string, Answer<RrType>>();
  return {
    resolver: tapResolver(inner, (answer) => {
      answers.set(`${answer.type} ${answer.name}`, answer);
      return answer;
    }),
    answers: () => [...answers.values()],
  };
}
