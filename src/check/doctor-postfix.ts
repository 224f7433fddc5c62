/**
 * Is Postfix set up so that the answers it gets do what they say?
 *
 * @module
 */
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';
import { PROBE_KEY } from './doctor-service.ts';
import {
  hasDns,
  hasRoots,
  mainCfLines,
  type SocketmapTable,
  socketmapTables,
} from './postfix-maps.ts';
import { type PostfixSettings, readPostfix } from './postfix-settings.ts';
import {
  bestMapName,
  HAS_DANE,
  HAS_MX_PATTERNS,
  HAS_SERVERNAME,
  HAS_SOCKETMAP,
  HAS_TLSRPT,
  isAtLeast,
} from './postfix-version.ts';

/** What was found of Postfix. */
export interface PostfixExamined {
  readonly present: boolean;
  readonly findings: readonly Finding[];
  /** Lines for main.cf; empty without Postfix. */
  readonly mainCf: readonly string[];
}

/** Looks at Postfix, if there is one. */
export async function examinePostfix(around: Surroundings): Promise<PostfixExamined> {
  const found = await readPostfix(around.run, around.postfixConfig);
  switch (found.kind) {
    case 'absent':
      return { present: false, findings: [], mainCf: [] };
    case 'unreadable': {
      const mend = 'check --postfix-config, and run this as a user who may read main.cf';
      return { present: true, findings: [failing('postfix', found.why, mend)], mainCf: [] };
    }
    case 'found':
      break;
  }
  const { settings } = found;
  const findings = [
    versionFinding(settings),
    ...dnsFindings(settings),
    ...resolvConfFindings(settings, around),
    levelFinding(settings),
    rootsFinding(settings, around),
    ...patternFindings(settings),
    ...(await mapFindings(settings, around)),
  ];
  return { present: true, findings, mainCf: mainCfLines(settings, around.config.socketmap.listen) };
}

function versionFinding({ version, versionText }: PostfixSettings): Finding {
  const check = 'postfix';
  if (!isAtLeast(version, HAS_SOCKETMAP)) {
    return failing(
      check,
      `${versionText} knows no socketmap tables`,
      'install Postfix 3.4 or newer',
    );
  }
  if (!isAtLeast(version, HAS_SERVERNAME)) {
    return failing(
      check,
      `${versionText} does not know servername= in a TLS policy: mail to domains with an enforced policy would wait`,
      'install Postfix 3.4 or newer',
    );
  }
  if (!isAtLeast(version, HAS_MX_PATTERNS)) {
    return warning(
      check,
      `${versionText} checks certificates, but not whether the policy names the MX host: an MX outside the policy gets mail if its certificate also holds a name that the policy lists`,
      'install Postfix 3.10.5 or newer, which checks MX hosts against the policy',
    );
  }
  return fine(check, `${versionText}, speaks ${bestMapName(version)}`);
}

function dnsFindings({ version, values }: PostfixSettings): readonly Finding[] {
  if (!isAtLeast(version, HAS_DANE)) return [];
  const check = 'postfix dns';
  const level = values.smtp_dns_support_level;
  if (!hasDns(values.smtp_host_lookup)) {
    return [
      failing(
        check,
        `smtp_host_lookup = ${values.smtp_host_lookup}: DANE needs dns, and mail to DANE domains would wait`,
        'set smtp_host_lookup = dns',
      ),
    ];
  }
  if (level !== 'dnssec') {
    return [
      failing(
        check,
        `smtp_dns_support_level is ${level === '' ? 'not set' : level}: mail to DANE domains would wait`,
        'set smtp_dns_support_level = dnssec',
      ),
    ];
  }
  return [fine(check, 'smtp_dns_support_level = dnssec')];
}

/** glibc 2.31 and newer take the AD bit out of answers unless resolv.conf says otherwise. */
function resolvConfFindings(
  { chroot, values }: PostfixSettings,
  { readText }: Surroundings,
): readonly Finding[] {
  const inside = `${values.queue_directory}/etc/resolv.conf`;
  const paths = chroot ? [inside] : ['/etc/resolv.conf'];
  return paths.map((path) => {
    const check = 'postfix resolv.conf';
    const text = readText(path);
    if (text === undefined) {
      return warning(
        check,
        `${path} cannot be read`,
        chroot
          ? 'copy /etc/resolv.conf into the chroot, or take the delivery agent out of it (master.cf)'
          : 'check the file',
      );
    }
    if (/^\s*options\s.*\btrust-ad\b/m.test(text)) return fine(check, `trust-ad is in ${path}`);
    return warning(
      check,
      `${path} lacks "options trust-ad": the C library (glibc 2.31 and newer) hides the AD bit from Postfix, and DANE is off there`,
      `add "options trust-ad" to /etc/resolv.conf${chroot ? ` and restart Postfix, which copies it to ${path}` : ''}`,
    );
  });
}

const SOME_TLS: readonly string[] = [
  'may',
  'encrypt',
  'dane',
  'dane-only',
  'half-dane',
  'verify',
  'secure',
  'fingerprint',
];

function levelFinding({ values }: PostfixSettings): Finding {
  const check = 'postfix tls level';
  const level = values.smtp_tls_security_level;
  if (SOME_TLS.includes(level)) return fine(check, `smtp_tls_security_level = ${level}`);
  return warning(
    check,
    `smtp_tls_security_level is ${level === '' ? 'not set' : level}: domains without a policy get no TLS at all`,
    'set smtp_tls_security_level = dane (or may)',
  );
}

function rootsFinding({ values, chroot }: PostfixSettings, { readText }: Surroundings): Finding {
  const check = 'postfix authorities';
  const { smtp_tls_CAfile: file, smtp_tls_CApath: folder } = values;
  if (!hasRoots(values)) {
    return failing(
      check,
      'neither smtp_tls_CAfile nor smtp_tls_CApath is set: no certificate can be trusted, and mail under an enforced policy would wait',
      'set smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt',
    );
  }
  if (file !== '') {
    // Read before the chroot is entered.
    const text = readText(file);
    return text?.includes('-----BEGIN CERTIFICATE-----') === true
      ? fine(check, `smtp_tls_CAfile = ${file}`)
      : failing(
          check,
          `smtp_tls_CAfile = ${file} holds no certificate or cannot be read`,
          'install ca-certificates, or name another file',
        );
  }
  if (folder !== '' && chroot) {
    return warning(
      check,
      `smtp_tls_CApath = ${folder} is looked at inside the chroot`,
      'use smtp_tls_CAfile, which is read before the chroot is entered',
    );
  }
  return fine(check, folder === '' ? 'those of OpenSSL' : `smtp_tls_CApath = ${folder}`);
}

function patternFindings({ version, values }: PostfixSettings): readonly Finding[] {
  if (!isAtLeast(version, HAS_MX_PATTERNS)) return [];
  const check = 'postfix mx patterns';
  if (values.smtp_tls_enforce_sts_mx_patterns === 'no') {
    return [
      warning(
        check,
        'smtp_tls_enforce_sts_mx_patterns = no: MX hosts outside the policy are not refused',
        'set smtp_tls_enforce_sts_mx_patterns = yes',
      ),
    ];
  }
  return [fine(check, 'MX hosts are checked against the policy')];
}

async function mapFindings(
  settings: PostfixSettings,
  around: Surroundings,
): Promise<readonly Finding[]> {
  const tables = socketmapTables(settings);
  if (tables.length === 0) {
    const maps = settings.values.smtp_tls_policy_maps;
    return [
      failing(
        'postfix map',
        maps === ''
          ? 'smtp_tls_policy_maps is not set: Postfix does not ask'
          : `smtp_tls_policy_maps = ${maps}: no socketmap, Postfix does not ask`,
        'set smtp_tls_policy_maps as below',
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const table of tables) {
    findings.push(
      dialectFinding(table, settings, around),
      await reachFinding(table, settings, around),
    );
  }
  return findings;
}

function dialectFinding(
  { text, mapName }: SocketmapTable,
  { version, versionText }: PostfixSettings,
  { dialectOf }: Surroundings,
): Finding {
  const check = 'postfix dialect';
  const dialect = dialectOf(mapName);
  if (dialect !== 'postfix' && dialect !== 'postfix-tlsrpt') {
    return failing(
      check,
      `${text} asks for the answers of ${dialect}`,
      `end it in :${bestMapName(version)}`,
    );
  }
  if (dialect === 'postfix-tlsrpt' && !isAtLeast(version, HAS_TLSRPT)) {
    return failing(
      check,
      `${text} brings attributes that ${versionText} calls invalid: all mail under a policy waits`,
      'end it in :postfix',
    );
  }
  if (dialect === 'postfix' && isAtLeast(version, HAS_TLSRPT)) {
    return warning(
      check,
      `${text} leaves out what ${versionText} needs for TLS reports${
        isAtLeast(version, HAS_MX_PATTERNS) ? ' and to check MX hosts against the policy' : ''
      }`,
      'end it in :postfix-tlsrpt',
    );
  }
  return fine(check, `${dialect} for ${versionText}`);
}

async function reachFinding(
  table: SocketmapTable,
  { chroot, values }: PostfixSettings,
  { askMap }: Surroundings,
): Promise<Finding> {
  const check = 'postfix map';
  const { address, mapName, text } = table;
  const reply = await askMap({ address, mapName, key: PROBE_KEY });
  if (reply.ok) return fine(check, `${text} answers`);
  const inChroot = chroot && address.startsWith('unix:');
  return failing(
    check,
    `${text} does not answer: ${reply.failure.detail}; all mail waits`,
    inChroot
      ? `the delivery agent runs in a chroot: let the server listen on a path under ${values.queue_directory}, and name it without that`
      : 'start the service, and compare with socketmap.listen',
  );
}
