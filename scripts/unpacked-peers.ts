/**
 * Debian's mail servers. They conflict with each other, and with the one a machine may have: they are
 * never installed. Their packages are fetched and unpacked into a folder each.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './peers.ts';
import { type Command, runCommand } from './run-command.ts';

/** A mail server and the packages it comes in. */
export interface UnpackedPeer {
  readonly name: 'postfix' | 'exim' | 'sendmail';
  /** What of it is needed; what these depend on and the machine lacks is fetched too. */
  readonly packages: readonly string[];
}

/** Every mail server. */
export const UNPACKED_PEERS: readonly UnpackedPeer[] = [
  { name: 'postfix', packages: ['postfix'] },
  { name: 'exim', packages: ['exim4-daemon-light'] },
  { name: 'sendmail', packages: ['sendmail-bin', 'sendmail-cf', 'm4'] },
];

const CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'smtp-sts-peers');

/** Where the files of a peer are, or will be: a folder with `etc` and `usr`. */
export function unpackedFolder(name: UnpackedPeer['name'], osRelease = readOsRelease()): string {
  // Libraries of one release are no use in another.
  const release = /^VERSION_CODENAME=(\w+)/m.exec(osRelease)?.[1] ?? 'unknown';
  return join(CACHE, release, name);
}

function readOsRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}

/** The peers whose folders are not there. */
export function missingUnpacked(
  isThere: (name: UnpackedPeer['name']) => boolean = (name) => existsSync(unpackedFolder(name)),
): readonly UnpackedPeer[] {
  return UNPACKED_PEERS.filter(({ name }) => !isThere(name));
}

/** Packages into one tree, with the folders that Debian has merged into /usr where they belong. */
const UNPACK = `set -e
cd "$1"
for package in archives/*.deb; do dpkg-deb -x "$package" root; done
for folder in bin sbin lib; do
  if [ -d "root/$folder" ]; then mkdir -p "root/usr/$folder"; cp -a "root/$folder/." "root/usr/$folder/"; fi
done
mv root "$2"`;

/** The commands that fetch and unpack one peer into `folder`; the last one makes it appear whole. */
export function unpackPlan(peer: UnpackedPeer, machine: Machine, folder: string): Command[] {
  const workshop = `${folder}.new`;
  const archives = join(workshop, 'archives');
  const asRoot = machine.root ? [] : ['sudo'];
  const [program = '', ...fetch] = [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    'install',
    '--yes',
    '--download-only',
    // What is installed must be fetched as well.
    '--reinstall',
    '--no-install-recommends',
    '-o',
    `Dir::Cache::archives=${archives}`,
    ...peer.packages,
  ];
  return [
    { program: 'rm', args: ['-rf', workshop] },
    { program: 'mkdir', args: ['-p', join(archives, 'partial'), join(workshop, 'root')] },
    { program, args: fetch },
    { program: 'sh', args: ['-c', UNPACK, 'sh', workshop, folder] },
    { program: 'rm', args: ['-rf', workshop] },
  ];
}

/** Fetches and unpacks. The text says what is wrong; undefined: nothing. */
export async function unpackPeers(
  peers: readonly UnpackedPeer[],
  machine: Machine,
): Promise<string | undefined> {
  for (const peer of peers) {
    for (const command of unpackPlan(peer, machine, unpackedFolder(peer.name))) {
      const result = await runCommand(command);
      if (!result.ok) {
        return `${peer.name} could not be unpacked: \`${command.program}\` ended with ${result.ended}`;
      }
    }
  }
  return undefined;
}
