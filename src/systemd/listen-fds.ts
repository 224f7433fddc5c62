/**
 * Listening sockets that systemd hands over (sd_listen_fds(3)).
 *
 * @module
 */

/** The first that is handed over; the others follow without a gap. */
const FIRST_FD = 3;

/**
 * The descriptors that are meant for this process, as `fd:3`. What `LISTEN_FDNAMES` calls them is
 * of no matter: every one of them is a socket for MTAs.
 */
export function socketsHandedOver(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): readonly string[] {
  if (env['LISTEN_PID'] !== String(pid)) return [];
  const count = env['LISTEN_FDS'] ?? '';
  if (!/^\d{1,3}$/.test(count)) return [];
  return Array.from({ length: Number(count) }, (_, index) => `fd:${FIRST_FD + index}`);
}
