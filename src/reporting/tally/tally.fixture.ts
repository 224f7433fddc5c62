/**
 * Session results for tests of the tally.
 *
 * @module
 */
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import type { Detail } from './failure-detail.ts';

/** Noon of the first day of these tests. */
export const NOON = Date.UTC(2026, 2, 1, 12);
/** That day. */
export const DAY = Math.floor(NOON / 86_400_000);

/** An STS policy of `example.test`. */
export const STS_POLICY: ReportPolicy = {
  type: 'sts',
  domain: 'example.test',
  strings: ['version: STSv1', 'mode: enforce', 'mx: *.example.test', 'max_age: 86400'],
  mxHosts: ['*.example.test'],
};

/** DANE of `mx1.example.test`. */
export const TLSA_POLICY: ReportPolicy = {
  type: 'tlsa',
  domain: 'mx1.example.test',
  strings: [`3 1 1 ${'ab'.repeat(32)}`],
  mxHosts: [],
};

/** A failure as the relay would see it. */
export const EXPIRED_DETAIL: Detail = {
  resultType: 'certificate-expired',
  sendingMtaIp: '192.0.2.9',
  receivingMxHostname: 'mx1.example.test',
  receivingIp: '192.0.2.1',
  reasonCode: 'CERT_HAS_EXPIRED',
};

/** A session to `example.test` at noon under its STS policy, good unless failures say otherwise. */
export function session(more: Partial<SessionResult> = {}): SessionResult {
  return { at: NOON, recipientDomain: 'example.test', policy: STS_POLICY, failures: [], ...more };
}
