/**
 * Datagrams as the mail server of a busy site sends them.
 *
 * @module
 */

const DOMAINS = 500;
/** Different datagrams; a load goes through them again and again. */
const TEXTS = 5_000;

/** One a line: many domains, three kinds of policies, each tenth a failure. */
export function datagramTexts(): string {
  return Array.from({ length: TEXTS }, (_, index) => `${datagram(index)}\n`).join('');
}

function datagram(index: number): string {
  const domain = `shop${index % DOMAINS}.test`;
  const record = `v=TLSRPTv1; rua=mailto:tls-reports@${domain}`;
  const isFailure = index % 10 === 0;
  const details = isFailure ? `,"failure-details":[${failure(index, domain)}]` : '';
  const result = isFailure ? '"t":1,"f":1' : '"t":0,"f":0';
  return `{"dpv": "1","d": "${domain}","pr": "${record}","policies":[{${policy(index, domain)}${details},${result}}]}`;
}

function policy(index: number, domain: string): string {
  // The policy of a domain is always the same.
  switch (index % 5) {
    case 0:
    case 1:
    case 2:
      return `"policy-type":2,"policy-domain": "${domain}","policy-string":["version: STSv1","mode: enforce","mx: mx1.${domain}","max_age: 604800"],"mx-host":["mx1.${domain}"]`;
    case 3:
      return `"policy-type":1,"policy-domain": "mx1.${domain}","policy-string":["3 1 1 ${'5A'.repeat(32)}"]`;
    default:
      return `"policy-type":9,"policy-domain": "${domain}"`;
  }
}

function failure(index: number, domain: string): string {
  const helo = `250-mx1.${domain}\\r\\n250-PIPELINING\\r\\n250-SIZE 10240000\\r\\n250 CHUNKING`;
  return `{"c":${index % 20 === 0 ? 204 : 205},"s": "192.0.2.10","n": "mx1.${domain}","h": "${helo}","r": "198.51.100.${index % 4}","f": "certificate_has_expired"}`;
}
