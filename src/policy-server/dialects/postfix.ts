/**
 * The answer for any Postfix: a level, and for `secure` the names to look for.
 *
 * @module
 */
import type { DomainLevel, Reply } from '../types.ts';
import { dotForm, NO_PATTERN, NOT_FOUND, okReply, soundPatterns, tempReply } from './reply.ts';

/**
 * A value of `smtp_tls_policy_maps` without the attributes that Postfix older than 3.10 calls
 * invalid. `dane` and `dane-only` take no attribute.
 */
export function postfixReply(level: DomainLevel): Reply {
  switch (level.kind) {
    case 'none':
      return NOT_FOUND;
    case 'encrypt':
    case 'dane':
    case 'dane-only':
      return okReply(level.kind);
    case 'secure': {
      const text = secureText(level.match);
      return text === undefined ? NO_PATTERN : okReply(text);
    }
    case 'temp':
      return tempReply(level.failure);
    default:
      return level satisfies never;
  }
}

/**
 * `secure match=… servername=hostname`; undefined where no name is left. The SNI name is the MX
 * host, as RFC 8461 §7.1 wants it.
 */
export function secureText(match: readonly string[]): string | undefined {
  const names = soundPatterns(match).map(dotForm);
  return names.length === 0 ? undefined : `secure match=${names.join(':')} servername=hostname`;
}
