/**
 * A private machine for a test: own network (127.0.0.0/8 with every port free), own /etc, own
 * processes, an unpacked mail server as if it were installed. Nothing of it outlives the test, and no
 * file of the system is touched.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type UnpackedPeer, unpackedFolder } from '../../scripts/unpacked-peers.ts';

/** A running private machine; the program in it answers one line with one line. */
export interface Machine {
  /**
   * Asks the program inside.
   *
   * @throws if it says that it failed, or has ended
   */
  ask<Answer>(question: object): Promise<Answer>;
  /** Ends everything that runs inside. */
  stop(): Promise<void>;
}

/** What the program inside reads and writes, a line of JSON each. */
export interface Question {
  readonly id: number;
  readonly question: object;
}
export type Answer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };

/** Users that the mail servers want; the numbers are nobody else's in there. */
const USERS = { postfix: 7001, 'Debian-exim': 7003, smmta: 7005, smmsp: 7006 };
const GROUPS = { ...USERS, postdrop: 7002 };

/**
 * Run as root with the folder, the unpacked peer, and the program that takes over. A tmpfs on the
 * folder takes with it whatever was written there. `trust-ad`: without it glibc hides from the mail
 * server that an answer was validated.
 */
const SET_UP = `set -e
folder="$1" peer="$2"; shift 2
mount -t tmpfs -o mode=755 tmpfs "$folder"
mkdir "$folder/etc" "$folder/peer" "$folder/work" "$folder/tmp"
chmod 1777 "$folder/tmp"
mount --bind "$peer" "$folder/peer"
cat > "$folder/etc/resolv.conf" <<END
nameserver 127.0.0.1
options edns0 trust-ad timeout:2 attempts:2
END
cat > "$folder/etc/nsswitch.conf" <<END
passwd: files
group: files
hosts: files dns
services: files
END
cat > "$folder/etc/services" <<END
domain 53/udp
domain 53/tcp
smtp 25/tcp
https 443/tcp
submission 587/tcp
END
echo '127.0.0.1 localhost sender.lab.test' > "$folder/etc/hosts"
cp /etc/passwd /etc/group "$folder/etc/"
${accounts('passwd', USERS, (name, id) => `${name}:x:${id}:${id}::/nonexistent:/bin/false`)}
${accounts('group', GROUPS, (name, id) => `${name}:x:${id}:`)}
mount -t overlay overlay -o "lowerdir=$folder/etc:$folder/peer/etc:/etc" /etc
mount -t overlay overlay -o "lowerdir=$folder/peer/usr:/usr" /usr
echo sender.lab.test > /proc/sys/kernel/hostname
ip link set lo up
export TMPDIR="$folder/tmp" PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec "$@"`;

function accounts(
  file: string,
  ids: Readonly<Record<string, number>>,
  line: (name: string, id: number) => string,
): string {
  const names = Object.keys(ids).join('\\|');
  const lines = Object.entries(ids).map(([name, id]) => line(name, id));
  return [
    `sed -i -e '/^\\(${names}\\):/d' "$folder/etc/${file}"`,
    `cat >> "$folder/etc/${file}" <<END\n${lines.join('\n')}\nEND`,
  ].join('\n');
}

/** What stands in the private machine. */
export interface MachineOptions {
  readonly peer: UnpackedPeer['name'];
  /** The module that runs inside. Its first argument is a folder to work in. */
  readonly program: string;
  readonly args?: readonly string[];
}

/** Starts it. */
export function startMachine({ peer, program, args = [] }: MachineOptions): Machine {
  const unpacked = unpackedFolder(peer);
  if (!existsSync(unpacked)) throw new Error(`${peer} is not there; \`npm test\` fetches it`);
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-machine-'));
  const work = join(folder, 'work');
  const spaces = ['--net', '--mount', '--pid', '--uts', '--propagation', 'private'];
  const inside = ['sh', '-c', SET_UP, 'sh', folder, unpacked];
  const [command = '', ...rest] = [
    ...(process.getuid?.() === 0 ? [] : ['sudo', '-n']),
    'unshare',
    ...spaces,
    // With the first process end all others, and with them the mounts.
    '--fork',
    '--kill-child',
    '--mount-proc',
    ...inside,
    process.execPath,
    program,
    work,
    ...args,
  ];
  const child = spawn(command, rest, { stdio: 'pipe' });
  return { ...converse(child), stop: async () => await stop(child, folder) };
}

/** The program inside ends when its input does. */
async function stop(child: ChildProcessWithoutNullStreams, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = once(child, 'close');
    child.stdin.end();
    const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await closed;
    clearTimeout(hard);
  }
  rmSync(folder, { recursive: true, force: true });
}

function converse(child: ChildProcessWithoutNullStreams): Pick<Machine, 'ask'> {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  // Who has ended takes no more questions; `close` says so.
  child.stdin.on('error', () => undefined);
  createInterface(child.stdout).on('line', (line) => {
    const answer = answerOf(line);
    if (answer === undefined) {
      said += `${line}\n`;
      return;
    }
    const asked = open.get(answer.id);
    open.delete(answer.id);
    if ('error' in answer) asked?.reject(new Error(answer.error));
    else asked?.resolve(answer.answer);
  });
  let ended: Error | undefined;
  const end = (why: string): void => {
    ended = new Error(`the private machine has ended (${why}): ${said.trim()}`);
    for (const asked of open.values()) asked.reject(ended);
    open.clear();
  };
  child.once('error', (error) => end(error.message));
  child.once('close', (code, signal) => end(String(code ?? signal)));
  return {
    async ask<Answer>(question: object) {
      if (ended !== undefined) throw ended;
      last += 1;
      const asked = Promise.withResolvers<unknown>();
      open.set(last, asked);
      child.stdin.write(`${JSON.stringify({ id: last, question } satisfies Question)}\n`);
      return (await asked.promise) as Answer;
    },
  };
}

function answerOf(line: string): Answer | undefined {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined;
  }
}
