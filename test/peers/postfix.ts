/**
 * Debian's Postfix in a private machine, set up as docs/postfix.md says.
 *
 * @module
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../scripts/run-command.ts';
import type { Fate, Mta, MtaMessage, MtaStart } from './mta.ts';
import { INNER_SERVICES, instanceSettings, settingsText } from './postfix-files.ts';
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
  return settingsText({
    ...instanceSettings({ folder, log, hostname: 'sender.lab.test' }),
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'all',
    smtputf8_enable: 'yes',
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
  });
}

/** Only what a sender needs; nothing in a chroot. */
function masterCf({ folder }: MtaStart): string {
  const lines = [
    `127.0.0.1:${PORT} inet n - n - - smtpd`,
    ...INNER_SERVICES,
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
