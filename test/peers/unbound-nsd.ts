/**
 * A real validating resolver: unbound, in front of nsd with a signed tree of zones. Both run
 * as the current user on ports of loopback; no file of the system is touched.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from 'dns-packet';
import { type Daemon, privateCopy, startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { type Leaf, type SignedTree, makeTree } from './signed-zones.ts';

/** The running pair. */
export interface RealDns {
  /** unbound: `address:port`. */
  readonly resolver: string;
  /** nsd: `address:port`; does not validate and never sets AD. */
  readonly authority: string;
  close(): Promise<void>;
}

const ADDRESS = '127.0.0.1';
const START_LIMIT_MS = 8000;

/** Signs the zones and starts both daemons; resolves when the first validated answer is there. */
export async function startRealDns(leaves: readonly Leaf[]): Promise<RealDns> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-dns-'));
  const tree = makeTree(folder, leaves);
  const nsdPort = await freePort(ADDRESS);
  const unboundPort = await freePort(ADDRESS);
  const nsdFile = join(folder, 'nsd.conf');
  const unboundFile = join(folder, 'unbound.conf');
  writeFileSync(nsdFile, nsdConfig(folder, nsdPort, tree));
  writeFileSync(unboundFile, unboundConfig({ folder, unboundPort, nsdPort, tree }));
  const daemons = [
    startDaemon(privateCopy('nsd', folder), ['-d', '-c', nsdFile]),
    startDaemon(privateCopy('unbound', folder), ['-d', '-c', unboundFile]),
  ];
  const close = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    rmSync(folder, { recursive: true });
  };
  try {
    await answersWithAd(unboundPort, daemons);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    resolver: `${ADDRESS}:${unboundPort}`,
    authority: `${ADDRESS}:${nsdPort}`,
    close,
  };
}

function nsdConfig(folder: string, port: number, tree: SignedTree): string {
  const zones = tree.zones.map(
    ({ apex, file }) => `zone:\n  name: "${apex}"\n  zonefile: "${file}"`,
  );
  return `server:
  ip-address: ${ADDRESS}@${port}
  username: ""
  pidfile: ""
  database: ""
  zonesdir: "${folder}"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  server-count: 1
  zonefiles-check: yes
remote-control:
  control-enable: no
${zones.join('\n')}
`;
}

/** Off port 53 only a forward-zone reaches nsd; `test.` is a name that unbound would answer itself. */
function unboundConfig(options: {
  readonly folder: string;
  readonly unboundPort: number;
  readonly nsdPort: number;
  readonly tree: SignedTree;
}): string {
  const { folder, unboundPort, nsdPort, tree } = options;
  return `server:
  interface: ${ADDRESS}@${unboundPort}
  access-control: 127.0.0.0/8 allow
  directory: "${folder}"
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  do-ip6: no
  module-config: "validator iterator"
  trust-anchor-file: "${tree.trustAnchor}"
  do-not-query-localhost: no
  qname-minimisation: no
  ede: yes
  local-zone: "test." nodefault
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: ${ADDRESS}@${nsdPort}
`;
}

async function answersWithAd(port: number, daemons: readonly Daemon[]): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (await hasAd(port)) return;
    if (daemons.some((daemon) => !daemon.running())) break;
    await sleep(20);
  }
  const said = daemons.map((daemon) => daemon.output()).join('\n');
  throw new Error(`unbound and nsd do not answer\n${said}`);
}

/** Asks once for the SOA of `test.`. */
async function hasAd(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const question = encode({
    type: 'query',
    id: 1,
    flags: 0x0120,
    questions: [{ type: 'SOA', name: 'test' }],
  });
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 500);
      const settle = (value: boolean): void => {
        clearTimeout(timer);
        resolve(value);
      };
      socket.once('error', () => settle(false));
      socket.once('message', (packet) => settle(decode(packet).flag_ad));
      socket.connect(port, ADDRESS, () => socket.send(question));
    });
  } finally {
    socket.close();
  }
}
