/**
 * The process behind `lab-process.ts`.
 *
 * @module
 */
import { startLabDns } from '../../src/lab/lab-dns.ts';
import { createLabCa } from '../../src/lab/pki/ca.ts';

import { type LabReady, domainName } from './lab-process.ts';
import { startPolicySite } from './policy-site.ts';

const ADDRESS = '127.0.0.1';
/** The log of questions is emptied now and then: millions are asked. */
const FORGET_EVERY_MS = 200;

const domains = Number(process.argv[2]);
const dns = await startLabDns({ address: ADDRESS });
const ca = createLabCa();
const host = await startPolicySite(ca, ADDRESS);
dns.zone('bench.test', 'insecure');
for (let index = 0; index < domains; index += 1) addDomain(domainName(index));
setInterval(() => dns.forget(), FORGET_EVERY_MS);
process.on('disconnect', () => process.exit());
process.send?.({
  dns: `${ADDRESS}:${dns.port}`,
  policyPort: host.port,
  ca: ca.rootPem,
} satisfies LabReady);

function addDomain(domain: string): void {
  const lines = ['version: STSv1', 'mode: enforce', `mx: mx.${domain}`, 'max_age: 604800', ''];
  dns.add(
    { type: 'MX', name: domain, preference: 10, exchange: `mx.${domain}` },
    { type: 'A', name: `mx.${domain}`, value: ADDRESS },
    { type: 'TXT', name: `_mta-sts.${domain}`, value: 'v=STSv1; id=20260101T000000Z;' },
    { type: 'A', name: `mta-sts.${domain}`, value: ADDRESS },
  );
  host.serve(domain, lines.join('\r\n'));
}
