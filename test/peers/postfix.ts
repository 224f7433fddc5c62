/**
 * Debian's Postfix in a private machine, set up as docs/postfix.md says.
 *
 * @module
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../scripts/run-command.ts';
import type { Fate, Mta, MtaMessage, MtaStart } from './mta.ts';
import { run } from './run.ts';
import { routedSender, submit } from './submit.ts';
import { textOf, waitFor } from './wait-for.ts';

/** What differs between releases. */
export interface PostfixFlavour {
  readonly mapName: 'postfix' | 'postfix-tlsrpt';
  /** More settings. */
  readonly settings?: (folder: string) => Readonly<Record<string, string>>;
}

/** As docs/postfix.md has it. */
function mapOf({ mapName }: PostfixFlavour): string {
  return `socketmap:inet:127.0.0.1:8461:${mapName}`;
}

const PORT = 2525;
/** As in the private machine's /etc/passwd. */
const POSTFIX_USER = 7001;

/** Starts it. */
export async function startPostfix(options: MtaStart, flavour: PostfixFlavour): Promise<Mta> {
  const etc = join(options.folder, 'etc');
  const log = join(options.folder, 'mail.log');
  for (const name of ['etc', 'queue', 'data']) mkdirSync(join(options.folder, name));
  chownSync(join(options.folder, 'data'), POSTFIX_USER, POSTFIX_USER);
  writeFileSync(join(etc, 'main.cf'), mainCf(options, flavour, log));
  writeFileSync(join(etc, 'master.cf'), masterCf(options));
  writeFileSync(join(etc, 'transport'), TRANSPORTS);
  writeFileSync(join(etc, 'relayhost'), relayhostTable(options));
  await run('/usr/sbin/postfix', '-c', etc, 'start');
  await waitFor(() => (textOf(log).includes('daemon started') ? true : undefined), {
    what: () => `Postfix does not start: ${textOf(log)}`,
  });
  return {
    send: async (message) => await send(message, log),
    retry: async (recipient) => {
      const before = textOf(log).length;
      const id = idFor(recipient, log);
      await run('/usr/sbin/postqueue', '-c', etc, '-i', id);
      return await fateIn(log, before, ` ${id}: to=`);
    },
    ask: async (key, map = mapOf(flavour)) => await ask(key, map, etc),
  };
}

function mainCf({ folder, caFile }: MtaStart, flavour: PostfixFlavour, log: string): string {
  return Object.entries({
    compatibility_level: '3.6',
    queue_directory: join(folder, 'queue'),
    data_directory: join(folder, 'data'),
    command_directory: '/usr/sbin',
    daemon_directory: '/usr/lib/postfix/sbin',
    shlib_directory: '/usr/lib/postfix',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: log,
    maillog_file_prefixes: folder,
    myhostname: 'sender.lab.test',
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'all',
    mynetworks: '127.0.0.0/8',
    smtputf8_enable: 'yes',
    alias_maps: '',
    local_recipient_maps: '',
    // What docs/postfix.md asks for; but below the map there is nothing, so that all comes from it.
    smtp_dns_support_level: 'dnssec',
    smtp_host_lookup: 'dns',
    smtp_tls_security_level: 'may',
    smtp_tls_policy_maps: mapOf(flavour),
    // Follows from a default level of `dane` by itself.
    smtp_tls_dane_insecure_mx_policy: 'dane',
    smtp_tls_CAfile: caFile,
    smtp_tls_loglevel: '1',
    transport_maps: `texthash:${join(folder, 'etc', 'transport')}`,
    sender_dependent_relayhost_maps: `texthash:${join(folder, 'etc', 'relayhost')}`,
    // One attempt is one verdict, and each is made on a connection of its own.
    minimal_backoff_time: '40000s',
    maximal_backoff_time: '40000s',
    queue_run_delay: '40000s',
    smtp_connection_cache_on_demand: 'no',
    smtp_tls_session_cache_database: '',
    smtp_address_preference: 'any',
    smtp_connect_timeout: '5s',
    smtp_helo_timeout: '5s',
    smtp_starttls_timeout: '5s',
    bounce_queue_lifetime: '0',
    notify_classes: '',
    ...flavour.settings?.(folder),
  })
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** Only what a sender needs; nothing in a chroot. */
function masterCf({ folder }: MtaStart): string {
  const lines = [
    `127.0.0.1:${PORT} inet n - n - - smtpd`,
    'pickup unix n - n 60 1 pickup',
    'showq unix n - n - - showq',
    'flush unix n - n 1000? 0 flush',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'scache unix - - n - 1 scache',
    'anvil unix - - n - 1 anvil',
    'proxymap unix - - n - - proxymap',
    'postlog unix-dgram n - n - 1 postlogd',
    'smtp unix - - n - - smtp',
    'by-unix unix - - n - - smtp',
    `  -o smtp_tls_policy_maps=socketmap:unix:${join(folder, 'map.sock')}:postfix`,
  ];
  return `${lines.join('\n')}\n`;
}

/** What comes back to the sender goes nowhere. */
const TRANSPORTS = 'sender.lab.test discard:\n.unix.test by-unix:\n';

/** As `relayhost = [host]`, but for the messages of some senders. */
function relayhostTable({ smartHosts }: MtaStart): string {
  return smartHosts.map((host) => `${routedSender(host)}@sender.lab.test [${host}]\n`).join('');
}

const STATUS = / status=(sent|deferred|bounced) /;
const OUTCOMES = { sent: 'delivered', deferred: 'deferred', bounced: 'bounced' } as const;

async function send(message: MtaMessage, log: string): Promise<Fate> {
  const reply = await submit(message, PORT);
  const id = /queued as (\S+)/.exec(reply)?.[1];
  if (id === undefined) throw new Error(`no queue id in ${reply}`);
  const start = textOf(log).indexOf(` ${id}: `);
  return await fateIn(log, Math.max(0, start), ` ${id}: to=`);
}

/** Under what name the newest message for the recipient waits. */
function idFor(recipient: string, log: string): string {
  const lines = textOf(log).split('\n');
  const id = / (\w+): to=/.exec(lines.findLast((line) => line.includes(`to=<${recipient}>`)) ?? '');
  if (id?.[1] === undefined) throw new Error(`nothing waits for ${recipient}`);
  return id[1];
}

/** The first verdict behind `start` on a line with `mark` in it. */
async function fateIn(log: string, start: number, mark: string): Promise<Fate> {
  return await waitFor(
    () => {
      const text = textOf(log).slice(start);
      const line = text.split('\n').find((line) => line.includes(mark) && STATUS.test(line));
      const kind = STATUS.exec(line ?? '')?.[1] as keyof typeof OUTCOMES | undefined;
      return kind && { outcome: OUTCOMES[kind], log: text };
    },
    { what: () => `what became of${mark}:\n${textOf(log).slice(-3_000)}` },
  );
}

async function ask(key: string, map: string, etc: string): Promise<string | undefined> {
  const asked = await runCommand({
    program: '/usr/sbin/postmap',
    args: ['-c', etc, '-q', key, map],
    output: 'collect',
    limitMs: 60_000,
  });
  if (asked.ok) return asked.output.trim();
  // Exit code 1 and nothing said: not found.
  if (asked.ended === 'exit 1' && asked.output === '') return undefined;
  throw new Error(asked.output.trim());
}
