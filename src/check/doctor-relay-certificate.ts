/**
 * The relay's own certificate: can it be used, for its name, and how long still?
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { matchIdentity, presentedNames } from '../tls/identity.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

const CHECK = 'relay certificate';
const DAY_MS = 86_400_000;
/** Whoever renews by a timer has done so long before. */
const SOON_MS = 14 * DAY_MS;
/** Names shown of a certificate that lacks ours. */
const NAMES_SHOWN = 3;

const NO_START = 'the service does not start';

/** Looks at certificate and key. */
export function certificateFindings(around: Surroundings): readonly Finding[] {
  const { certFile, keyFile } = around.config.relay;
  if (certFile === undefined && keyFile === undefined) return [absence(around)];
  if (certFile === undefined || keyFile === undefined) {
    return [
      failing(
        CHECK,
        `relay.cert_file and relay.key_file are only of use together: ${NO_START}`,
        `set relay.${certFile === undefined ? 'cert_file' : 'key_file'} too`,
      ),
    ];
  }
  const read = readPair(around, { certFile, keyFile });
  if ('status' in read) return [read];
  return judged(read, around, certFile);
}

function absence({ config, relay }: Surroundings): Finding {
  const { listen, listenTls } = config.relay;
  if (listenTls.length > 0) {
    return failing(
      CHECK,
      `relay.listen_tls names ${listenTls.join(', ')}, and there is no certificate: ${NO_START}`,
      'set relay.cert_file and relay.key_file, or leave relay.listen_tls empty',
    );
  }
  if (listen.every(relay.isLoopbackListener)) {
    return fine(CHECK, 'none: not needed on loopback; there is neither AUTH nor REQUIRETLS');
  }
  return warning(
    CHECK,
    'none, and the relay listens beyond loopback: mail is handed in in clear text, without AUTH and REQUIRETLS',
    'set relay.cert_file and relay.key_file',
  );
}

interface Files {
  readonly certFile: string;
  readonly keyFile: string;
}

function readPair({ relay }: Surroundings, files: Files): X509Certificate | Finding {
  const { certFile, keyFile } = files;
  const texts = new Map<string, string>();
  for (const path of [certFile, keyFile]) {
    const text = relay.readPem(path);
    if (!text.ok) {
      const mend = `check the path, and that the user of the service may read it (run this as that user)`;
      return failing(CHECK, `${text.failure.detail}: ${NO_START}`, mend);
    }
    texts.set(path, text.value);
  }
  const certificate = attempt(() => new X509Certificate(texts.get(certFile)!));
  if (certificate === undefined) {
    return damaged(certFile, 'certificate', 'the certificate, behind it its chain');
  }
  const key = attempt(() => createPrivateKey(texts.get(keyFile)!));
  if (key === undefined) return damaged(keyFile, 'private key', 'the key, without a passphrase');
  return misfit(certificate, key, files) ?? refusal(relay) ?? certificate;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function damaged(path: string, kind: string, content: string): Finding {
  const what = `${path} holds no ${kind} that can be read: ${NO_START}`;
  return failing(CHECK, what, `write it anew, as PEM: ${content}`);
}

function misfit(
  certificate: X509Certificate,
  key: KeyObject,
  { certFile, keyFile }: Files,
): Finding | undefined {
  if (certificate.checkPrivateKey(key)) return undefined;
  return failing(
    CHECK,
    `the key in ${keyFile} does not belong to the first certificate in ${certFile}: ${NO_START}`,
    'take the key that the certificate was asked for with; the own certificate comes first in its file',
  );
}

/** What only OpenSSL knows, such as a key that is too weak for it. */
function refusal(relay: Surroundings['relay']): Finding | undefined {
  const loaded = relay.loadCertificate();
  if (loaded.ok) return undefined;
  const { code, detail } = loaded.failure;
  return failing(CHECK, `${detail} (${code}): ${NO_START}`, 'have another certificate issued');
}

function judged(
  certificate: X509Certificate,
  { config, clock }: Surroundings,
  path: string,
): readonly Finding[] {
  const findings = [
    certificateValidity(CHECK, certificate, clock.now()),
    naming(certificate, config.smtp.heloName),
  ];
  const wrong = findings.filter((finding) => finding !== undefined);
  if (wrong.length > 0) return wrong;
  const until = dayOf(certificate.validToDate);
  return [fine(CHECK, `${path} is for ${config.smtp.heloName}, valid until ${until}`)];
}

/** Whether a certificate can be used now, and for some time still. */
export function certificateValidity(
  check: string,
  { validFromDate, validToDate }: X509Certificate,
  now: number,
): Finding | undefined {
  const left = validToDate.getTime() - now;
  const renew = 'renew it, then `smtp-sts reload`';
  if (left <= 0) {
    const what = `expired on ${dayOf(validToDate)}: clients that check it send nothing`;
    return failing(check, what, renew);
  }
  if (validFromDate.getTime() > now) {
    const what = `valid only from ${dayOf(validFromDate)}: clients that check it send nothing`;
    return failing(check, what, 'check the clock, or use the certificate before it');
  }
  if (left >= SOON_MS) return undefined;
  const days = Math.floor(left / DAY_MS);
  const when = days === 0 ? 'within a day' : `in ${days} ${days === 1 ? 'day' : 'days'}`;
  return warning(check, `expires ${when}, on ${dayOf(validToDate)}`, renew);
}

function naming(certificate: X509Certificate, name: string): Finding | undefined {
  if (matchIdentity(certificate, [name]) !== undefined) return undefined;
  const names = presentedNames(certificate);
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  const list = names.length === 0 ? 'no name' : names.slice(0, NAMES_SHOWN).join(', ') + more;
  return warning(
    CHECK,
    `it is for ${list}, not for ${name} (smtp.helo_name)`,
    'have one issued for the name that clients are told; if that is another one than smtp.helo_name, all is well',
  );
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
