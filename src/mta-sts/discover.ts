/**
 * Does the domain take part in MTA-STS, and under which id? (RFC 8461 §3.1)
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import type { Answer, Resolver } from '../dns/types.ts';
import type { Failure } from '../failure.ts';
import { quoted } from '../problems.ts';
import { readStsRecord } from './record.ts';
import type { Discovery } from './types.ts';

/** The label below which a domain publishes its record (RFC 8461 §3.1). */
export const STS_LABEL = '_mta-sts';

/** How to look for the record. */
export interface DiscoverOptions {
  readonly resolver: Resolver;
  /** Any spelling. The next hop's own name: never its parent, never a CNAME's target (RFC 8461 §3.4). */
  readonly policyDomain: string;
  /** Past the cache. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Looks up the record. An answer without a valid record (`absent`) and no answer (`failed`) are
 * told apart: neither ends the life of a cached policy, but only the second may go away by itself.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { resolver, policyDomain, fresh, signal } = options;
  const domain = normalizeName(policyDomain);
  // Such a name can have no record: an address literal, for instance (RFC 8461 §3.4).
  if (!domain.ok) return { kind: 'absent', failure: domain.failure };
  const name = `${STS_LABEL}.${domain.value}`;
  const answer = await resolver.lookup(name, 'TXT', {
    ...(fresh === undefined ? {} : { fresh }),
    ...(signal === undefined ? {} : { signal }),
  });
  return discoveryOf(name, answer);
}

function discoveryOf(name: string, answer: Answer<'TXT'>): Discovery {
  if (answer.kind === 'records') return withName(name, selectStsRecord(answer.records));
  if (answer.kind !== 'failure') {
    return absent('STS_RECORD_NONE', `${name} has no TXT record (${answer.kind})`);
  }
  // The prefix can make a name too long for DNS: then it cannot exist.
  const kind = answer.failure.code === 'DNS_NAME_INVALID' ? 'absent' : 'failed';
  return { kind, failure: answer.failure };
}

/**
 * Picks the one valid record among the TXT records of a name. Of several, only those that begin
 * with the eight octets `v=STSv1;` count; a single one may have a space before the `;`, as the
 * grammar has it (RFC 8461 §3.1, erratum 6285).
 */
export function selectStsRecord(
  records: readonly string[],
): Exclude<Discovery, { readonly kind: 'failed' }> {
  const candidates =
    records.length === 1
      ? records.filter((text) => /v[ \t]*=[ \t]*sts/i.test(text))
      : records.filter((text) => text.startsWith('v=STSv1;'));
  const [text] = candidates;
  if (text === undefined) return absent('STS_RECORD_NONE', noneText(records));
  if (candidates.length > 1) {
    return absent('STS_RECORD_SEVERAL', `${candidates.length} records begin with v=STSv1;`);
  }
  const { value, problems } = readStsRecord(text);
  if (value !== undefined) return { kind: 'record', record: value, text };
  const fault = problems.find((problem) => problem.severity === 'error');
  return absent(
    'STS_RECORD_INVALID',
    `the record ${quoted(text)} is not valid: ${fault?.message ?? ''}, column ${fault?.column ?? 1}`,
  );
}

function noneText(records: readonly string[]): string {
  if (records.length === 0) return 'there is no TXT record';
  if (records.length === 1) return `the TXT record ${quoted(records[0]!)} is no MTA-STS record`;
  return `none of ${records.length} TXT records begins with v=STSv1;`;
}

function absent(code: Failure['code'], detail: string): { kind: 'absent'; failure: Failure } {
  return { kind: 'absent', failure: { code, detail } };
}

function withName<T extends Discovery>(name: string, discovery: T): T {
  if (discovery.kind === 'record') return discovery;
  const { failure } = discovery;
  return { ...discovery, failure: { ...failure, detail: `${name}: ${failure.detail}` } };
}
