/**
 * Debian's Exim in a private machine, with the include that is shipped.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fate, messageText, type Mta, type MtaMessage, type MtaStart } from './mta.ts';
import { run } from './run.ts';
import { textOf, waitFor } from './wait-for.ts';

const EXIM = '/usr/sbin/exim4';
/** The private machine's own. */
const ETC = '/etc/exim4';
/** As in the private machine's /etc/passwd. */
const EXIM_USER = 7003;
const INCLUDE = join(import.meta.dirname, '../../deploy/exim/sts.conf');

/** Sets it up; there is no daemon: each message is delivered as it is handed over. */
export async function startExim(start: MtaStart): Promise<Mta> {
  const log = join(start.folder, 'log', 'mainlog');
  for (const name of ['spool', 'log']) {
    mkdirSync(join(start.folder, name));
    chownSync(join(start.folder, name), EXIM_USER, EXIM_USER);
  }
  await run('mount', '-t', 'tmpfs', 'tmpfs', ETC);
  copyFileSync(INCLUDE, join(ETC, 'sts.conf'));
  // Exim reads it as a user of its own.
  copyFileSync(start.caFile, join(ETC, 'ca.pem'));
  writeFileSync(join(ETC, 'exim4.conf'), configuration(start));
  // Says what is wrong with the file before a message would.
  await run(EXIM, '-bV');
  return {
    send: async (message) => await send(message, log),
    retry: async (recipient) => await retry(recipient, log),
    ask: async (key) => await ask(key),
  };
}

function configuration({ folder }: MtaStart): string {
  const socket = join(folder, 'map.sock');
  return `
primary_hostname = sender.lab.test
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
log_selector = +tls_certificate_verified +tls_peerdn +smtp_confirmation
domainlist local_domains = sender.lab.test
keep_environment =
smtputf8_advertise_hosts = *
acl_smtp_rcpt = accept
smtp_enforce_sync = false
allow_domain_literals
message_logs = false

STS_SERVER = \${if match_domain{$domain}{*.unix.test}{${socket}}{inet:127.0.0.1:8461}}
# In the lab everybody is on loopback; what IPv6 has of it is this machine's own.
STS_IGNORE = <; 0.0.0.0 ; ::1
STS_CA = ${ETC}/ca.pem

begin routers
local:
  driver = redirect
  domains = +local_domains
  data = :blackhole:
.include ${ETC}/sts.conf
literal:
  driver = ipliteral
  domains = ! +local_domains
  transport = remote_smtp
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  no_more

begin transports
.include ${ETC}/sts.conf
remote_smtp:
  driver = smtp

begin retry
* * F,4d,12h
`;
}

const OUTCOMES = { '=>': 'delivered', '==': 'deferred', '**': 'bounced' } as const;

async function send(message: MtaMessage, log: string): Promise<Fate> {
  const before = textOf(log).length;
  await submit(message);
  const id = /(\S+) <= alice@/.exec(textOf(log).slice(before))?.[1];
  if (id === undefined) throw new Error(`not taken: ${textOf(log).slice(before)}`);
  return await fateOf(id, log, before);
}

/** By SMTP on standard input, which ends when the message has been delivered or waits. */
async function submit(message: MtaMessage): Promise<void> {
  const utf8 = /[^\0-\x7f]/.test(message.recipient) ? ' SMTPUTF8 BODY=8BITMIME' : '';
  const child = spawn(EXIM, ['-bs', '-odi'], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stderr.resume();
  child.stdin.end(
    [
      'EHLO sender.lab.test',
      `MAIL FROM:<alice@sender.lab.test>${utf8}`,
      `RCPT TO:<${message.recipient}>`,
      'DATA',
      `${messageText(message)}.`,
      'QUIT',
      '',
    ].join('\r\n'),
  );
  await once(child, 'exit');
}

async function fateOf(id: string, log: string, start: number): Promise<Fate> {
  return await waitFor(
    () => {
      const text = textOf(log).slice(start);
      const kind = new RegExp(` ${id} (=>|==|\\*\\*) `).exec(text)?.[1];
      return kind === undefined
        ? undefined
        : { outcome: OUTCOMES[kind as keyof typeof OUTCOMES], log: text };
    },
    { what: () => `what became of ${id}:\n${textOf(log).slice(-3_000)}` },
  );
}

async function retry(recipient: string, log: string): Promise<Fate> {
  const before = textOf(log).length;
  const lines = textOf(log).split('\n');
  const id = / (\S+) == /.exec(
    lines.findLast((line) => line.includes(` ${recipient} `)) ?? '',
  )?.[1];
  if (id === undefined) throw new Error(`nothing waits for ${recipient}`);
  await run(EXIM, '-odi', '-M', id);
  return await fateOf(id, log, before);
}

/** As the routers ask. */
async function ask(key: string): Promise<string | undefined> {
  const request = `exim ${key}`;
  const said = await run(
    EXIM,
    '-be',
    `\${readsocket{inet:127.0.0.1:8461}{${Buffer.byteLength(request)}:${request},}{10s}{}{DOWN}}`,
  );
  return said.trim();
}
