/**
 * The answer for Sendmail's `FEATURE(sts)`.
 *
 * @module
 */
import type { DomainLevel, Reply } from '../types.ts';
import { NO_PATTERN, NOT_FOUND, okReply, tempReply } from './reply.ts';
import { secureText } from './postfix.ts';

/**
 * Sendmail knows `secure match=… servername=hostname` and nothing else; `servername` must be last.
 * DANE it does by itself, for each host, before it looks at MTA-STS: so a domain that has both is
 * told by its policy, and one that has DANE alone by nothing.
 */
export function sendmailReply(level: DomainLevel): Reply {
  switch (level.kind) {
    case 'none':
    case 'encrypt':
      return NOT_FOUND;
    case 'dane':
    case 'dane-only':
      return level.match === undefined ? NOT_FOUND : secure(level.match);
    case 'secure':
      return secure(level.match);
    case 'temp':
      return tempReply(level.failure);
    default:
      return level satisfies never;
  }
}

function secure(match: readonly string[]): Reply {
  const text = secureText(match);
  return text === undefined ? NO_PATTERN : okReply(text);
}
