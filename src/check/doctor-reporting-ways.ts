/**
 * The ways in for TLS reports: are they open, and for whom?
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { certificateValidity } from './doctor-relay-certificate.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

const CHECK = 'report receiving';
/** Domains that are named. */
const DOMAINS_SHOWN = 5;

/** Looks at each way that is on. What is weak in the settings is found by the service itself. */
export async function receivingFindings(around: Surroundings): Promise<readonly Finding[]> {
  const { https, smtp, maildir, domains } = around.config.reporting.receive;
  if (https.listen === '' && smtp.listen === '' && maildir.path === '') return [fine(CHECK, 'off')];
  const isRunning = (await around.askHttp('/readyz')).status !== 0;
  const findings: Finding[] = [];
  if (domains.length > 0) findings.push(fine(CHECK, `about ${listed(domains)}`));
  if (https.listen !== '') {
    const what = `HTTPS at ${https.listen}`;
    const setting = 'reporting.receive.https.listen';
    const way = { what, setting, listen: https.listen, isRunning };
    findings.push(await listenerFinding(way, around), ...certificateFindings(around));
  }
  if (smtp.listen !== '') {
    const what = `${smtp.protocol.toUpperCase()} at ${smtp.listen}`;
    const setting = 'reporting.receive.smtp.listen';
    const way = { what, setting, listen: smtp.listen, isRunning };
    findings.push(await listenerFinding(way, around));
  }
  if (maildir.path !== '') findings.push(maildirFinding(around));
  return findings;
}

function listed(domains: readonly string[]): string {
  const more = domains.length - DOMAINS_SHOWN;
  return domains.slice(0, DOMAINS_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

interface Way {
  readonly what: string;
  readonly setting: string;
  readonly listen: string;
  readonly isRunning: boolean;
}

/** While the service runs its addresses are taken, by itself; while it does not they must be free. */
async function listenerFinding(
  { what, setting, listen, isRunning }: Way,
  { relay, reporting }: Surroundings,
): Promise<Finding> {
  const restart = 'start it again: listeners only change with a restart';
  if (listen.startsWith('unix:')) {
    const isThere = reporting.fileAt(listen.slice('unix:'.length)).kind === 'socket';
    if (!isRunning || isThere) return fine(CHECK, what);
    return failing(CHECK, `${what}: the service runs, and there is no socket`, restart);
  }
  if (listen.endsWith(':0')) return fine(CHECK, what);
  const fault = await relay.tryListen(listen);
  if (isRunning) {
    if (fault !== undefined) return fine(CHECK, what);
    return failing(CHECK, `${what}: the service runs, and nobody listens there`, restart);
  }
  switch (fault) {
    case undefined:
      return fine(CHECK, `${what}: free for the service`);
    case 'denied':
      return warning(
        CHECK,
        `${what}: this user may not listen there; the service may if its unit lets it`,
        'ask again as root to know whether the port is free',
      );
    case 'taken':
    case 'not-here':
    case 'failed': {
      const why = fault === 'taken' ? 'another program listens there' : 'nobody can listen there';
      return failing(CHECK, `${what}: ${why}, the service does not start`, `correct ${setting}`);
    }
  }
}

function certificateFindings({ config, reporting, clock }: Surroundings): readonly Finding[] {
  const check = 'report certificate';
  const { certFile, keyFile } = config.reporting.receive.https;
  if (certFile === undefined && keyFile === undefined) return [];
  const loaded = reporting.loadCertificate();
  if (!loaded.ok) {
    const { code, detail } = loaded.failure;
    const what = `${detail} (${code}): the service does not start`;
    return [failing(check, what, 'both files must be PEM, belong together, and be readable')];
  }
  const certificate = new X509Certificate(loaded.value);
  const wrong = certificateValidity(check, certificate, clock.now());
  if (wrong !== undefined) return [wrong];
  const until = certificate.validToDate.toISOString().slice(0, 10);
  return [fine(check, `${certFile}, valid until ${until}`)];
}

function maildirFinding({ config, reporting }: Surroundings): Finding {
  const { path } = config.reporting.receive.maildir;
  const checked = reporting.checkMaildir(path);
  if (checked.ok) return fine(CHECK, `the Maildir ${path}`);
  const { code, detail } = checked.failure;
  return failing(CHECK, `${detail} (${code})`, 'make it as the user to whom mail is delivered');
}
