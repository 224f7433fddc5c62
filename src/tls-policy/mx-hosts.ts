/**
 * From an MX answer to the list of hosts, without any judgement on their security.
 *
 * @module
 */
import { isIP } from 'node:net';
import { isNormalName, normalizeName } from '../dns/name.ts';
import type { Answer, Mx } from '../dns/types.ts';
import type { Failure } from '../failure.ts';
import type { Evidence } from './types.ts';

/**
 * The most MX hosts that are looked at; further ones, by preference, are left out. Real domains
 * have fewer than twenty; the bound keeps a hostile zone from costing thousands of questions.
 */
export const MAX_MX_HOSTS = 100;

/** A host and its preference, before anything is known of it. */
export interface Candidate {
  readonly host: string;
  readonly preference: number;
}

/** Where the hosts came from, and which they are. */
export interface HostList {
  readonly hostsFrom: Evidence['hostsFrom'];
  readonly hosts: readonly Candidate[];
}

/**
 * Which hosts an MX answer for `domain` names (RFC 5321 §5.1), by preference, equals in the order
 * of the answer. One lone `0 .` is null MX (RFC 7505 §3); a `.` among others is passed over. No MX
 * records: the domain itself (implicit MX). NXDOMAIN or failure: nothing.
 */
export function hostsOf(domain: string, answer: Answer<'MX'>): HostList {
  switch (answer.kind) {
    case 'records':
      return isNullMx(answer.records)
        ? { hostsFrom: 'null-mx', hosts: [] }
        : { hostsFrom: 'mx', hosts: candidatesOf(answer.records) };
    case 'nodata':
      return { hostsFrom: 'implicit', hosts: [{ host: domain, preference: 0 }] };
    case 'nxdomain':
    case 'failure':
      return { hostsFrom: 'nothing', hosts: [] };
    default:
      return answer satisfies never;
  }
}

/** Why an MX record's content cannot be a host; undefined for a name that can be looked up. */
export function hostNameFault(host: string): Failure | undefined {
  if (isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0) {
    return {
      code: 'POLICY_MX_IS_ADDRESS',
      detail: `MX record names the address ${host}, not a host`,
    };
  }
  // Names from DNS answers are normalised already: the costly check is for the others.
  if (isNormalName(host)) return undefined;
  const name = normalizeName(host);
  if (name.ok && name.value !== '') return undefined;
  const why = name.ok ? 'it is empty' : name.failure.detail;
  return {
    code: 'POLICY_MX_NAME_INVALID',
    detail: `MX record names ${JSON.stringify(host)}, which is no host name: ${why}`,
  };
}

function isNullMx(records: readonly Mx[]): boolean {
  const [only] = records;
  return records.length === 1 && only?.exchange === '' && only.preference === 0;
}

function candidatesOf(records: readonly Mx[]): readonly Candidate[] {
  const seen = new Set<string>();
  return records
    .filter((mx) => mx.exchange !== '')
    .map((mx) => ({ host: mx.exchange, preference: mx.preference }))
    .toSorted((a, b) => a.preference - b.preference)
    .filter(({ host }) => !seen.has(host) && seen.add(host))
    .slice(0, MAX_MX_HOSTS);
}
