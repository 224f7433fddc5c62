/**
 * What happens to policies, as log lines: the alerts of RFC 8461 §3.3 and §10.2.
 *
 * @module
 */
import type { Log } from '../log/log.ts';
import type { StsEvent } from '../mta-sts/types.ts';

/** Logs one event. What may be an attack or an outage is a warning; what took protection away is one too. */
export function logStsEvent(event: StsEvent, log: Log): void {
  const fields = { event: event.kind, ...event };
  const domain = event.policyDomain;
  switch (event.kind) {
    case 'policy-fetched':
      log.info(fields, `${domain}: policy fetched, mode ${event.mode}, id ${event.id}`);
      return;
    case 'policy-weakened':
      log.warn(fields, `${domain}: policy weakened from ${event.from} to ${event.to}`);
      return;
    case 'refresh-failed':
      log.warn(
        fields,
        `${domain}: policy could not be renewed (${event.inARow} in a row): ${event.failure.detail}; ` +
          `the cached one holds until ${new Date(event.expiresAt).toISOString()}`,
      );
      return;
    case 'record-vanished':
      log.warn(
        fields,
        `${domain}: the record is gone while a policy is cached, which still holds: ${event.failure.detail}`,
      );
      return;
    case 'policy-expired':
      log.warn(fields, `${domain}: the policy (${event.mode}) has expired without being renewed`);
      return;
    case 'no-mx-matches':
      log.warn(
        fields,
        `${domain}: no MX host matches the policy; it is renewed at once. MX: ${event.mx.join(', ')}`,
      );
      return;
  }
}
