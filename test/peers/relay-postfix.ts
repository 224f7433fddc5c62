/**
 * Debian's Postfix in a private machine, as a client of the relay and as the MX host of several domains.
 *
 * @module
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { INNER_SERVICES, instanceSettings, settingsText } from './postfix-files.ts';
import { LOGIN, RELAY_NAME } from './relay-files.ts';
import {
  FEW,
  type HostKind,
  type PeerHost,
  RELAY_PORTS,
  type RelayMta,
  type RelayMtaStart,
  SMALL,
  WAYS,
} from './relay-hosts.ts';
import { findInMaildir } from './relay-mailbox.ts';
import { run } from './run.ts';
import { textOf, waitFor } from './wait-for.ts';

const PORT = 2525;
const POLICY_PORT = 2530;
/** As in the private machine's /etc/passwd. */
const POSTFIX_USER = 7001;
const MAIL_USER = 7003;

/** Starts it. */
export async function startRelayPostfix(start: RelayMtaStart): Promise<RelayMta> {
  const etc = join(start.folder, 'etc');
  const log = join(start.folder, 'mail.log');
  for (const name of ['etc', 'queue', 'data', 'mail']) mkdirSync(join(start.folder, name));
  chownSync(join(start.folder, 'data'), POSTFIX_USER, POSTFIX_USER);
  chownSync(join(start.folder, 'mail'), MAIL_USER, MAIL_USER);
  writeFileSync(join(etc, 'main.cf'), mainCf(start, log));
  writeFileSync(join(etc, 'master.cf'), masterCf(start));
  writeFileSync(join(etc, 'ways'), wayTable());
  const login = `${LOGIN.user}:${LOGIN.password}`;
  const passwords = Object.values(RELAY_PORTS).map((port) => `[127.0.0.1]:${port} ${login}\n`);
  writeFileSync(join(etc, 'passwords'), passwords.join(''));
  const endGreylisting = await startGreylisting();
  await run('/usr/sbin/postfix', '-c', etc, 'start');
  await waitFor(() => (textOf(log).includes('daemon started') ? true : undefined), {
    what: () => `Postfix does not start: ${textOf(log)}`,
  });
  return {
    port: PORT,
    stored: (text) => findInMaildir(join(start.folder, 'mail', 'box'), text),
    endGreylisting,
    log: () => textOf(log),
  };
}

/** A policy service (SMTPD_POLICY_README) of one sentence. */
async function startGreylisting(): Promise<() => void> {
  let action = '450 4.7.1 Greylisted, come back later';
  const server = createServer((socket) => {
    let asked = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      asked += chunk.toString('latin1');
      if (!asked.endsWith('\n\n')) return;
      asked = '';
      socket.write(`action=${action}\n\n`);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(POLICY_PORT, '127.0.0.1', resolve);
  });
  return () => {
    action = 'DUNNO';
  };
}

function mainCf({ folder, caFile, hosts }: RelayMtaStart, log: string): string {
  return settingsText({
    ...instanceSettings({ folder, log, hostname: 'postfix.peer.test' }),
    inet_interfaces: 'all',
    inet_protocols: 'ipv4',
    smtputf8_enable: 'yes',
    message_size_limit: '60000000',
    mailbox_size_limit: '0',
    virtual_mailbox_limit: '0',
    virtual_mailbox_domains: hosts.map(({ domain }) => domain).join(' '),
    virtual_mailbox_base: join(folder, 'mail'),
    virtual_mailbox_maps: 'static:box/',
    virtual_uid_maps: `static:${MAIL_USER}`,
    virtual_gid_maps: `static:${MAIL_USER}`,
    // What people hand in goes to the relay; notices, whose sender is null, to the MX.
    sender_dependent_default_transport_maps: `texthash:${join(folder, 'etc', 'ways')}`,
    smtp_host_lookup: 'dns',
    smtp_tls_CAfile: caFile,
    smtp_tls_loglevel: '1',
    smtp_sasl_password_maps: `texthash:${join(folder, 'etc', 'passwords')}`,
    smtp_sasl_security_options: 'noanonymous',
    smtpd_tls_loglevel: '1',
    smtpd_recipient_restrictions: 'permit_mynetworks, reject',
    smtpd_relay_restrictions: 'permit_mynetworks, reject',
    notify_classes: '',
  });
}

/** Nothing in a chroot. */
function masterCf({ hosts }: RelayMtaStart): string {
  const lines = [
    `127.0.0.1:${PORT} inet n - n - - smtpd`,
    ...hosts.flatMap(receiver),
    ...INNER_SERVICES,
    'virtual unix - n n - - virtual',
    'to-relay-plain unix - - n - - smtp',
    '  -o smtp_tls_security_level=none',
    'to-relay-tls unix - - n - - smtp',
    '  -o smtp_tls_security_level=encrypt',
    'to-relay-sasl unix - - n - - smtp',
    ...secured,
    'to-relay-wrapped unix - - n - - smtp',
    ...secured,
    '  -o smtp_tls_wrappermode=yes',
  ];
  return `${lines.join('\n')}\n`;
}

/** The certificate is verified before the password is said. */
const secured = [
  '  -o smtp_tls_security_level=secure',
  `  -o smtp_tls_secure_cert_match=${RELAY_NAME}`,
  '  -o smtp_sasl_auth_enable=yes',
];

const PECULIARITIES: Readonly<Record<HostKind, readonly string[]>> = {
  good: [],
  expired: [],
  'no-tls': ['smtpd_tls_security_level=none'],
  greylist: [
    `smtpd_recipient_restrictions=check_policy_service,inet:127.0.0.1:${POLICY_PORT},permit`,
  ],
  full: ['{ smtpd_recipient_restrictions = check_client_access static:{552 5.2.2 Mailbox full} }'],
  small: [`message_size_limit=${SMALL}`],
  dane: [],
  'dane-other': [],
  'tls-1.2': [
    'smtpd_tls_mandatory_protocols=<=TLSv1.2',
    'smtpd_tls_protocols=<=TLSv1.2',
    'smtpd_tls_ask_ccert=yes',
  ],
  hasty: ['smtpd_timeout=1s'],
  few: [`smtpd_recipient_limit=${FEW}`],
  bare: ['smtpd_discard_ehlo_keywords=pipelining,8bitmime,dsn,smtputf8,chunking,size'],
};

function receiver({ kind, address, pem }: PeerHost): readonly string[] {
  return [
    `${address}:25 inet n - n - - smtpd`,
    '  -o smtpd_tls_security_level=may',
    `  -o smtpd_tls_chain_files=${pem}`,
    ...PECULIARITIES[kind].map((option) => `  -o ${option}`),
  ];
}

/** By the sender. */
function wayTable(): string {
  return WAYS.map((way) => {
    const port = way === 'wrapped' ? RELAY_PORTS.tls : RELAY_PORTS.startTls;
    return `${way}@peer.test to-relay-${way}:[127.0.0.1]:${port}\n`;
  }).join('');
}
