/**
 * Sockets that systemd hands over (sd_listen_fds(3)).
 *
 * @module
 */

/** The first that is handed over; the others follow without a gap. */
const FIRST_FD = 3;

/** `FileDescriptorName=` of the socket to which Postfix reports its sessions. */
export const DATAGRAM_NAME = 'tlsrpt';

type Env = Readonly<Record<string, string | undefined>>;

interface HandedOver {
  readonly fd: number;
  /** Where the unit names none, systemd takes the name of the unit. */
  readonly name: string;
}

/**
 * The listening sockets for MTAs that are meant for this process, as `fd:3`: all but the one for
 * datagrams, whatever they are called.
 */
export function socketsHandedOver(env: Env, pid: number): readonly string[] {
  return handedOver(env, pid)
    .filter(({ name }) => name !== DATAGRAM_NAME)
    .map(({ fd }) => `fd:${fd}`);
}

/** The descriptor of the datagram socket; undefined where systemd holds none. */
export function datagramSocketHandedOver(env: Env, pid: number): number | undefined {
  return handedOver(env, pid).find(({ name }) => name === DATAGRAM_NAME)?.fd;
}

function handedOver(env: Env, pid: number): readonly HandedOver[] {
  if (env['LISTEN_PID'] !== String(pid)) return [];
  const count = env['LISTEN_FDS'] ?? '';
  if (!/^\d{1,3}$/.test(count)) return [];
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
  return Array.from({ length: Number(count) }, (_, index) => ({
    fd: FIRST_FD + index,
    name: names[index] ?? '',
  }));
}
