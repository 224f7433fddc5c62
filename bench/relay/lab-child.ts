/**
 * The small internet of the contest: DNS, policy hosts, certificates.
 *
 * Arguments: folder for certificates, number of domains, ports of DNS and of policy hosts.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLabCa } from '../../src/lab/pki/ca.ts';
import { createZoneData } from '../../src/lab/zone-data.ts';
import { addEnforcedDomain } from '../decision/enforced-domain.ts';
import { startLeanDns } from '../decision/lean-dns.ts';
import { startPolicySite } from '../decision/policy-site.ts';
import { serveOrders } from './children.ts';
import { DEAD_ADDRESS, DEAD_DOMAIN, domainName, SINK_ADDRESS } from './names.ts';

const ADDRESS = '127.0.0.1';

const [folder = '', ...rest] = process.argv.slice(2);
const [domains = 0, dnsPort = 0, policyPort = 0] = rest.map(Number);
const zones = createZoneData();
const dns = await startLeanDns(zones, ADDRESS, dnsPort);
const ca = createLabCa();
const policySite = await startPolicySite(ca, ADDRESS, policyPort);
zones.setZone('bench.test', 'insecure');
const internet = { zones, dns, policySite, policyAddress: ADDRESS };
for (let index = 0; index < domains; index += 1) {
  addEnforcedDomain(internet, domainName(index), SINK_ADDRESS);
}
addEnforcedDomain(internet, DEAD_DOMAIN, DEAD_ADDRESS);
const names = Array.from({ length: domains }, (_, index) => `mx.${domainName(index)}`);
writeFileSync(join(folder, 'ca.pem'), ca.rootPem);
for (const [file, hosts] of [
  ['sink', names],
  ['relay', ['relay.bench.test']],
] as const) {
  const { key, chain } = ca.issue(hosts);
  writeFileSync(join(folder, `${file}.key`), key);
  writeFileSync(join(folder, `${file}.pem`), chain);
}
serveOrders(async () => await Promise.resolve({}));
process.send?.({ dnsPort: dns.port, policyPort: policySite.port });
