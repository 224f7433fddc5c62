/**
 * Debian's Sendmail in a private machine, built from its own macros as docs/sendmail.md says.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fate, messageText, type Mta, type MtaMessage, type MtaStart } from './mta.ts';
import { run } from './run.ts';

const SENDMAIL = '/usr/libexec/sendmail/sendmail';
/** What docs/sendmail.md says to do with a built file. */
const MEND = join(import.meta.dirname, '../../deploy/sendmail/wildcards.sed');
/** Where the folder is seen as well: Sendmail opens no socket below a place like /tmp. */
const SAFE = '/var/opt';
const MACROS = '/usr/share/sendmail/cf/';

/** A map of its own for the UNIX socket; its name is what is asked. */
export const BY_UNIX = 'sendmail';

/** Sets it up; there is no daemon: each message is delivered as it is handed over. */
export async function startSendmail({ folder, caFile }: MtaStart): Promise<Mta> {
  const source = join(folder, 'sendmail.mc');
  const file = join(folder, 'sendmail.cf');
  await run('mount', '--bind', folder, SAFE);
  mkdirSync(join(folder, 'queue'), { mode: 0o700 });
  writeFileSync(source, macros(folder, caFile));
  const built = await run('/usr/bin/m4', `-D_CF_DIR_=${MACROS}`, `${MACROS}m4/cf.m4`, source);
  writeFileSync(file, built, { mode: 0o600 });
  await run('/usr/bin/sed', '-i', '-f', MEND, file);
  return {
    send: async (message) => await send(message, file),
    retry: async (recipient) => fateOf(await speak(['-v', `-qR${recipient}`], '', file), recipient),
    ask: async (key, map = 'sts') => await ask(key, map, file),
  };
}

/** Quotes of m4 are `…'. */
function macros(folder: string, caFile: string): string {
  const set = (name: string, value: string): string => `define(\`${name}', \`${value}')dnl`;
  return [
    'divert(0)dnl',
    "OSTYPE(`linux')dnl",
    set('QUEUE_DIR', join(folder, 'queue')),
    set('confDOMAIN_NAME', 'sender.lab.test'),
    set('confCACERT', caFile),
    set('confCACERT_PATH', '/etc/ssl/certs'),
    set('confTO_INITIAL', '5s'),
    set('confTO_CONNECT', '5s'),
    set('confTO_STARTTLS', '5s'),
    "FEATURE(`sts', `socket -d5 -T<TMPF> inet:8461@127.0.0.1')dnl",
    'LOCAL_CONFIG',
    `K${BY_UNIX} socket -d5 -T<TMPF> local:${SAFE}/map.sock`,
    "MAILER(`smtp')dnl",
    '',
  ].join('\n');
}

async function send(message: MtaMessage, file: string): Promise<Fate> {
  // No report to the sender: there is nobody.
  const flags = ['-odi', '-v', '-i', '-N', 'never', '-f', 'alice@sender.lab.test'];
  const log = await speak([...flags, message.recipient], messageText(message), file);
  return fateOf(log, message.recipient);
}

function fateOf(log: string, recipient: string): Fate {
  const said = log.split('\n').filter((line) => line.includes(`${recipient}... `));
  if (said.length === 0) throw new Error(`nothing is said of ${recipient}: ${log}`);
  if (said.some((line) => line.includes('... Sent'))) return { outcome: 'delivered', log };
  const waits = /\.\.\. (?:Deferred|Transient parse error)/;
  if (said.some((line) => waits.test(line))) return { outcome: 'deferred', log };
  return { outcome: 'bounced', log };
}

/** What it says while it works. */
async function speak(args: readonly string[], input: string, file: string): Promise<string> {
  const child = spawn(SENDMAIL, ['-C', file, ...args], { stdio: 'pipe' });
  let log = '';
  const keep = (chunk: Buffer): void => {
    log += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.stdin.end(input.replaceAll('\r\n', '\n'));
  await once(child, 'close');
  return log;
}

/** `sendmail -bt`, as docs/sendmail.md says. */
async function ask(key: string, map: string, file: string): Promise<string> {
  return await speak(['-bt'], `/map ${map} ${key}\n`, file);
}
