/**
 * A failure in the words of a report (RFC 8460 §4.4).
 *
 * @module
 */
import type { Failure, ResultType } from '../../failure.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { FailureDetail } from '../../tlsrpt/report.ts';
import { canonicalIp, heloName } from '../../tlsrpt/write-report-values.ts';

/** A failure of one session. */
export type Detail = Omit<FailureDetail, 'count'>;

/** These say so little that a reason should stand beside them (RFC 8460 §4.4). */
const VAGUE: readonly ResultType[] = ['validation-failure', 'certificate-not-trusted'];

/** Result type and reason; undefined for a failure that a report does not mention. */
export function failureDetail({ code, resultType, reasonCode }: Failure): Detail | undefined {
  if (resultType === undefined) return undefined;
  const reason = reasonCode ?? (VAGUE.includes(resultType) ? wordOf(code) : undefined);
  return { resultType, ...(reason === undefined ? {} : { reasonCode: reason }) };
}

/** Who talked to whom, as far as it came to that. */
export function sessionDetail(event: AttemptEvent): Omit<Detail, 'resultType'> {
  const { host, address, banner, localAddress } = event;
  return {
    receivingMxHostname: host,
    ...given('receivingIp', addressOf(address)),
    ...given('sendingMtaIp', address === undefined ? undefined : addressOf(localAddress)),
    ...given('receivingMxHelo', banner === undefined ? undefined : heloName(banner)),
  };
}

/** `::ffff:192.0.2.1` is how a socket for both families writes 192.0.2.1; a zone is for this host alone. */
function addressOf(text: string | undefined): string | undefined {
  const bare = text?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return bare === undefined ? undefined : canonicalIp(bare);
}

function given<K extends keyof Detail>(
  key: K,
  value: Detail[K] | undefined,
): { readonly [key in K]?: Detail[K] } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: Detail[K] });
}

/** `TLS_HANDSHAKE_CLOSED` → `tls-handshake-closed`. */
function wordOf(code: string): string {
  return code.toLowerCase().replaceAll('_', '-');
}
