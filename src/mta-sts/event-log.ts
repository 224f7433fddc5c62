/**
 * The events in the life of policies as log lines: what an operator has to know, and when.
 *
 * @module
 */
import type { Log } from '../log/log.ts';
import type { StsEvent } from './types.ts';

/** From so many failures in a row on it is more than a passing fault (RFC 8461 §10.2). */
const SERIOUS_FAILURES = 3;

/** Writes one event. Texts of strangers are in the fields only through failures' details. */
export function logStsEvent(log: Log, event: StsEvent, now: number): void {
  const { kind, policyDomain } = event;
  const fields = { event: kind, policyDomain };
  switch (event.kind) {
    case 'policy-fetched':
      log.debug({ ...fields, id: event.id }, `${policyDomain}: policy fetched, mode ${event.mode}`);
      return;
    case 'policy-weakened':
      log.warn(fields, `${policyDomain}: policy went from ${event.from} to ${event.to}`);
      return;
    case 'record-vanished':
      log.warn(
        { ...fields, code: event.failure.code },
        `${policyDomain}: the record is gone while its policy is in force (${event.failure.detail})`,
      );
      return;
    case 'policy-expired':
      log.warn(fields, `${policyDomain}: policy of mode ${event.mode} expired`);
      return;
    case 'fetch-failed':
      log.info(
        { ...fields, code: event.failure.code },
        `${policyDomain}: a record, but no policy to be had (${event.failure.detail})`,
      );
      return;
    case 'no-mx-matches':
      log.warn(
        { ...fields, mx: event.mx },
        `${policyDomain}: the policy allows none of the live MX hosts`,
      );
      return;
    case 'refresh-failed':
      break;
  }
  const { failure, inARow, expiresAt } = event;
  const message = `${policyDomain}: refresh failed ${timesText(inARow)}, the policy expires in ${lifeText(expiresAt - now)} (${failure.detail})`;
  const more = { ...fields, code: failure.code, inARow, expiresAt };
  if (inARow >= SERIOUS_FAILURES) log.error(more, message);
  else log.warn(more, message);
}

function timesText(inARow: number): string {
  return inARow === 1 ? 'once' : `${inARow} times in a row`;
}

function lifeText(ms: number): string {
  const hours = Math.max(0, Math.floor(ms / 3_600_000));
  return hours >= 48 ? `${Math.floor(hours / 24)} days` : `${hours} h`;
}
