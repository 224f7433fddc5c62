/**
 * The answer for Exim: one line for `${readsocket …}` and `match`.
 *
 * @module
 */
import type { DomainLevel, Reply } from '../types.ts';
import { NO_PATTERN, NOT_FOUND, okReply, soundPatterns, tempReply } from './reply.ts';

/**
 * `secure match=mx1.example.com:*.example.net`, or one of the words `dane-only`, `dane`, `encrypt`.
 * Exim decides for each host whether DANE speaks for it, and if so puts DANE in the place of the
 * certificate check: so a domain with both gets `secure`, and the hosts with TLSA records DANE.
 */
export function eximReply(level: DomainLevel): Reply {
  switch (level.kind) {
    case 'none':
      return NOT_FOUND;
    case 'encrypt':
      return okReply('encrypt');
    case 'dane':
    case 'dane-only':
      return level.match === undefined ? okReply(level.kind) : secure(level.match);
    case 'secure':
      return secure(level.match);
    case 'temp':
      return tempReply(level.failure);
    default:
      return level satisfies never;
  }
}

/** Wildcards stay as the policy has them: Exim's lists write them the same way. */
function secure(match: readonly string[]): Reply {
  const names = soundPatterns(match);
  return names.length === 0 ? NO_PATTERN : okReply(`secure match=${names.join(':')}`);
}
