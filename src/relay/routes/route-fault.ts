/**
 * Faults of a route: only the operator can mend them, and all mail of the route waits meanwhile.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { RecipientResult } from '../../smtp/types.ts';

const FAULTS: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'ROUTE_AUTH_REFUSED',
  'ROUTE_AUTH_WANTED',
  'ROUTE_AUTH_NOT_OFFERED',
  'ROUTE_AUTH_UNSAFE',
  'ROUTE_AUTH_OUT_OF_PLACE',
  'ROUTE_HOST_UNVOUCHED',
  'ROUTE_LOCAL_ADDRESS',
]);

/** Is it one? To be logged as an error: nothing else tells anybody before mail is days old. */
export function isRouteFault({ code }: Failure): boolean {
  return FAULTS.has(code);
}

/** AUTH wanted, another mechanism, a password that is wrong, TLS wanted (RFC 4954 §6). */
const WANTS_AUTH: ReadonlySet<number> = new Set([530, 534, 535, 538]);

/**
 * A smart host that wants to know who we are refuses every message of the route: no message is
 * returned for what the operator has to mend.
 */
export function sparedByRoute<R extends RecipientResult>(
  result: R,
  route: string,
): R | Deferred<R> {
  if (result.status !== 'failed' || !WANTS_AUTH.has(result.reply?.code ?? 0)) return result;
  const detail = `the route ${route} has no user that the host accepts: ${result.failure.detail}`;
  return { ...result, status: 'deferred', failure: { code: 'ROUTE_AUTH_WANTED', detail } };
}

type Deferred<R> = Omit<R, 'status' | 'failure'> & {
  readonly status: 'deferred';
  readonly failure: Failure;
};
