/**
 * What happens to policies, as numbers.
 *
 * @module
 */
import type { FetchOutcome, Metrics } from '../metrics/metrics.ts';
import type { Failure } from '../failure.ts';
import type { StsEvent } from '../mta-sts/types.ts';

/** Counts each fetch by its outcome. */
export function countStsEvent(event: StsEvent, metrics: Metrics): void {
  switch (event.kind) {
    case 'policy-fetched':
      metrics.fetchEnded('ok');
      return;
    case 'refresh-failed':
    case 'fetch-failed':
      metrics.fetchEnded(outcomeOf(event.failure));
      return;
    case 'policy-weakened':
    case 'record-vanished':
    case 'policy-expired':
    case 'no-mx-matches':
      return;
  }
}

function outcomeOf({ resultType }: Failure): FetchOutcome {
  if (resultType === 'sts-webpki-invalid') return 'webpki-invalid';
  return resultType === 'sts-policy-invalid' ? 'policy-invalid' : 'fetch-error';
}
