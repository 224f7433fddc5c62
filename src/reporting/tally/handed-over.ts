/**
 * Which of the sockets that systemd hands over is the one for datagrams.
 *
 * @module
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** `SOCK_DGRAM` in `/proc/net/unix`. */
const DATAGRAM_TYPE = '0002';

/**
 * The descriptors that are UNIX datagram sockets (`ListenDatagram=` with a path); the others are for
 * connections. By what the kernel says: names in `LISTEN_FDNAMES` are whatever somebody wrote.
 *
 * @param handedOver `fd:3`, `fd:4` …, as `socketsHandedOver` gives them
 */
export function datagramSockets(handedOver: readonly string[]): readonly number[] {
  const fds = handedOver.map((name) => Number(name.replace('fd:', '')));
  return fds.length === 0 ? [] : fds.filter(isDatagramSocket);
}

function isDatagramSocket(fd: number): boolean {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    return inode !== undefined && datagramInodes().has(inode);
  } catch {
    return false;
  }
}

/** The columns: address, references, protocol, flags, type, state, inode, path. */
function datagramInodes(): ReadonlySet<string> {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n').slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return new Set(
    fields.flatMap(([, , , , type, , inode]) =>
      type === DATAGRAM_TYPE && inode !== undefined ? [inode] : [],
    ),
  );
}
