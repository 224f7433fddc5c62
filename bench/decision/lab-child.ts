/**
 * The process behind `lab-process.ts`.
 *
 * @module
 */
import { createLabCa } from '../../src/lab/pki/ca.ts';
import { createZoneData } from '../../src/lab/zone-data.ts';
import { addEnforcedDomain } from './enforced-domain.ts';
import { type LabReady, domainName } from './lab-process.ts';
import { startLeanDns } from './lean-dns.ts';
import { startPolicySite } from './policy-site.ts';

const ADDRESS = '127.0.0.1';

const [domains = 0, dnsPort = 0, policyPort = 0] = process.argv.slice(2).map(Number);
const zones = createZoneData();
const dns = await startLeanDns(zones, ADDRESS, dnsPort);
const ca = createLabCa();
const policySite = await startPolicySite(ca, ADDRESS, policyPort);
zones.setZone('test', 'insecure');
const internet = { zones, dns, policySite, policyAddress: ADDRESS };
for (let index = 0; index < domains; index += 1) {
  addEnforcedDomain(internet, domainName(index), ADDRESS);
}
process.on('disconnect', () => process.exit());
process.send?.({
  dns: `${ADDRESS}:${dns.port}`,
  policyPort: policySite.port,
  ca: ca.rootPem,
} satisfies LabReady);
