/**
 * The enhanced status code of a failure that no server's reply gave (RFC 3463). Pure.
 *
 * @module
 */
import type { Failure } from '../failure.ts';

/** `temporary` while the message waits, `permanent` once it is returned. */
export type StatusClass = 'temporary' | 'permanent';

/** Subject and detail by code; where there is none, the TLS result type decides. */
const BY_CODE: Readonly<Partial<Record<Failure['code'], string>>> = {
  POLICY_RECIPIENT_INVALID: '1.3',
  POLICY_DOMAIN_NOT_FOUND: '1.2',
  POLICY_NULL_MX: '1.10',
  POLICY_NO_ADDRESS: '4.4',
  POLICY_NO_MX_HOST: '4.4',
  POLICY_MX_LOOKUP_FAILED: '4.3',
  POLICY_MAIL_LOOP: '4.6',
  POLICY_REQUIRETLS_UNSUPPORTED: '7.30',
  POLICY_REQUIRETLS_MX: '7.10',
  POLICY_REQUIRETLS_UNSURE: '7.10',
  POLICY_REQUIRETLS_UNVERIFIED: '7.10',
};

/**
 * The status of a failure, e.g. `5.7.30` (RFC 8689 §4.2.1) or `4.7.5` for TLS and policy faults.
 */
export function dsnStatus(failure: Failure, status: StatusClass): string {
  const digit = status === 'temporary' ? '4' : '5';
  const detail = BY_CODE[failure.code] ?? (failure.resultType === undefined ? '4.1' : '7.5');
  return `${digit}.${detail}`;
}
