/**
 * The answer for `smtp_requiretls_policy` of Postfix 3.11.
 *
 * @module
 */
import type { DomainLevel, Reply } from '../types.ts';
import { NOT_FOUND, okReply, tempReply } from './reply.ts';

/**
 * `enforce` where MX host and certificate can be verified (RFC 8689 §4.2.1). Elsewhere nothing: what
 * becomes of a sender's wish that cannot be kept is the operator's to say, in the next element of
 * the list, and Postfix's own word without one is `enforce`.
 */
export function requiretlsReply(level: DomainLevel): Reply {
  switch (level.kind) {
    case 'secure':
    case 'dane-only':
      return okReply('enforce');
    case 'none':
    case 'encrypt':
    case 'dane':
      return NOT_FOUND;
    case 'temp':
      return tempReply(level.failure);
    default:
      return level satisfies never;
  }
}
