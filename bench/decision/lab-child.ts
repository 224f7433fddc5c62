/**
 * The process behind `lab-process.ts`.
 *
 * @module
 */
import { createLabCa } from '../../src/lab/pki/ca.ts';
import { createZoneData } from '../../src/lab/zone-data.ts';
import { type LabReady, domainName } from './lab-process.ts';
import { startLeanDns } from './lean-dns.ts';
import { startPolicySite } from './policy-site.ts';

const ADDRESS = '127.0.0.1';

const [domains = 0, dnsPort = 0, policyPort = 0] = process.argv.slice(2).map(Number);
const zones = createZoneData();
const dns = await startLeanDns(zones, ADDRESS, dnsPort);
const ca = createLabCa();
const host = await startPolicySite(ca, ADDRESS, policyPort);
zones.setZone('test', 'insecure');
for (let index = 0; index < domains; index += 1) addDomain(domainName(index));
process.on('disconnect', () => process.exit());
process.send?.({
  dns: `${ADDRESS}:${dns.port}`,
  policyPort: host.port,
  ca: ca.rootPem,
} satisfies LabReady);

function addDomain(domain: string): void {
  const lines = ['version: STSv1', 'mode: enforce', `mx: mx.${domain}`, 'max_age: 604800', ''];
  zones.add([
    { type: 'MX', name: domain, preference: 10, exchange: `mx.${domain}` },
    { type: 'A', name: `mx.${domain}`, value: ADDRESS },
    { type: 'TXT', name: `_mta-sts.${domain}`, value: 'v=STSv1; id=20260101T000000Z;' },
    { type: 'A', name: `mta-sts.${domain}`, value: ADDRESS },
  ]);
  host.serve(domain, lines.join('\r\n'));
  dns.prepare(domain, 'MX');
  dns.prepare(`_mta-sts.${domain}`, 'TXT');
  for (const name of [`mx.${domain}`, `mta-sts.${domain}`]) {
    dns.prepare(name, 'A');
    dns.prepare(name, 'AAAA');
  }
}
