/**
 * The configuration file: every key, what it means, and its default. The reference page and the
 * error messages are made from this.
 *
 * @module
 */
import { hostname } from 'node:os';
import { z } from 'zod';
import { controlSection, policyServerSection, socketmapSection } from './schema-policy-server.ts';
import { relaySection } from './schema-relay.ts';
import { reportingSection } from './schema-reporting.ts';
import {
  count,
  duration,
  isCidr,
  isHostName,
  isListenAddress,
  isProxyUrl,
  isServerAddress,
  isStoreUrl,
  listOf,
  port,
  setting,
  size,
  text,
  yesNo,
} from './values.ts';
import { isIP } from 'node:net';

const isEmptyOr =
  (accepts: (value: string) => boolean) =>
  (value: string): boolean =>
    value === '' || accepts(value);

const DURATION = 'duration';
const NUMBER = 'whole number';
const YES_NO = 'true or false';

const selfTest = z.strictObject({
  signed: setting(text(isEmptyOr(isHostName), 'a domain name, or "" for no test'), 'ietf.org', {
    kind: 'domain name',
    about:
      'A name in a signed zone. A resolver that validates answers it with the AD bit; without it DANE is off. Empty: not tested.',
  }),
  unsigned: setting(text(isEmptyOr(isHostName), 'a domain name, or "" for no test'), 'google.com', {
    kind: 'domain name',
    about:
      'A name in an unsigned zone. An AD bit on it means that something on the path sets the bit blindly. Empty: not tested.',
  }),
  bogus: setting(
    text(isEmptyOr(isHostName), 'a domain name, or "" for no test'),
    'dnssec-failed.org',
    {
      kind: 'domain name',
      about:
        'A name whose signatures are wrong on purpose. A resolver that validates refuses it. Empty: not tested.',
    },
  ),
  interval: setting(duration({ min: '10s' }), '1h', {
    kind: DURATION,
    about: 'How often the test is repeated.',
  }),
});

const dns = z.strictObject({
  resolvers: setting(
    listOf(
      text(isServerAddress, 'an address, address:port or [v6]:port'),
      'addresses of resolvers',
    ),
    [],
    {
      kind: 'list of `address`, `address:port` or `[v6]:port`',
      about:
        'The resolvers to ask, in order. Empty: those of /etc/resolv.conf, followed as it changes.',
    },
  ),
  trusted: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'Believe the AD bit of resolvers that are not on loopback (RFC 7672 §2.1.3). Only where the path to them cannot be tampered with.',
  }),
  timeout: setting(duration({ max: '60s' }), '3s', {
    kind: DURATION,
    about: 'How long one attempt at one resolver may take.',
  }),
  attempts: setting(count(1, 10), 2, {
    kind: NUMBER,
    about: 'How often each resolver is asked before the question has failed.',
  }),
  concurrency: setting(count(1, 10_000), 1_000, {
    kind: NUMBER,
    about: 'Questions under way at once.',
  }),
  cache_entries: setting(count(0, 10_000_000), 100_000, {
    kind: NUMBER,
    about: 'Answers kept at most.',
  }),
  self_test: z
    .prefault(selfTest, {})
    .describe('Proves, and keeps proving, that the resolver validates.'),
});

const tls = z.strictObject({
  ca_file: setting(z.string().min(1).optional(), undefined, {
    kind: 'path',
    presetText: 'the built-in list',
    about: 'PEM file of trusted authorities that replaces the built-in list, for SMTP and HTTPS.',
  }),
  opportunistic_min_version: setting(
    z.enum(['TLSv1.2', 'TLSv1.1', 'TLSv1'], { error: 'Expected TLSv1.2, TLSv1.1 or TLSv1' }),
    'TLSv1.2',
    {
      kind: '`TLSv1.2`, `TLSv1.1` or `TLSv1`',
      about:
        'The oldest TLS taken from a host of which neither MTA-STS nor DANE demands anything, and to which mail would otherwise go in clear text (RFC 9325 §3.1.1). Such a session never counts as verified. Where a policy binds it is always TLS 1.2 or newer (RFC 8461 §7.2).',
    },
  ),
});

const smtp = z.strictObject({
  port: setting(port(), 25, { kind: 'port', about: 'The port of MX hosts.' }),
  helo_name: setting(text(isHostName, 'a host name'), hostname(), {
    kind: 'host name',
    presetText: "the machine's host name",
    about: 'The name given with EHLO.',
  }),
  local_address: setting(
    text((value) => isIP(value) !== 0, 'an IP address').optional(),
    undefined,
    {
      kind: 'address',
      presetText: 'whatever the system chooses',
      about: 'The source address of outgoing connections.',
    },
  ),
});

const policyFetch = z.strictObject({
  port: setting(port(), 443, {
    kind: 'port',
    about:
      'The port of policy hosts. RFC 8461 §3.3 knows only 443: another one is for tests, and makes loopback addresses reachable.',
  }),
  timeout: setting(duration({ max: '10m' }), '60s', {
    kind: DURATION,
    about: 'From the first DNS question to the last octet (RFC 8461 §3.3).',
  }),
  max_size: setting(size(), '64KiB', {
    kind: 'size',
    about: 'The longest policy that is read; a longer one is a failure (RFC 8461 §3.3).',
  }),
  proxy: setting(text(isProxyUrl, 'http://host:port').optional(), undefined, {
    kind: '`http://host:port`',
    presetText: 'none',
    about: 'A CONNECT proxy. It only carries bytes: TLS stays between us and the policy host.',
  }),
  allow_addresses: setting(
    listOf(text(isCidr, 'a block like 10.0.0.0/8 or fd00::/8'), 'CIDR blocks'),
    [],
    {
      kind: 'list of CIDR blocks',
      about: 'Addresses that may be reached although they are private, loopback or reserved.',
    },
  ),
  concurrency: setting(count(1, 1_000), 50, { kind: NUMBER, about: 'Fetches under way at once.' }),
});

const mtaSts = z
  .strictObject({
    first_contact: setting(duration({ max: '60s' }), '5s', {
      kind: DURATION,
      about:
        'How long a question about an unknown domain waits for its policy; then the answer is "no policy" and the fetch goes on behind.',
    }),
    first_contact_relay: setting(duration({ max: '5m' }), '15s', {
      kind: DURATION,
      about:
        'The same where a message is sent from here (`send`): no map waits for the answer, so the policy host gets more time.',
    }),
    recheck: setting(duration({ max: '24h' }), '5m', {
      kind: DURATION,
      about:
        'How often at most the record id of a cached policy is looked up while the domain is in use.',
    }),
    refresh: setting(duration({ max: '30d' }), '24h', {
      kind: DURATION,
      about: 'How often a cached policy is fetched anew, whatever its id says (RFC 8461 §10.2).',
    }),
    refresh_jitter: setting(duration({ min: '0ms', max: '15d' }), '3h', {
      kind: DURATION,
      about: 'Each refresh comes up to this much earlier or later, so that they spread out.',
    }),
    retry: setting(duration({ max: '24h' }), '5m', {
      kind: DURATION,
      about:
        'How long after a failed fetch the same record id is not tried again (RFC 8461 §3.3 wants 5m at least); doubles with each failure.',
    }),
    retry_max: setting(duration({ max: '24h' }), '1h', {
      kind: DURATION,
      about: 'The longest that `retry` grows to.',
    }),
    unused_after: setting(duration({ min: '1m' }), '30d', {
      kind: DURATION,
      about:
        'A policy not used for this long is no longer refreshed, and may be dropped for others.',
    }),
    max_entries: setting(count(1, 10_000_000), 1_000_000, {
      kind: NUMBER,
      about: 'Policies kept at most. One in force and in use is never dropped for another.',
    }),
    require_text_plain: setting(yesNo(), true, {
      kind: YES_NO,
      about: 'Refuse a policy whose Content-Type is not text/plain (RFC 8461 §3.2).',
    }),
  })
  .superRefine((value, context) => {
    if (value.refresh_jitter >= value.refresh) {
      context.addIssue({
        code: 'custom',
        path: ['refresh_jitter'],
        message: 'Expected less than refresh',
      });
    }
    if (value.retry_max < value.retry) {
      context.addIssue({
        code: 'custom',
        path: ['retry_max'],
        message: 'Expected no less than retry',
      });
    }
  });

const policy = z.strictObject({
  dane_satisfies_sts: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'A DANE match is enough although an enforced MTA-STS policy fails. Otherwise both must pass.',
  }),
  dane_with_insecure_mx: setting(yesNo(), true, {
    kind: YES_NO,
    about:
      'Use the TLSA records of a signed MX host although the MX records are unsigned (RFC 7672 §2.2.1).',
  }),
  enforce_testing: setting(yesNo(), false, {
    kind: YES_NO,
    about: 'Treat policies in mode testing as enforce.',
  }),
  dane_required: setting(listOf(text(isHostName, 'a domain name'), 'domain names'), [], {
    kind: 'list of domain names',
    about: 'Domains for which DANE is mandatory (RFC 7672 §6): without it their mail waits.',
  }),
  defer_on_discovery_error: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'Where DNS fails at the first contact with a domain, mail waits instead of going without a policy.',
  }),
});

const store = z.strictObject({
  url: setting(
    text(isStoreUrl, 'sqlite:PATH, sqlite::memory: or postgres://user@host/database'),
    'sqlite:var/smtp-sts.sqlite',
    {
      kind: '`sqlite:PATH` or `postgres://…`',
      about:
        'Where policies are kept. A SQLite path is relative to the working directory; folder and file are made with access for the owner alone. Under systemd the default lies in the `StateDirectory=`.',
    },
  ),
});

const http = z.strictObject({
  listen: setting(text(isListenAddress, 'address:port or [v6]:port'), '127.0.0.1:8462', {
    kind: '`address:port`',
    about: 'Where the HTTP API listens.',
  }),
});

const log = z.strictObject({
  level: setting(
    z.enum(['debug', 'info', 'warn', 'error', 'silent'], {
      error: 'Expected debug, info, warn, error or silent',
    }),
    'info',
    { kind: '`debug`, `info`, `warn`, `error` or `silent`', about: 'How much is logged.' },
  ),
  format: setting(z.enum(['json', 'text'], { error: 'Expected json or text' }), 'json', {
    kind: '`json` or `text`',
    about: 'How the service logs: one JSON object a line for machines, or text for people.',
  }),
});

/** The whole file. Every section and every key may be left out. */
export const configSchema = z.strictObject({
  dns: z.prefault(dns, {}).describe('How DNS is asked, and whom to believe.'),
  tls: z.prefault(tls, {}).describe('Whom to trust.'),
  smtp: z.prefault(smtp, {}).describe('Outgoing SMTP.'),
  policy_fetch: z.prefault(policyFetch, {}).describe('Fetching MTA-STS policies.'),
  mta_sts: z.prefault(mtaSts, {}).describe('The life of a cached MTA-STS policy.'),
  policy: z.prefault(policy, {}).describe('How the decision is made.'),
  store: z.prefault(store, {}).describe('The database.'),
  http: z.prefault(http, {}).describe('The HTTP API.'),
  socketmap: z
    .prefault(socketmapSection, {})
    .describe('The server that Postfix, Sendmail and Exim ask (socketmap protocol).'),
  policy_server: z.prefault(policyServerSection, {}).describe('What MTAs are told.'),
  relay: z
    .prefault(relaySection, {})
    .describe('The relay: takes messages, keeps them on disk, delivers them strictly.'),
  reporting: z
    .prefault(reportingSection, {})
    .describe('TLS reports (RFC 8460): counting, sending, taking in, alerts.'),
  control: z
    .prefault(controlSection, {})
    .describe('How the command line reaches the running service.'),
  log: z.prefault(log, {}).describe('Logging.'),
});

/** A file that passed the schema, defaults filled in; keys as in the file. */
export type ConfigFile = z.output<typeof configSchema>;
