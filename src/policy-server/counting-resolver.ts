/**
 * A resolver that counts what went wrong, by class.
 *
 * @module
 */
import { tapResolver } from '../dns/tap-resolver.ts';
import type { Resolver } from '../dns/types.ts';
import type { ErrorCode } from '../errors.ts';
import type { DnsFailureClass, Metrics } from '../metrics/metrics.ts';

const CLASSES: Readonly<Partial<Record<ErrorCode, DnsFailureClass>>> = {
  DNS_TIMEOUT: 'timeout',
  DNS_SERVFAIL: 'servfail',
  DNS_BOGUS: 'bogus',
  DNS_FORMERR: 'malformed',
  DNS_ANSWER_MALFORMED: 'malformed',
  DNS_ANSWER_MISMATCH: 'malformed',
  DNS_ANSWER_NAME: 'malformed',
};

/** A resolver that knows whether it was ever answered. */
export interface CountingResolver extends Resolver {
  /** Has any question been answered since the start? */
  readonly answered: boolean;
}

/** Wraps `inner`; answers pass unchanged. */
export function countingResolver(inner: Resolver, metrics: Metrics): CountingResolver {
  let answered = false;
  return {
    get answered() {
      return answered;
    },
    ...tapResolver(inner, (answer) => {
      if (answer.kind === 'failure') metrics.dnsFailed(CLASSES[answer.failure.code] ?? 'other');
      else answered = true;
      return answer;
    }),
  };
}
