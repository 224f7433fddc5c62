/**
 * What happens to policies, as numbers.
 *
 * @module
 */
import type { FetchOutcome, Metrics } from '../metrics/metrics.ts';
import type { Failure } from '../failure.ts';
import type { StsEvent } from '../mta-sts/types.ts';

/** Counts each fetch by its outcome, and whatever an operator should look at by its kind. */
export function countStsEvent(event: StsEvent, metrics: Metrics): void {
  switch (event.kind) {
    case 'policy-fetched':
      metrics.fetchEnded('ok');
      return;
    case 'refresh-failed':
      metrics.fetchEnded(outcomeOf(event.failure));
      metrics.policyEvent('refresh-failed');
      return;
    case 'fetch-failed':
      metrics.fetchEnded(outcomeOf(event.failure));
      metrics.policyEvent('first-fetch-failed');
      return;
    case 'policy-weakened':
      metrics.policyEvent('weakened');
      return;
    case 'record-vanished':
      metrics.policyEvent('record-vanished');
      return;
    case 'policy-expired':
      metrics.policyEvent('expired');
      return;
    case 'no-mx-matches':
      metrics.policyEvent('no-mx-matches');
      return;
  }
}

function outcomeOf({ resultType }: Failure): FetchOutcome {
  if (resultType === 'sts-webpki-invalid') return 'webpki-invalid';
  return resultType === 'sts-policy-invalid' ? 'policy-invalid' : 'fetch-error';
}
