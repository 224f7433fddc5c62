/**
 * Debian's mail servers, and a client. The servers conflict with each other, and with the one a machine
 * may have: they are never installed. Their packages are fetched and unpacked into a folder each.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './peers.ts';
import { type Command, runCommand } from './run-command.ts';

/** A program and the packages it comes in. */
export interface UnpackedPeer {
  readonly name: 'postfix' | 'postfix-tlsrpt' | 'exim' | 'sendmail' | 'swaks';
  /** What of it is needed; what these depend on and the machine lacks is fetched too. */
  readonly packages: readonly string[];
  /** The release they come from, with all that they depend on. Default: that of the machine. */
  readonly suite?: string;
}

/** All of them. */
export const UNPACKED_PEERS: readonly UnpackedPeer[] = [
  // With the mechanisms by which it logs in to a smart host.
  { name: 'postfix', packages: ['postfix', 'libsasl2-modules'] },
  // 3.10, the first with TLS reports; its libraries go along, and need none of the machine.
  { name: 'postfix-tlsrpt', packages: ['postfix'], suite: 'trixie' },
  { name: 'exim', packages: ['exim4-daemon-light'] },
  { name: 'sendmail', packages: ['sendmail-bin', 'sendmail-cf', 'm4'] },
  { name: 'swaks', packages: ['swaks', 'libnet-ssleay-perl'] },
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

/** Fetches from the release of the machine what it lacks. */
const FETCH = [
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
];

/**
 * Fetches from another release by apt's own ways, with lists and a state of its own: to it nothing is
 * installed yet. The mirror is the machine's.
 */
const FETCH_FROM = `set -e
cd "$1"; suite="$2"; shift 2
. /etc/os-release
mkdir -p state/lists/partial
: > status
mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
  sed -n "s/^$VERSION_CODENAME //p" | head -n 1)
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] \${mirror:-http://deb.debian.org/debian} $suite main" > sources.list
apt() {
  apt-get -q -o Dir::State="$PWD/state" -o Dir::State::status="$PWD/status" -o Dir::Cache="$PWD" \
    -o Dir::Cache::archives="$PWD/archives" -o Dir::Etc::sourcelist="$PWD/sources.list" \
    -o Dir::Etc::sourceparts=- -o Acquire::Languages=none \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}
apt update
apt install --yes --download-only --no-install-recommends "$@"`;

/** The commands that fetch and unpack one peer into `folder`; the last one makes it appear whole. */
export function unpackPlan(peer: UnpackedPeer, machine: Machine, folder: string): Command[] {
  const workshop = `${folder}.new`;
  const archives = join(workshop, 'archives');
  const apt =
    peer.suite === undefined
      ? [...FETCH, '-o', `Dir::Cache::archives=${archives}`]
      : ['sh', '-c', FETCH_FROM, 'sh', workshop, peer.suite];
  const asRoot = (...argv: readonly string[]): Command => {
    const [program = '', ...args] = machine.root ? argv : ['sudo', ...argv];
    return { program, args };
  };
  const clear = asRoot('rm', '-rf', workshop);
  return [
    clear,
    { program: 'mkdir', args: ['-p', join(archives, 'partial'), join(workshop, 'root')] },
    asRoot(...apt, ...peer.packages),
    { program: 'sh', args: ['-c', UNPACK, 'sh', workshop, folder] },
    clear,
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
