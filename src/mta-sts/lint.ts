/**
 * Checking what a domain is about to publish.
 *
 * @module
 */
import { lintTxt } from '../dns/txt-lint.ts';
import type { Reading } from '../failure.ts';
import { readStsPolicy } from './policy.ts';
import { readStsRecord } from './record.ts';
import type { StsPolicy, StsRecord } from './types.ts';

/** Checks a record, bare, as quoted strings or as a line of a zone file; several are a fault (RFC 8461 §3.1). */
export function lintRecord(input: Uint8Array | string): Reading<StsRecord> {
  return lintTxt(input, {
    version: 'v=STSv1',
    rule: 'RFC 8461 §3.1',
    codes: { several: 'STS_RECORD_SEVERAL', cut: 'STS_PROBLEMS_CUT' },
    read: readStsRecord,
  });
}

/** Checks a policy file, octet by octet as a sender would fetch it. */
export function lintPolicy(input: Uint8Array | string): Reading<StsPolicy> {
  return readStsPolicy(input);
}
