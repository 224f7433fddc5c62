/**
 * Checking what a domain is about to publish.
 *
 * @module
 */
import { txtFromInput } from '../dns/txt-input.ts';
import type { Reading } from '../failure.ts';
import { readStsPolicy } from './policy.ts';
import { readStsRecord } from './record.ts';
import type { StsPolicy, StsRecord } from './types.ts';

/** Checks a record, bare or as quoted strings of a zone file; columns count in the joined text. */
export function lintRecord(input: Uint8Array | string): Reading<StsRecord> {
  return readStsRecord(txtFromInput(input));
}

/** Checks a policy file, octet by octet as a sender would fetch it. */
export function lintPolicy(input: Uint8Array | string): Reading<StsPolicy> {
  return readStsPolicy(input);
}
