/**
 * Datagrams for tests.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { readDatagram, type DatagramReading } from './datagram.ts';
import type { SessionResult } from './session-result.ts';

/** When the datagrams came. */
export const AT = Date.UTC(2026, 2, 4, 5, 6, 7);
/** The record that their domain has. */
export const RECORD = 'v=TLSRPTv1; rua=mailto:tls-reports@harbour.example';
/** A digest for TLSA records. */
export const HASH = '8c1f5a3ee0d94b7762a1d3c45b9f0e6688aa1122ccdd3344eeff556677889900';

/** A policy. */
export const STS = {
  'policy-type': 2,
  'policy-domain': 'harbour.example',
  'policy-string': ['version: STSv1', 'mode: enforce', 'mx: *.harbour.example', 'max_age: 864000'],
  'mx-host': ['*.harbour.example'],
};

/** A datagram with these policies. */
export function datagram(policies: unknown, more: object = {}): Uint8Array {
  return bytes({ dpv: '1', d: 'harbour.example', pr: RECORD, policies, ...more });
}

/** A value as JSON, or a text as it is. */
export function bytes(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** What is read from a datagram that can be read. */
export function read(input: Uint8Array): Extract<DatagramReading, { kind: 'results' }> {
  const reading = readDatagram(input, AT);
  assert.ok(reading.kind === 'results', JSON.stringify(reading));
  return reading;
}

/** The one result of a datagram. */
export function only(input: Uint8Array): SessionResult {
  const { results } = read(input);
  assert.equal(results.length, 1);
  return results[0]!;
}

/** The code with which a datagram is refused. */
export function refusal(input: Uint8Array): string {
  const reading = readDatagram(input, AT);
  return reading.kind === 'invalid' ? reading.failure.code : 'results';
}

/** A datagram of a session that failed in these ways. */
export function failed(...details: readonly unknown[]): Uint8Array {
  return datagram([{ ...STS, 'failure-details': details, t: details.length, f: 1 }]);
}
