/**
 * Faults of a route: only the operator can mend them, and all mail of the route waits meanwhile.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';

const FAULTS: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'ROUTE_AUTH_REFUSED',
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
