/**
 * The section of the configuration file for the relay: taking messages, keeping them, delivering them.
 *
 * @module
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  count,
  duration,
  isCidr,
  isHostName,
  isListenAddress,
  listOf,
  setting,
  size,
  text,
  yesNo,
} from './values.ts';

const DURATION = 'duration';
const NUMBER = 'whole number';
const YES_NO = 'true or false';
const PATH = 'path';

/** `example.com`, `*.example.com`, `*`, `[192.0.2.1]`. */
function isRoutePattern(value: string): boolean {
  const name = value.replace(/^\*\./, '');
  return value === '*' || (isHostName(name) && !name.includes('*')) || /^\[[\w.:]+\]$/.test(value);
}

const route = z.strictObject({
  domains: listOf(
    text(isRoutePattern, 'a domain, *.domain, * or [address]'),
    'the domains of the route',
  ).describe('`example.com`, `*.example.com` (every name below it), `*` (all other domains).'),
  next_hop: z.string().min(1).describe('`[host]:587`, `host`, `host:26` or `[192.0.2.1]`.'),
  user: z.string().min(1).optional().describe('For AUTH, which is only said inside verified TLS.'),
  password_file: z.string().min(1).optional().describe('A file that holds the password alone.'),
  tls: z
    .enum(['policy', 'encrypt', 'verify'], { error: 'Expected policy, encrypt or verify' })
    .prefault('policy')
    .describe(
      "`policy`: as the host's own policies say; `encrypt`; `verify`: a valid certificate.",
    ),
  helo_name: text(isHostName, 'a host name')
    .optional()
    .describe('In place of `smtp.helo_name` on this route.'),
  local_address: text((value) => isIP(value) !== 0, 'an IP address')
    .optional()
    .describe('In place of `smtp.local_address` on this route.'),
});

/** The relay. */
export const relaySection = z.strictObject({
  enabled: setting(yesNo(), false, { kind: YES_NO, about: 'Whether the service takes mail.' }),
  listen: setting(
    listOf(text(isListenAddress, 'address:port or [v6]:port'), 'where to listen'),
    ['127.0.0.1:2525'],
    {
      kind: 'list of `address:port` or `[v6]:port`',
      about: 'Where messages are taken. STARTTLS is offered where there is a certificate.',
    },
  ),
  listen_tls: setting(
    listOf(text(isListenAddress, 'address:port or [v6]:port'), 'where to listen'),
    [],
    {
      kind: 'list of `address:port` or `[v6]:port`',
      about: 'The same with TLS from the first octet (RFC 8314 §3.3); needs a certificate.',
    },
  ),
  cert_file: setting(z.string().min(1).optional(), undefined, {
    kind: PATH,
    presetText: 'none',
    about:
      'PEM file of the certificate with its chain, read again at a reload. Without one there is no TLS, hence neither AUTH nor REQUIRETLS.',
  }),
  key_file: setting(z.string().min(1).optional(), undefined, {
    kind: PATH,
    presetText: 'none',
    about: 'PEM file of its private key.',
  }),
  trusted_networks: setting(
    listOf(text(isCidr, 'a block like 10.0.0.0/8 or fd00::/8'), 'CIDR blocks'),
    ['127.0.0.0/8', '::1/128'],
    {
      kind: 'list of CIDR blocks',
      about:
        'Who may send to everywhere without AUTH. The service refuses to start where that is the whole Internet.',
    },
  ),
  users_file: setting(z.string().min(1).optional(), undefined, {
    kind: PATH,
    presetText: 'none: no AUTH',
    about: 'Users who may send, made by `smtp-sts user add`; read again when it changes.',
  }),
  max_message_size: setting(size('1024MiB'), '50MiB', {
    kind: 'size',
    about: 'The longest message that is taken (RFC 1870).',
  }),
  min_free_space: setting(size('1048576MiB'), '64MiB', {
    kind: 'size',
    about:
      'New mail leaves so much of the disk of a SQLite store free (452 4.3.1 below it), since what is queued needs room to leave; half of a small file system at most.',
  }),
  max_recipients: setting(count(1, 100_000), 1_000, {
    kind: NUMBER,
    about: 'Recipients of one message (RFC 5321 §4.5.3.1.8 wants 100 at least).',
  }),
  max_connections: setting(count(1, 100_000), 500, {
    kind: NUMBER,
    about: 'Connections served at once; more are told to come back (421).',
  }),
  max_connections_per_client: setting(count(1, 100_000), 100, {
    kind: NUMBER,
    about: 'The same for one client: an IPv4 address or an IPv6 /64.',
  }),
  max_messages_per_minute: setting(count(0, 1_000_000), 0, {
    kind: NUMBER,
    about: 'Messages that one client may hand in within a minute; 0: any number.',
  }),
  max_errors: setting(count(1, 1_000), 10, {
    kind: NUMBER,
    about: 'Refused commands after which a connection is closed.',
  }),
  max_hops: setting(count(10, 1_000), 50, {
    kind: NUMBER,
    about: '`Received` fields after which a message is in a loop (RFC 5321 §6.3).',
  }),
  idle_timeout: setting(duration({ min: '1s', max: '1h' }), '5m', {
    kind: DURATION,
    about: 'A connection on which nothing happens for this long is closed (RFC 5321 §4.5.3.2.7).',
  }),
  tls_required_no: setting(
    z.enum(['submission', 'always', 'never'], { error: 'Expected submission, always or never' }),
    'submission',
    {
      kind: '`submission`, `always` or `never`',
      about:
        'When the header `TLS-Required: No` (RFC 8689 §3) lifts the policies for its message: from users who authenticated, from everybody, or never.',
    },
  ),
  concurrency: setting(count(1, 10_000), 200, {
    kind: NUMBER,
    about: 'Deliveries under way at once.',
  }),
  concurrency_per_hop: setting(count(1, 1_000), 20, {
    kind: NUMBER,
    about: 'The same to one next hop. It starts with less after failures.',
  }),
  messages_per_minute_per_hop: setting(count(0, 1_000_000), 0, {
    kind: NUMBER,
    about: 'Messages a minute to one next hop; 0: any number.',
  }),
  concurrency_per_host: setting(count(1, 1_000), 100, {
    kind: NUMBER,
    about:
      'Sessions with one address of a host at once, whatever domains they are for. To give one next hop more, raise this and `concurrency_per_hop`.',
  }),
  messages_per_minute_per_host: setting(count(0, 1_000_000), 0, {
    kind: NUMBER,
    about: 'Messages a minute to one address of a host; 0: any number.',
  }),
  session_idle: setting(duration({ min: '0ms', max: '5m' }), '5s', {
    kind: DURATION,
    about: 'How long a session is kept open for another message.',
  }),
  messages_per_session: setting(count(1, 100_000), 100, {
    kind: NUMBER,
    about: 'Messages over one session at most.',
  }),
  retry_waits: setting(
    z.array(duration({ min: '1s', max: '7d' })).min(1),
    ['1m', '5m', '15m', '30m', '1h', '2h', '4h'],
    {
      kind: 'list of durations',
      about: 'Waits after the first, second … failed attempt; the last one repeats.',
    },
  ),
  delay_notice_after: setting(duration({ min: '0ms', max: '30d' }), '4h', {
    kind: DURATION,
    about: 'When the sender is told that a message waits, and why; `0ms`: never.',
  }),
  give_up_after: setting(duration({ min: '1s', max: '30d' }), '5d', {
    kind: DURATION,
    about: 'When a message that could not be delivered is returned.',
  }),
  bounce_give_up_after: setting(duration({ min: '1s', max: '30d' }), '1d', {
    kind: DURATION,
    about: 'The same for notifications.',
  }),
  routes: setting(z.array(route), [], {
    kind: 'list of `{domains, next_hop, user, password_file, tls, helo_name, local_address}`',
    about:
      'Sends the mail of some domains to a smart host. The first route that fits counts; `*` fits all.',
  }),
  shadow: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'Evaluate every policy as enforced, deliver as if none was, and log and count what would have waited. REQUIRETLS still holds.',
  }),
  shutdown_timeout: setting(duration({ min: '0ms', max: '10m' }), '20s', {
    kind: DURATION,
    about: 'How long deliveries under way may take to end when the service stops.',
  }),
});
