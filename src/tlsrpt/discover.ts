/**
 * Does the domain want TLS reports, and where? (RFC 8460 §3)
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import type { Resolver } from '../dns/types.ts';
import { selectTlsrptRecord } from './record.ts';
import type { TlsrptDiscovery } from './types.ts';

/** The name below which a domain publishes its record (RFC 8460 §3). */
export const TLSRPT_PREFIX = '_smtp._tls';

/** How to look for the record. */
export interface DiscoverTlsrptOptions {
  readonly resolver: Resolver;
  /** The recipient domain or smart host; for DANE also the TLSA base domain (RFC 8460 §1.1). Any spelling. */
  readonly policyDomain: string;
  /** Past the cache. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** Looks up the record. An answer without a valid one and no answer are told apart. */
export async function discoverTlsrpt(options: DiscoverTlsrptOptions): Promise<TlsrptDiscovery> {
  const { resolver, policyDomain, fresh, signal } = options;
  const domain = normalizeName(policyDomain);
  if (!domain.ok) return { kind: 'absent', failure: domain.failure };
  const name = `${TLSRPT_PREFIX}.${domain.value}`;
  const answer = await resolver.lookup(name, 'TXT', {
    ...(fresh === undefined ? {} : { fresh }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.kind === 'records') return withName(name, selectTlsrptRecord(answer.records));
  if (answer.kind !== 'failure') {
    const detail = `${name} has no TXT record (${answer.kind})`;
    return { kind: 'absent', failure: { code: 'TLSRPT_RECORD_NONE', detail } };
  }
  // The prefix can make a name too long for DNS: then it cannot exist.
  const kind = answer.failure.code === 'DNS_NAME_INVALID' ? 'absent' : 'failed';
  return { kind, failure: answer.failure };
}

function withName(name: string, discovery: TlsrptDiscovery): TlsrptDiscovery {
  if (discovery.kind === 'record') return discovery;
  const { failure } = discovery;
  return { ...discovery, failure: { ...failure, detail: `${name}: ${failure.detail}` } };
}
