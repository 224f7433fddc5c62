/**
 * Checking a TLS reporting record before it is published.
 *
 * @module
 */
import { lintTxt } from '../dns/txt-lint.ts';
import type { Reading } from '../failure.ts';
import { readTlsrptRecord } from './record.ts';
import type { TlsrptRecord } from './types.ts';

/** Checks a record, bare, as quoted strings or as a line of a zone file; several are a fault (RFC 8460 §3). */
export function lintTlsrptRecord(input: Uint8Array | string): Reading<TlsrptRecord> {
  return lintTxt(input, {
    version: 'v=TLSRPTv1',
    rule: 'RFC 8460 §3',
    codes: { several: 'TLSRPT_RECORD_SEVERAL', cut: 'TLSRPT_PROBLEMS_CUT' },
    read: readTlsrptRecord,
  });
}
