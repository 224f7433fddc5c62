/**
 * TLS reporting as the doctor sees it.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';
import type { FileThere, ReportingSurroundings } from '../check/doctor-reporting-types.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { REPORTS_PATH } from '../reporting/intake/http-request.ts';
import { checkMaildir } from '../reporting/intake/maildir-place.ts';
import { checkKey } from '../reporting/mail/check-key.ts';
import { signerOf } from '../reporting/send/author.ts';
import { alertSender, settingsFaults } from '../reporting/settings-faults.ts';
import { loadOwnCertificate } from '../tls/own-certificate.ts';

/** The real thing. */
export function realReporting({ reporting }: Config, resolver: Resolver): ReportingSurroundings {
  const { send, receive } = reporting;
  const signer = (): ReturnType<typeof signerOf> => signerOf(send);
  return {
    faults: () => settingsFaults(reporting),
    loadKey: () => {
      const loaded = signer();
      if (!loaded.ok) return loaded;
      return ok(`${loaded.value.selector}._domainkey.${loaded.value.domain}`);
    },
    checkKey: async () => {
      const loaded = signer();
      if (!loaded.ok) return { verdict: 'wrong', findings: [loaded.failure] };
      const { domain, selector, algorithm, publicKey } = loaded.value;
      return await checkKey({ domain, selector, algorithm, publicKey, resolver, fresh: true });
    },
    loadCertificate: () => loadCertificate(receive.https),
    checkMaildir,
    fileAt,
    datagramQueue,
    resolver,
    alertSender: alertSender(reporting),
    reportsPath:
      receive.https.token === '' ? REPORTS_PATH : `${REPORTS_PATH}/${receive.https.token}`,
  };
}

function loadCertificate({
  certFile,
  keyFile,
}: Config['reporting']['receive']['https']): Outcome<string> {
  const code = 'REPORT_RECEIVER_CERTIFICATE_INVALID';
  if (certFile === undefined || keyFile === undefined) {
    return fail(code, 'cert_file and key_file of reporting.receive.https are only of use together');
  }
  const loaded = loadOwnCertificate({ certFile, keyFile });
  return 'wrong' in loaded ? fail(code, loaded.wrong) : ok(String(loaded.options.cert));
}

function fileAt(path: string): FileThere {
  try {
    const there = statSync(path);
    if (there.isSocket()) return { kind: 'socket', mode: there.mode & 0o7777 };
    return { kind: there.isDirectory() ? 'folder' : 'other' };
  } catch {
    return { kind: 'missing' };
  }
}

function datagramQueue(): number | undefined {
  try {
    const length = Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'));
    return Number.isSafeInteger(length) ? length : undefined;
  } catch {
    return undefined;
  }
}
