/**
 * Debian's Exim in a private machine, as a client of the relay and as the MX host of several domains.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOGIN, RELAY_NAME } from './relay-files.ts';
import {
  FEW,
  type HostKind,
  RELAY_PORTS,
  type RelayMta,
  type RelayMtaStart,
  SMALL,
  WAYS,
  type Way,
} from './relay-hosts.ts';
import { findInMaildir } from './relay-mailbox.ts';
import { run } from './run.ts';
import { textOf, waitFor } from './wait-for.ts';

const EXIM = '/usr/sbin/exim4';
/** The private machine's own. */
const ETC = '/etc/exim4';
/** As in the private machine's /etc/passwd. */
const EXIM_USER = 7003;
const PORT = 2525;

/** Starts it. */
export async function startRelayExim(start: RelayMtaStart): Promise<RelayMta> {
  for (const name of ['spool', 'log', 'mail']) {
    mkdirSync(join(start.folder, name));
    chownSync(join(start.folder, name), EXIM_USER, EXIM_USER);
  }
  await run('mount', '-t', 'tmpfs', 'tmpfs', ETC);
  // Exim reads them as a user of its own.
  copyFileSync(start.caFile, join(ETC, 'ca.pem'));
  for (const { pem, address } of start.hosts) copyFileSync(pem, join(ETC, `${address}.pem`));
  writeFileSync(join(ETC, 'exim4.conf'), configuration(start));
  // Says what is wrong with the file before a message would.
  await run(EXIM, '-bV');
  spawn(EXIM, ['-bdf', '-q1m'], { stdio: 'ignore' });
  const log = join(start.folder, 'log', 'mainlog');
  await waitFor(() => (textOf(log).includes('listening for SMTP') ? true : undefined), {
    what: () => `Exim does not start: ${textOf(log)}`,
  });
  return {
    port: PORT,
    stored: (text) => findInMaildir(join(start.folder, 'mail', 'box'), text),
    endGreylisting: () => writeFileSync(join(ETC, 'no-more-greylisting'), ''),
    log: () => textOf(log),
  };
}

function configuration({ folder, hosts }: RelayMtaStart): string {
  const at = (kind: HostKind): string =>
    `eq{$received_ip_address}{${hosts.find((host) => host.kind === kind)?.address}}`;
  const notBare = `\${if ${at('bare')}{}{*}}`;
  return `
primary_hostname = exim.peer.test
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
log_selector = +tls_certificate_verified +tls_peerdn +smtp_confirmation
domainlist own_domains = ${hosts.map(({ domain }) => domain).join(' : ')}
keep_environment =
local_interfaces = <; [127.0.0.1]:${PORT} ; ${hosts.map(({ address }) => `[${address}]:25`).join(' ; ')}
tls_certificate = ${ETC}/$received_ip_address.pem
tls_advertise_hosts = \${if or{{${at('no-tls')}}{eq{$received_ip_address}{127.0.0.1}}}{}{*}}
pipelining_advertise_hosts = ${notBare}
chunking_advertise_hosts = ${notBare}
smtputf8_advertise_hosts = ${notBare}
dsn_advertise_hosts = ${notBare}
message_size_limit = \${if ${at('small')}{${SMALL}}{60M}}
smtp_receive_timeout = \${if ${at('hasty')}{1s}{5m}}
tls_require_ciphers = \${if ${at('tls-1.2')}{NORMAL:-VERS-TLS1.3}{NORMAL}}
tls_try_verify_hosts = \${if ${at('tls-1.2')}{*}{}}
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = accept
allow_utf8_domains = true

begin acl
acl_rcpt:
  defer
    condition = \${if ${at('greylist')}}
    condition = \${if !exists{${ETC}/no-more-greylisting}}
    message = 450 4.7.1 Greylisted, come back later
  defer
    condition = \${if ${at('few')}}
    condition = \${if >{$rcpt_count}{${FEW}}}
    message = 452 4.5.3 Too many recipients
  deny
    condition = \${if ${at('full')}}
    message = 552 5.2.2 Mailbox full
  accept

begin routers
own:
  driver = accept
  domains = +own_domains
  transport = box
${WAYS.map(router).join('')}
dnslookup:
  driver = dnslookup
  transport = direct
  ignore_target_hosts = <; 0.0.0.0
  no_more

begin transports
box:
  driver = appendfile
  maildir_format
  directory = ${folder}/mail/box
  create_directory
  user = Debian-exim
  group = Debian-exim
  envelope_to_add
  return_path_add
direct:
  driver = smtp
${WAYS.map(transport).join('')}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  client_send = ^${LOGIN.user}^${LOGIN.password}

begin retry
* * F,4d,1h
`;
}

/** By the sender, as notices have none. */
function router(way: Way): string {
  const port = way === 'wrapped' ? RELAY_PORTS.tls : RELAY_PORTS.startTls;
  return `
to_${way}:
  driver = manualroute
  senders = ${way}@peer.test
  route_list = * 127.0.0.1::${port}
  self = send
  transport = to_${way}
`;
}

const TRANSPORTS: Readonly<Record<Way, string>> = {
  plain: '  hosts_avoid_tls = *\n',
  tls: '  hosts_require_tls = *\n  tls_verify_hosts =\n  tls_try_verify_hosts =\n',
  sasl: '  hosts_require_tls = *\n  hosts_require_auth = *\n',
  wrapped: `  protocol = smtps\n  port = ${RELAY_PORTS.tls}\n  hosts_require_auth = *\n`,
};

function transport(way: Way): string {
  // The address has no name, so the one to look for in the certificate is said here.
  const verify =
    way === 'sasl' || way === 'wrapped'
      ? `  tls_sni = ${RELAY_NAME}\n  tls_verify_certificates = ${ETC}/ca.pem\n  tls_verify_cert_hostnames =\n  tls_verify_hosts = *\n`
      : '';
  return `to_${way}:\n  driver = smtp\n${TRANSPORTS[way]}${verify}`;
}
