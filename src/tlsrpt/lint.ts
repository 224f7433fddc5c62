/**
 * Checking a TLS reporting record before it is published.
 *
 * @module
 */
import { txtFromInput } from '../dns/txt-input.ts';
import type { Reading } from '../failure.ts';
import { readTlsrptRecord } from './record.ts';
import type { TlsrptRecord } from './types.ts';

/** Checks a record, bare or as quoted strings of a zone file; columns count in the joined text. */
export function lintTlsrptRecord(input: Uint8Array | string): Reading<TlsrptRecord> {
  return readTlsrptRecord(txtFromInput(input));
}
