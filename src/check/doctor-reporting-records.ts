/**
 * Our own `_smtp._tls` records: do senders find us?
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { matchIdentity } from '../tls/identity.ts';
import { discoverTlsrpt } from '../tlsrpt/discover.ts';
import type { ReportTarget } from '../tlsrpt/types.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

const CHECK = 'report record';
/** Domains that are looked up; a list may be long. */
const MOST = 20;

/** Looks up those of the domains that are named one by one. */
export async function recordFindings(around: Surroundings): Promise<readonly Finding[]> {
  const { https, smtp, maildir, domains } = around.config.reporting.receive;
  if (https.listen === '' && smtp.listen === '' && maildir.path === '') return [];
  const named = domains.filter((domain) => !domain.startsWith('*')).slice(0, MOST);
  return await Promise.all(named.map(async (domain) => await recordFinding(domain, around)));
}

async function recordFinding(domain: string, around: Surroundings): Promise<Finding> {
  const { reporting } = around;
  const found = await discoverTlsrpt({
    resolver: reporting.resolver,
    policyDomain: domain,
    fresh: true,
  });
  switch (found.kind) {
    case 'absent':
      return warning(
        CHECK,
        `${found.failure.detail}: nobody sends reports about ${domain} (${found.failure.code})`,
        `publish _smtp._tls.${domain} TXT "${suggestion(around)}"`,
      );
    case 'failed':
      return warning(
        CHECK,
        `_smtp._tls.${domain} could not be looked up: ${found.failure.detail}`,
        'ask again; if it lasts, look at the resolver and at your DNS servers',
      );
    case 'record':
      return targetsFinding(domain, found.record.rua, around);
  }
}

function suggestion({ config, reporting }: Surroundings): string {
  const isByHttps = config.reporting.receive.https.listen !== '';
  const place = isByHttps ? `https://YOUR-HOST${reporting.reportsPath}` : 'mailto:REPORT-MAILBOX';
  return `v=TLSRPTv1; rua=${place}`;
}

function targetsFinding(
  domain: string,
  rua: readonly ReportTarget[],
  around: Surroundings,
): Finding {
  const all = rua.map(({ uri }) => uri).join(', ');
  const ours = rua.filter((target) => isOurs(target, around));
  if (ours.length === 0) {
    return warning(
      CHECK,
      `reports about ${domain} go to ${all}, and none of that comes here`,
      `let rua of _smtp._tls.${domain} name a way in that is open: ${waysIn(around)}`,
    );
  }
  const hosts = ours.flatMap((target) =>
    target.kind === 'https' ? [new URL(target.url).hostname] : [],
  );
  const unnamed = hosts.find((host) => !isNamed(host, around));
  if (unnamed !== undefined) {
    return failing(
      CHECK,
      `reports about ${domain} go to ${all}, and the certificate of the endpoint is not for ${unnamed}`,
      `have one issued for ${unnamed}`,
    );
  }
  return fine(CHECK, `reports about ${domain} go to ${all}`);
}

/** Which mailbox is handed over here only the mail server knows: any may be. */
function isOurs(target: ReportTarget, { config, reporting }: Surroundings): boolean {
  const { https, smtp, maildir } = config.reporting.receive;
  if (target.kind === 'mailto') return smtp.listen !== '' || maildir.path !== '';
  return https.listen !== '' && new URL(target.url).pathname === reporting.reportsPath;
}

function waysIn({ config, reporting }: Surroundings): string {
  const { https, smtp, maildir } = config.reporting.receive;
  const posts = https.listen === '' ? [] : [`https://YOUR-HOST${reporting.reportsPath}`];
  const mails = smtp.listen === '' && maildir.path === '' ? [] : ['mailto: with your mailbox'];
  return [...posts, ...mails].join(' or ');
}

/** True also where a proxy in front has the certificate. */
function isNamed(host: string, { config, reporting }: Surroundings): boolean {
  if (config.reporting.receive.https.certFile === undefined) return true;
  const loaded = reporting.loadCertificate();
  return !loaded.ok || matchIdentity(new X509Certificate(loaded.value), [host]) !== undefined;
}
