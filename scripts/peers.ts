/**
 * The programs of Debian that the integration tests run for real: which are missing, and
 * how they are installed.
 *
 * @module
 */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, runCommand } from './run-command.ts';
import { missingUnpacked, unpackPeers } from './unpacked-peers.ts';

/** A program that tests start, and the Debian package it comes in. */
export interface Peer {
  readonly program: string;
  readonly package: string;
  /** A service that the package starts when it is installed. */
  readonly service?: string;
}

/** Every peer. */
export const PEERS: readonly Peer[] = [
  { program: 'unbound', package: 'unbound', service: 'unbound' },
  { program: 'nsd', package: 'nsd', service: 'nsd' },
  { program: 'ldns-signzone', package: 'ldnsutils' },
  { program: 'ldns-keygen', package: 'ldnsutils' },
  { program: 'dig', package: 'dnsutils' },
  { program: 'postgres', package: 'postgresql', service: 'postgresql' },
  { program: 'ip', package: 'iproute2' },
  // Reads the notifications of the relay as any mail program would.
  { program: 'python3', package: 'python3' },
  // Only measured, and only where it is there.
  {
    program: 'mta-sts-daemon',
    package: 'postfix-mta-sts-resolver',
    service: 'postfix-mta-sts-resolver',
  },
];

/** Folders beyond PATH in which Debian keeps daemons. */
const DAEMON_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/bin'];
const POSTGRES_FOLDER = '/usr/lib/postgresql';

/** The full path of a program, or undefined. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...DAEMON_FOLDERS];
  if (program === 'postgres') folders.push(...postgresFolders());
  return folders.map((folder) => join(folder, program)).find((path) => isExecutable(path));
}

/** Newest version first. */
function postgresFolders(): string[] {
  if (!existsSync(POSTGRES_FOLDER)) return [];
  return readdirSync(POSTGRES_FOLDER)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(POSTGRES_FOLDER, version, 'bin'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The peers that are not on this machine. */
export function missingPeers(
  find: (program: string) => string | undefined = findProgram,
): readonly Peer[] {
  return PEERS.filter((peer) => find(peer.program) === undefined);
}

/** What of the machine decides how packages are installed. */
export interface Machine {
  readonly root: boolean;
  readonly has: (program: string) => boolean;
  readonly systemd: boolean;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  return {
    root: process.getuid?.() === 0,
    has: (program) => findProgram(program) !== undefined,
    systemd: existsSync('/run/systemd/system'),
  };
}

/**
 * The commands that bring apt's lists up to date, install the missing peers and stop the services
 * which their packages started; a text says why it cannot be done here.
 */
export function installPlan(missing: readonly Peer[], machine: Machine): Command[] | string {
  const packages = [...new Set(missing.map((peer) => peer.package))];
  const byHand = `install these packages by hand: ${packages.join(' ')}`;
  if (!machine.has('apt-get')) return `there is no apt-get on this machine; ${byHand}`;
  if (!machine.root && !machine.has('sudo')) return `installing needs root or sudo; ${byHand}`;
  const asRoot = (...argv: readonly string[]): Command => {
    const [program = '', ...args] = machine.root ? argv : ['sudo', ...argv];
    return { program, args };
  };
  // env(1) carries the variable through sudo, which clears the environment.
  const aptGet = (...args: readonly string[]): Command =>
    asRoot('env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args);
  // Only services of packages that were absent before are stopped: nobody else can be using them.
  const services = missing.flatMap((peer) => peer.service ?? []);
  const stops = services.map((service) =>
    machine.systemd
      ? asRoot('systemctl', 'disable', '--now', '--quiet', service)
      : asRoot(
          'sh',
          '-c',
          `if [ -x /etc/init.d/${service} ]; then /etc/init.d/${service} stop; fi`,
        ),
  );
  const install = aptGet('install', '--yes', '--no-install-recommends', ...packages);
  return [aptGet('update'), ...(packages.length === 0 ? [] : [install]), ...stops];
}

/** Makes sure that every peer is here. The text says what is wrong; undefined: nothing. */
export async function ensurePeers(): Promise<string | undefined> {
  const missing = missingPeers();
  const unpacked = missingUnpacked();
  if (missing.length === 0 && unpacked.length === 0) return undefined;
  const machine = thisMachine();
  const plan = installPlan(missing, machine);
  if (typeof plan === 'string') return plan;
  for (const command of plan) {
    const result = await runCommand(command);
    const line = [command.program, ...command.args].join(' ');
    if (!result.ok && line.includes('apt-get')) return `\`${line}\` ended with ${result.ended}`;
  }
  const still = missingPeers().map((peer) => peer.program);
  if (still.length > 0) return `still missing after the install: ${still.join(' ')}`;
  return await unpackPeers(unpacked, machine);
}
