/**
 * The sections of the configuration file for what MTAs ask: the socketmap server and its answers.
 *
 * @module
 */
import { z } from 'zod';
import {
  count,
  duration,
  isFileMode,
  isSocketAddress,
  isSocketPath,
  isUserGroup,
  listOf,
  setting,
  text,
  yesNo,
} from './values.ts';

const DURATION = 'duration';
const NUMBER = 'whole number';
const YES_NO = 'true or false';
const DIALECTS = ['postfix', 'postfix-tlsrpt', 'sendmail', 'exim', 'requiretls'] as const;

/** How the command line reaches the running service. */
export const controlSection = z.strictObject({
  socket: setting(
    text((value) => value === '' || isSocketPath(value), 'a path of 1 to 100 octets, or ""'),
    'var/control.sock',
    {
      kind: 'path',
      about:
        'UNIX socket over which `reload`, `overrides` and `policies` reach the running service. Relative to the working directory; made with access for the owner alone. Under systemd the default lies in the `RuntimeDirectory=`. Empty: there is none, and SIGHUP is what reloads.',
    },
  ),
});

/** Where MTAs ask, and how connections are treated. */
export const socketmapSection = z.strictObject({
  listen: setting(
    listOf(
      text(isSocketAddress, 'address:port, [v6]:port, unix:/path or fd:NUMBER'),
      'where to listen',
    ),
    ['127.0.0.1:8461'],
    {
      kind: 'list of `address:port`, `[v6]:port`, `unix:/path` or `fd:NUMBER`',
      about:
        'Where MTAs ask. `fd:3` is a listening socket that was handed over, as systemd does. The protocol has no authentication: keep it on this machine. Empty: the server is off.',
    },
  ),
  unix_mode: setting(text(isFileMode, 'a file mode like "0660"'), '0660', {
    kind: 'file mode in octal, in quotes',
    about: 'Who may connect to a UNIX socket: whoever may write to it.',
  }),
  unix_owner: setting(text(isUserGroup, 'user, user:group or :group').optional(), undefined, {
    kind: '`user:group`',
    presetText: 'whoever runs the service',
    about: 'Whom a UNIX socket belongs to, by name or number. `:postfix` sets the group alone.',
  }),
  max_connections: setting(count(1, 100_000), 1024, {
    kind: NUMBER,
    about: 'Connections served at once. As many again wait until one leaves; more are refused.',
  }),
  idle_timeout: setting(duration({ min: '1s', max: '24h' }), '60s', {
    kind: DURATION,
    about: 'A connection on which nothing happens for this long is closed.',
  }),
  budget: setting(duration({ min: '10ms', max: '90s' }), '5s', {
    kind: DURATION,
    about:
      'The longest that an answer takes. Where DNS takes longer, the MTA is told to try later. Postfix waits 100s; Sendmail waits 5s, so its answers take 4s at most.',
  }),
  default_dialect: setting(
    z.enum(DIALECTS, { error: `Expected one of ${DIALECTS.join(', ')}` }),
    'postfix',
    {
      kind: DIALECTS.map((dialect) => `\`${dialect}\``).join(', '),
      about: 'How a request is answered whose map name is not known.',
    },
  ),
  shutdown_timeout: setting(duration({ min: '0ms', max: '90s' }), '10s', {
    kind: DURATION,
    about:
      'How long look-ups under way may take when the service stops; then their MTAs are told to try later.',
  }),
  reuse_port: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'Several services may listen on the same TCP ports (`SO_REUSEPORT`), and the system spreads connections over them: for more processors than one, and for a restart without a gap. Each has its own `http.listen` and `control.socket`; they share `store.url`.',
  }),
});

/** What is answered. */
export const policyServerSection = z.strictObject({
  dry_run: setting(yesNo(), false, {
    kind: YES_NO,
    about:
      'Every answer is computed, counted and logged, and the MTA is told that there is no policy.',
  }),
  mixed_dane: setting(z.enum(['secure', 'dane'], { error: 'Expected secure or dane' }), 'secure', {
    kind: '`secure` or `dane`',
    about:
      'What a map says where an enforced MTA-STS policy meets MX hosts of which only some have TLSA records. Postfix knows one level for a whole domain: `secure` asks every host for a certificate that the policy allows, `dane` leaves the hosts without TLSA records unprotected.',
  }),
  answer_cache: setting(count(0, 10_000_000), 200_000, {
    kind: NUMBER,
    about: 'Answers kept at most, ready to be sent.',
  }),
  max_stale: setting(duration({ min: '0ms', max: '24h' }), '1h', {
    kind: DURATION,
    about:
      'For how long an answer that has run out is still given at once while it is renewed behind.',
  }),
});
