/**
 * Replies on their way out: those that belong together go in one write.
 *
 * @module
 */
import type { Socket } from 'node:net';

/** Gathers replies until they are flushed. */
export class ReplyWriter {
  #text = '';

  add(wire: string): void {
    this.#text += wire;
  }

  /** Nothing of it is sent: the other side is gone, or a handshake is under way. */
  forget(): void {
    this.#text = '';
  }

  /** @returns a promise where the client does not read what it is told: then it is not read either */
  flush(socket: Socket): Promise<void> | undefined {
    const text = this.#text;
    this.#text = '';
    if (text === '' || socket.destroyed || !socket.writable) return undefined;
    if (socket.write(text)) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.once('drain', done);
      socket.once('close', done);
    });
  }
}
