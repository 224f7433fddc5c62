/**
 * What is said of a domain, in a word or two for the log.
 *
 * @module
 */
import type { DomainLevel } from './types.ts';

/** Of equal mark: the same answer. E.g. `secure mx1.example.com`, `dane (testing)`, `temp`. */
export function levelMark(level: DomainLevel): string {
  switch (level.kind) {
    case 'none':
    case 'encrypt':
    case 'dane':
    case 'dane-only': {
      const mode = level.sts?.policy.mode;
      return mode === undefined ? level.kind : `${level.kind} (${mode})`;
    }
    case 'secure':
      return `secure ${level.match.join(':')}`;
    case 'temp':
      return 'temp';
    default:
      return level satisfies never;
  }
}

/** Why it is so: one sentence. */
export function levelReason(level: DomainLevel): string {
  return level.kind === 'temp' ? `${level.failure.code}: ${level.failure.detail}` : level.why;
}
