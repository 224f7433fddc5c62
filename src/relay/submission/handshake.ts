/**
 * A handshake as a server has it: who closes his side in the midst of it is gone.
 *
 * @module
 */
import type { Socket } from 'node:net';

/**
 * The server lets clients close their side and wait for a reply. Before TLS stands there is none
 * to wait for, and the place of such a client would be kept until its handshake is given up.
 *
 * @param socket the TLS socket, not what it stands on: Node does not bear that the lower one goes
 * first
 */
export function endWithClient(socket: Socket): void {
  const gone = (): void => {
    socket.destroy();
  };
  socket.once('end', gone);
  socket.once('secure', () => socket.off('end', gone));
}
