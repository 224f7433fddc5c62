/**
 * A mail domain with an enforced policy, as the benchmarks' small internets have them.
 *
 * @module
 */
import type { ZoneData } from '../../src/lab/zone-data.ts';
import type { LeanDns } from './lean-dns.ts';
import type { PolicySite } from './policy-site.ts';

/** Where a domain is put up. */
export interface BenchInternet {
  readonly zones: Pick<ZoneData, 'add'>;
  readonly dns: Pick<LeanDns, 'prepare'>;
  readonly policySite: Pick<PolicySite, 'serve'>;
  /** Of the policy site. */
  readonly policyAddress: string;
}

/** Its MX host is `mx.DOMAIN` at `mxAddress`; every answer about it is ready beforehand. */
export function addEnforcedDomain(
  { zones, dns, policySite, policyAddress }: BenchInternet,
  domain: string,
  mxAddress: string,
): void {
  const lines = ['version: STSv1', 'mode: enforce', `mx: mx.${domain}`, 'max_age: 604800', ''];
  zones.add([
    { type: 'MX', name: domain, preference: 10, exchange: `mx.${domain}` },
    { type: 'A', name: `mx.${domain}`, value: mxAddress },
    { type: 'TXT', name: `_mta-sts.${domain}`, value: 'v=STSv1; id=20260101T000000Z;' },
    { type: 'A', name: `mta-sts.${domain}`, value: policyAddress },
  ]);
  policySite.serve(domain, lines.join('\r\n'));
  dns.prepare(domain, 'MX');
  dns.prepare(`_mta-sts.${domain}`, 'TXT');
  for (const name of [`mx.${domain}`, `mta-sts.${domain}`]) {
    dns.prepare(name, 'A');
    dns.prepare(name, 'AAAA');
  }
}
