/**
 * Whom is trusted, and until when: the authorities and the clock.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { Outcome } from '../failure.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

/** No machine that runs this program can be before its first release. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** Certificates of authorities do not last so long: a clock beyond is wrong. */
const LATEST = Date.UTC(2060, 0, 1);

/** Looks at the trusted roots and at the clock. */
export async function examineTrust(around: Surroundings): Promise<readonly Finding[]> {
  const { roots, config, clock } = around;
  return [rootsFinding(roots, config.tls.caFile, clock.now()), await clockFinding(around)];
}

function rootsFinding(
  roots: Outcome<readonly string[]>,
  caFile: string | undefined,
  now: number,
): Finding {
  const check = 'authorities';
  if (!roots.ok) {
    const { detail, code } = roots.failure;
    return failing(check, `${detail} (${code})`, 'mend the file that tls.ca_file names');
  }
  const where = caFile ?? 'built in';
  const valid = roots.value.filter((pem) => new X509Certificate(pem).validToDate.getTime() >= now);
  const expired = roots.value.length - valid.length;
  if (valid.length === 0) {
    return failing(
      check,
      `all ${roots.value.length} authorities have expired (${where})`,
      caFile === undefined
        ? 'check the clock; if it is right, install a newer Node.js'
        : 'renew the file that tls.ca_file names',
    );
  }
  // A file of one's own is looked after by hand; the built-in list always has one that ends.
  if (expired > 0 && caFile !== undefined) {
    return warning(
      check,
      `${expired} of ${roots.value.length} authorities have expired (${where})`,
      'renew the file that tls.ca_file names',
    );
  }
  return fine(check, `${valid.length} trusted authorities (${where})`);
}

async function clockFinding({ clock, run }: Surroundings): Promise<Finding> {
  const now = clock.now();
  const shown = new Date(now).toISOString().slice(0, 16).replace('T', ' ');
  if (now < EARLIEST || now > LATEST) {
    return failing(
      'clock',
      `it says ${shown} UTC: policies and certificates would be judged by a wrong time`,
      'set the clock, and keep it with chrony or systemd-timesyncd',
    );
  }
  const synchronized = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (synchronized.kind === 'done' && synchronized.stdout.trim() === 'no') {
    return warning(
      'clock',
      `it says ${shown} UTC and is not synchronized`,
      'keep it with chrony or systemd-timesyncd: policies and DNSSEC run by the clock',
    );
  }
  return fine('clock', `${shown} UTC`);
}
