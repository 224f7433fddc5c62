/**
 * The enhanced status code of a failure that no server's reply gave (RFC 3463). Pure.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { enhancedStatus } from '../smtp/enhanced-status.ts';

/** `temporary` while the message waits, `permanent` once it is returned. */
export type StatusClass = 'temporary' | 'permanent';

/** Subject and detail by code; where there is none, the TLS result type decides, then the kind of code. */
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
  POLICY_MX_NOT_IN_POLICY: '7.5',
  POLICY_DANE_REQUIRED: '7.5',
  POLICY_DISCOVERY_FAILED: '7.5',
  ROUTE_AUTH_REFUSED: '7.8',
  ROUTE_AUTH_TEMPORARY: '7.0',
  ROUTE_AUTH_NOT_OFFERED: '7.4',
  ROUTE_AUTH_UNSAFE: '7.5',
  ROUTE_AUTH_CONFUSED: '5.0',
  ROUTE_HOST_UNVOUCHED: '7.5',
  POLICY_STORE_DOWN: '3.0',
  POLICY_DELIVERY_STOPPED: '3.0',
  POLICY_DELIVERY_BROKEN: '3.0',
};

/** Where nothing finer is known: what the folder of a code is about. */
const BY_FOLDER: readonly (readonly [prefix: string, detail: string])[] = [
  ['TLS_', '7.5'],
  ['DANE_', '7.5'],
  ['STS_', '7.5'],
  ['DNS_', '4.3'],
  ['ROUTE_', '3.5'],
  ['QUEUE_', '3.0'],
  ['STORE_', '3.0'],
];

/**
 * The status of a failure, e.g. `5.7.30` (RFC 8689 §4.2.1) or `4.7.5` for TLS and policy faults.
 */
export function dsnStatus(failure: Failure, status: StatusClass): string {
  const digit = status === 'temporary' ? '4' : '5';
  return `${digit}.${BY_CODE[failure.code] ?? detailOf(failure)}`;
}

function detailOf(failure: Failure): string {
  const { code, resultType } = failure;
  if (resultType !== undefined) return '7.5';
  if (code.startsWith('SMTP_')) return enhancedStatus('failed', failure).slice(2);
  return BY_FOLDER.find(([prefix]) => code.startsWith(prefix))?.[1] ?? '4.1';
}
