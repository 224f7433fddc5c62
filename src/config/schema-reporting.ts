/**
 * The section of the configuration file for TLS reporting: counting, sending, taking in, alerts.
 *
 * @module
 */
import { z } from 'zod';
import {
  count,
  duration,
  isCidr,
  isFileMode,
  isHostName,
  isListenAddress,
  isSocketAddress,
  isUserGroup,
  listOf,
  port,
  setting,
  size,
  text,
  yesNo,
} from './values.ts';

const DURATION = 'duration';
const NUMBER = 'whole number';
const YES_NO = 'true or false';
const PATH = 'path';
const MAILBOX = 'mail address';

const orEmpty =
  (accepts: (value: string) => boolean) =>
  (value: string): boolean =>
    value === '' || accepts(value);

/** Enough to tell a mailbox from a slip of the pen; the address is read in full where it is used. */
function isMailbox(value: string): boolean {
  const at = value.lastIndexOf('@');
  return at > 0 && /^[^\s<>]+$/.test(value) && isHostName(value.slice(at + 1));
}

function isDomainPattern(value: string): boolean {
  return value === '*' || isHostName(value.replace(/^\*\./, ''));
}

/** A domain, or what a sender calls itself where no domain is known. */
function isSenderName(value: string): boolean {
  return value.trim() === value && value.length >= 1 && value.length <= 254;
}

function isHttps(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

const mailbox = (): ReturnType<typeof text> =>
  text(orEmpty(isMailbox), 'a mail address, or "" for none');
const patterns = (): ReturnType<typeof listOf<string>> =>
  listOf(text(isDomainPattern, 'a domain, *.domain or *'), 'domains');

const datagrams = z.strictObject({
  socket: setting(z.string(), '', {
    kind: PATH,
    about:
      'UNIX datagram socket to which Postfix (3.10 and newer) reports its sessions, `smtp_tlsrpt_socket_name`. Empty: none.',
  }),
  mode: setting(text(isFileMode, 'an octal mode such as 0220'), '0220', {
    kind: 'octal mode',
    about: 'Mode of the socket file.',
  }),
  owner: setting(text(orEmpty(isUserGroup), 'user, user:group or :group'), '', {
    kind: '`user:group`',
    about: 'Owner of the socket file. Empty: as the process.',
  }),
});

const tally = z.strictObject({
  enabled: setting(yesNo(), true, {
    kind: YES_NO,
    about: 'Count the sessions of the relay and the failures of policies.',
  }),
  flush: setting(duration({ min: '100ms', max: '1m' }), '2s', {
    kind: DURATION,
    about: 'How long counts wait in memory for company; a crash loses no more than that.',
  }),
  keep: setting(duration({ min: '2d' }), '7d', {
    kind: DURATION,
    about: 'How long the counts of a day are kept after its end.',
  }),
  datagrams: z
    .prefault(datagrams, {})
    .describe('Postfix as a source, by the protocol of libtlsrpt.'),
});

const dkim = z.strictObject({
  key_file: setting(z.string(), '', {
    kind: PATH,
    about:
      'PEM file of the private key, made by `smtp-sts dkim-key`. Without one no report leaves by mail (RFC 8460 §3).',
  }),
  selector: setting(text(orEmpty(isHostName), 'a selector'), 'tlsrpt', {
    kind: 'selector',
    about: 'Where the public key is published: `SELECTOR._domainkey.DOMAIN`.',
  }),
  domain: setting(text(orEmpty(isHostName), 'a domain, or ""'), '', {
    kind: 'domain name',
    about: 'The signing domain. Empty: the domain of `from`.',
  }),
});

const sendHttps = z.strictObject({
  certificates: setting(
    z.enum(['strict', 'ignore'], { error: 'Expected strict or ignore' }),
    'strict',
    {
      kind: '`strict` or `ignore`',
      about:
        'Whether the certificate of an HTTPS endpoint must be valid (RFC 8460 §3 allows both).',
    },
  ),
  allow_addresses: setting(listOf(text(isCidr, 'a network such as 10.0.0.0/8'), 'networks'), [], {
    kind: 'list of networks',
    about: 'Private or local networks to which reports may be posted or mailed all the same.',
  }),
  allow_ports: setting(listOf(port(), 'ports'), [], {
    kind: 'list of ports',
    about: 'Ports besides 443 to which reports may be posted.',
  }),
});

const send = z.strictObject({
  enabled: setting(yesNo(), false, {
    kind: YES_NO,
    about: 'Make a report of each day for each domain that asks for one, and send it.',
  }),
  organization: setting(z.string(), '', {
    kind: 'text',
    about: 'The name of the organisation, as it stands in every report.',
  }),
  contact: setting(mailbox(), '', {
    kind: MAILBOX,
    about: 'Whom to ask about a report. Its domain is the submitter.',
  }),
  from: setting(mailbox(), '', {
    kind: MAILBOX,
    about: '`From` of reports sent by mail. Empty: the contact.',
  }),
  bounce_address: setting(mailbox(), '', {
    kind: MAILBOX,
    about: 'Where bounces of reports go. Empty: nowhere (the null reverse-path).',
  }),
  dkim: z.prefault(dkim, {}).describe('The signature of reports sent by mail.'),
  spread: setting(duration({ max: '12h' }), '4h', {
    kind: DURATION,
    about: 'Reports leave spread over this time after midnight UTC (RFC 8460 §4.1).',
  }),
  give_up_after: setting(duration({ min: '1h', max: '2d' }), '24h', {
    kind: DURATION,
    about: 'How long a report is tried (RFC 8460 §5.5).',
  }),
  report: setting(z.enum(['all', 'failures'], { error: 'Expected all or failures' }), 'all', {
    kind: '`all` or `failures`',
    about: '`failures`: days on which all went well are not reported.',
  }),
  targets: setting(z.enum(['all', 'first'], { error: 'Expected all or first' }), 'all', {
    kind: '`all` or `first`',
    about:
      '`all`: each place that a record names gets the report. `first`: the next one only if the one before refused (RFC 8460 §3).',
  }),
  omit_sending_ip: setting(yesNo(), false, {
    kind: YES_NO,
    about: 'Leave out the addresses of our own hosts (RFC 8460 §8).',
  }),
  skip_domains: setting(patterns(), [], {
    kind: 'list of domains',
    about: 'Recipient domains that never get a report: `example.com`, `*.example.com`.',
  }),
  max_per_target: setting(count(1, 1_000_000), 1_000, {
    kind: NUMBER,
    about:
      'Reports to one place a day, for all domains together: records of many domains may point at one victim.',
  }),
  https: z.prefault(sendHttps, {}).describe('Reports sent by HTTPS.'),
});

const receiveHttps = z.strictObject({
  listen: setting(text(orEmpty(isListenAddress), 'address:port or [v6]:port, or ""'), '', {
    kind: '`address:port`',
    about: 'Where reports are taken by HTTPS. Empty: nowhere.',
  }),
  cert_file: setting(z.string().min(1).optional(), undefined, {
    kind: PATH,
    presetText: 'none: plain HTTP, behind a proxy',
    about: 'PEM file of the certificate with its chain, read again at a reload.',
  }),
  key_file: setting(z.string().min(1).optional(), undefined, {
    kind: PATH,
    presetText: 'none',
    about: 'PEM file of its private key.',
  }),
  token: setting(
    text((value) => /^[\w-]{0,128}$/.test(value), 'letters, digits, - and _'),
    '',
    {
      kind: 'text',
      about:
        'Makes the path hard to guess: `/v1/reports/TOKEN`. Whoever reads the TXT record knows it; it keeps scanners out.',
    },
  ),
  per_minute: setting(count(1, 1_000_000), 60, {
    kind: NUMBER,
    about: 'Reports that one address may post within a minute.',
  }),
});

const receiveSmtp = z.strictObject({
  listen: setting(text(orEmpty(isSocketAddress), 'address:port or unix:/path, or ""'), '', {
    kind: '`address:port` or `unix:/path`',
    about: 'Where the mail server hands over the mail of the report mailbox. Empty: nowhere.',
  }),
  protocol: setting(z.enum(['lmtp', 'smtp'], { error: 'Expected lmtp or smtp' }), 'lmtp', {
    kind: '`lmtp` or `smtp`',
    about: 'What is spoken there.',
  }),
  per_minute: setting(count(1, 1_000_000), 600, {
    kind: NUMBER,
    about: 'Messages that one client may hand over within a minute.',
  }),
});

const maildir = z.strictObject({
  path: setting(z.string(), '', {
    kind: PATH,
    about: 'A Maildir whose new messages are read; what was no report stays. Empty: none.',
  }),
  interval: setting(duration({ min: '1s', max: '1d' }), '1m', {
    kind: DURATION,
    about: 'How often it is looked through besides being watched.',
  }),
});

const receive = z.strictObject({
  domains: setting(patterns(), [], {
    kind: 'list of domains',
    about:
      'Policy domains whose reports are kept: `example.com`, `*.example.com`, `*` for any. Others are counted and dropped.',
  }),
  unauthenticated: setting(
    z.enum(['count', 'show', 'refuse'], { error: 'Expected count, show or refuse' }),
    'show',
    {
      kind: '`count`, `show` or `refuse`',
      about:
        'What reports are worth whose sender is not proven by DKIM: part of the sums, kept and shown but not part of them, or not kept.',
    },
  ),
  require_tlsrpt_key: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'Take only DKIM keys that say `s=tlsrpt` (RFC 8460 §3). The large senders do not publish them.',
  }),
  https: z.prefault(receiveHttps, {}).describe('Reports that come by HTTPS.'),
  smtp: z
    .prefault(receiveSmtp, {})
    .describe('Reports that come by mail, handed over by SMTP or LMTP.'),
  maildir: z.prefault(maildir, {}).describe('Reports that come by mail, read from a Maildir.'),
  max_size: setting(size('64MiB'), '2MiB', {
    kind: 'size',
    about: 'The largest message or file that is read.',
  }),
  max_json_size: setting(size('256MiB'), '10MiB', {
    kind: 'size',
    about: 'The largest report, unpacked (RFC 8460 §5.2).',
  }),
  per_sender_and_day: setting(count(1, 10_000_000), 10_000, {
    kind: NUMBER,
    about:
      'Reports of one sender that are stored in a day. All that nobody proves share one such budget for each way in. The same number times 4 KiB, at least 8 MiB, bounds the octets.',
  }),
  ignore_senders: setting(listOf(text(isSenderName, 'the name of a sender'), 'senders'), [], {
    kind: 'list of senders',
    about:
      'Senders, named as `report summary` shows them, that are not to be believed: their reports are kept and listed, raise no alert and are left out of the sums of `report summary` unless it is called with `--all`.',
  }),
  keep_details: setting(duration({ min: '1d' }), '400d', {
    kind: DURATION,
    about: 'How long reports are kept as they came, with all details.',
  }),
  keep_daily: setting(duration({ min: '1d' }), '3650d', {
    kind: DURATION,
    about: 'How long the daily sums are kept.',
  }),
});

const alerts = z.strictObject({
  mail_to: setting(listOf(text(isMailbox, 'a mail address'), 'mail addresses'), [], {
    kind: 'list of mail addresses',
    about: 'Who gets alerts by mail.',
  }),
  mail_from: setting(mailbox(), '', {
    kind: MAILBOX,
    about: '`From` of alerts. Empty: the contact of the reports.',
  }),
  webhook: setting(text(orEmpty(isHttps), 'an https:// address, or ""'), '', {
    kind: 'URL',
    about: 'Gets each alert as JSON by POST. Empty: none.',
  }),
  failure_percent: setting(count(1, 100), 5, {
    kind: NUMBER,
    about: 'Failed sessions of 100, by domain and day, above which an alert is raised.',
  }),
  min_sessions: setting(count(1, 1_000_000_000), 20, {
    kind: NUMBER,
    about: 'Days with fewer sessions raise no alert about rates.',
  }),
  silent_after: setting(duration({ min: '1d' }), '3d', {
    kind: DURATION,
    about: 'A reporter that reported daily and then not for so long raises an alert.',
  }),
  interval: setting(duration({ min: '1s', max: '1d' }), '15m', {
    kind: DURATION,
    about: 'How often it is looked for reasons to raise one.',
  }),
});

/** TLS reporting. */
export const reportingSection = z.strictObject({
  tally: z.prefault(tally, {}).describe('Counting sessions.'),
  send: z.prefault(send, {}).describe('Sending reports to others.'),
  receive: z.prefault(receive, {}).describe('Taking in the reports of others.'),
  alerts: z.prefault(alerts, {}).describe('Telling somebody what the reports of others say.'),
});
