/**
 * The addresses of a host that may be connected to, in the order in which they are tried.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Answer, Resolver } from '../dns/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import type { AddressGuard } from './address-guard.ts';

/** Addresses of one family that are tried at most: a zone can hold thousands. */
const MAX_PER_FAMILY = 4;
/** How long the second family may lag behind the first one that has addresses. */
const GRACE_MS = 1000;

/** Whose addresses are wanted. */
export interface TargetOptions {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly guard: AddressGuard;
  readonly host: string;
  readonly signal: AbortSignal;
}

type AddressAnswer = Answer<'A'> | Answer<'AAAA'>;

/** Looks up both families; the families alternate, IPv6 first (RFC 8305 §4). Refused addresses are left out. */
export async function targetAddresses(options: TargetOptions): Promise<Outcome<readonly string[]>> {
  const { guard, host } = options;
  const answers = await bothFamilies(options);
  const [v6, v4] = answers.map((answer) => (answer?.kind === 'records' ? answer.records : [])) as [
    readonly string[],
    readonly string[],
  ];
  if (v6.length + v4.length === 0) return noAddress(host, answers);
  const isAllowed = (address: string): boolean => guard.allows(address);
  const addresses = alternate(
    v6.filter(isAllowed).slice(0, MAX_PER_FAMILY),
    v4.filter(isAllowed).slice(0, MAX_PER_FAMILY),
  );
  if (addresses.length > 0) return ok(addresses);
  const reasons = [...v6, ...v4]
    .slice(0, MAX_PER_FAMILY)
    .map((address) => `${address} (${guard.why(address) ?? ''})`);
  return fail('HTTP_ADDRESS_REFUSED', `${host} may not be reached at ${reasons.join(', ')}`);
}

/** The answers for AAAA and A; undefined for one that lags behind the other. */
async function bothFamilies(
  options: TargetOptions,
): Promise<readonly (AddressAnswer | undefined)[]> {
  const { resolver, clock, host, signal } = options;
  const found: (AddressAnswer | undefined)[] = [undefined, undefined];
  return new Promise((resolve, reject) => {
    let waiting = 2;
    let timer: { cancel(): void } | undefined;
    const finish = (): void => {
      timer?.cancel();
      signal.removeEventListener('abort', finish);
      resolve(found.slice());
    };
    const take = (index: number, answer: AddressAnswer): void => {
      found[index] = answer;
      waiting -= 1;
      if (waiting === 0) finish();
      else if (answer.kind === 'records' && !signal.aborted) timer = clock.after(GRACE_MS, finish);
    };
    signal.addEventListener('abort', finish, { once: true });
    resolver.lookup(host, 'AAAA', { signal }).then((answer) => take(0, answer), reject);
    resolver.lookup(host, 'A', { signal }).then((answer) => take(1, answer), reject);
  });
}

function noAddress(
  host: string,
  answers: readonly (AddressAnswer | undefined)[],
): Outcome<readonly string[]> {
  for (const answer of answers) {
    if (answer?.kind !== 'failure') continue;
    const { code, detail } = answer.failure;
    return fail('HTTP_DNS_FAILED', `no address of ${host}: ${detail}`, { reasonCode: code });
  }
  return fail('HTTP_HOST_NOT_FOUND', `${host} has neither an A nor an AAAA record`);
}

function alternate(first: readonly string[], second: readonly string[]): string[] {
  const longest = Math.max(first.length, second.length);
  return Array.from({ length: longest }, (_, index) => [first[index], second[index]])
    .flat()
    .filter((address) => address !== undefined);
}
