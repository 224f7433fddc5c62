/**
 * From the map name of a request to the way the client wants its answers.
 *
 * @module
 */
import type { Dialect } from './types.ts';

/**
 * Map names and what they choose. `QUERY` and `QUERYwithTLSRPT` are postfix-tlspol's, `postfix` is
 * what postfix-mta-sts-resolver's users have written, `sts` is what Sendmail's `FEATURE(sts)` asks.
 */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['postfix', 'postfix'],
  ['QUERY', 'postfix'],
  ['postfix-tlsrpt', 'postfix-tlsrpt'],
  ['QUERYwithTLSRPT', 'postfix-tlsrpt'],
  ['sts', 'sendmail'],
  ['sendmail', 'sendmail'],
  ['exim', 'exim'],
  ['requiretls', 'requiretls'],
]);

/**
 * The dialect that a map name chooses; `fallback` for a name that is not known, so that a spelling
 * mistake in an MTA's settings never stops mail (PERM would).
 */
export function dialectOf(mapName: string, fallback: Dialect): Dialect {
  return DIALECTS.get(mapName) ?? fallback;
}
