/**
 * Debian's Postfix in a private machine, tuned for two processors and its queue on a real disk.
 *
 * @module
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INNER_SERVICES, instanceSettings, settingsText } from '../../test/peers/postfix-files.ts';
import { run } from '../../test/peers/run.ts';
import { type Contestant, type Ground, untilListening } from './contestant.ts';
import { DEAD_DOMAIN, domainName } from './names.ts';

/** The name in the table. */
export const POSTFIX = 'Postfix';

const PORT = 2525;
const HOLD_PORT = 2526;
/** As in the private machine's /etc/passwd. */
const POSTFIX_USER = 7001;

/** What was turned from Postfix's defaults because it is faster here. */
const TUNED: Readonly<Record<string, string>> = {
  default_process_limit: '100',
  default_destination_concurrency_limit: '20',
  initial_destination_concurrency: '20',
  in_flow_delay: '0',
  smtp_connection_cache_on_demand: 'yes',
  smtp_tls_connection_reuse: 'yes',
  smtp_tls_session_cache_database: 'btree:${data_directory}/smtp_scache',
  smtpd_peername_lookup: 'no',
  inet_protocols: 'ipv4',
  smtputf8_enable: 'no',
  hash_queue_names: 'deferred, defer, hold',
  ...fromEnvironment(),
};

/** `BENCH_POSTFIX='name=value;name=value'`: to try what serves it best. */
function fromEnvironment(): Readonly<Record<string, string>> {
  const pairs = (process.env['BENCH_POSTFIX'] ?? '').split(';').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}

/** Starts it. */
export async function startPostfix(ground: Ground): Promise<Contestant> {
  const folder = join(ground.folder, 'postfix');
  const etc = join(folder, 'etc');
  for (const name of ['', 'etc', 'queue', 'data']) mkdirSync(join(folder, name));
  chmodSync(folder, 0o755);
  chownSync(join(folder, 'data'), POSTFIX_USER, POSTFIX_USER);
  writeFileSync(join(etc, 'main.cf'), mainCf(ground, folder));
  writeFileSync(join(etc, 'master.cf'), MASTER_CF);
  writeFileSync(join(etc, 'policies'), policies(ground.domains));
  await run('/usr/sbin/postfix', '-c', etc, 'start');
  const door = { host: '127.0.0.1', port: PORT };
  await untilListening(door, join(folder, 'mail.log'));
  return {
    name: POSTFIX,
    door,
    keep: { host: '127.0.0.1', port: HOLD_PORT, recipients: [`bob@${DEAD_DOMAIN}`] },
    pid: masterOf(folder),
    settings: [
      `smtp_tls_policy_maps: texthash, "secure match=" for each domain`,
      'kept messages: on hold at the door (smtpd_recipient_restrictions = static:HOLD)',
      ...Object.entries(TUNED).map(([name, value]) => `${name} = ${value}`),
    ],
    stop: async () => {
      await run('/usr/sbin/postfix', '-c', etc, 'stop');
    },
  };
}

function masterOf(folder: string): number {
  return Number(readFileSync(join(folder, 'queue', 'pid', 'master.pid'), 'utf8'));
}

/** Starts it anew with an empty queue. Returns the process above all others. */
export async function restartEmpty(ground: Ground): Promise<number> {
  const folder = join(ground.folder, 'postfix');
  const etc = join(folder, 'etc');
  await run('/usr/sbin/postsuper', '-c', etc, '-d', 'ALL');
  await run('/usr/sbin/postfix', '-c', etc, 'stop');
  await run('/usr/sbin/postfix', '-c', etc, 'start');
  await untilListening({ host: '127.0.0.1', port: HOLD_PORT }, join(folder, 'mail.log'));
  return masterOf(folder);
}

/** Sends all that is on hold into the queue. */
export async function releaseHeld(ground: Ground): Promise<void> {
  const etc = join(ground.folder, 'postfix', 'etc');
  await run('/usr/sbin/postsuper', '-c', etc, '-H', 'ALL');
  await run('/usr/sbin/postqueue', '-c', etc, '-f');
}

/** What MTA-STS would ask, written down: nothing has to be looked up. */
function policies(domains: number): string {
  const names = Array.from({ length: domains }, (_, index) => domainName(index));
  return names.map((domain) => `${domain} secure match=mx.${domain}\n`).join('');
}

function mainCf(ground: Ground, folder: string): string {
  return settingsText({
    ...instanceSettings({ folder, log: join(folder, 'mail.log'), hostname: 'sender.lab.test' }),
    inet_interfaces: '127.0.0.1',
    append_dot_mydomain: 'no',
    smtpd_relay_restrictions: 'permit_mynetworks, reject',
    smtpd_tls_security_level: 'may',
    smtpd_tls_cert_file: join(ground.folder, 'relay.pem'),
    smtpd_tls_key_file: join(ground.folder, 'relay.key'),
    smtpd_tls_protocols: '>=TLSv1.3',
    smtp_tls_security_level: 'may',
    smtp_tls_mandatory_protocols: '>=TLSv1.3',
    smtp_tls_policy_maps: `texthash:${join(folder, 'etc', 'policies')}`,
    smtp_tls_CAfile: join(ground.folder, 'ca.pem'),
    smtp_host_lookup: 'dns',
    minimal_backoff_time: '40000s',
    maximal_backoff_time: '40000s',
    notify_classes: '',
    ...TUNED,
  });
}

/** Only what a sender needs; nothing in a chroot. */
const MASTER_CF = [
  `127.0.0.1:${PORT} inet n - n - - smtpd`,
  `127.0.0.1:${HOLD_PORT} inet n - n - - smtpd`,
  '  -o smtpd_recipient_restrictions=static:HOLD',
  ...INNER_SERVICES,
  'tlsproxy unix - - n - 0 tlsproxy',
  '',
].join('\n');
