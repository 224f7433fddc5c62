/**
 * A listener as its connections see it.
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { SMTPServer } from 'smtp-server';

/** The listener of a connection. */
export interface Door extends SMTPServer {
  /**
   * Gives the place of a connection back when its socket, as it was accepted, closes. To be said
   * again when TLS begins on the socket: the library takes all listeners off it then.
   */
  awaitClose(socket: Socket): void;
}
