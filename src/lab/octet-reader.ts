/**
 * Reads lines and blocks of octets from a stream as they are asked for.
 *
 * @module
 */
import type { Duplex } from 'node:stream';

/** Reads from one stream; `undefined` means that it has ended. */
export interface OctetReader {
  /** One line without its CRLF, as latin1. Longer than `limit`: the stream is treated as ended. */
  line(limit: number): Promise<string | undefined>;
  /** Exactly `count` octets. */
  block(count: number): Promise<Buffer | undefined>;
  /** Octets that have arrived and were not asked for. */
  readonly waiting: number;
  /** Stops listening; the stream may then be given to somebody else. */
  detach(): void;
}

/** @param onOctets sees everything that arrives */
export function createOctetReader(
  stream: Duplex,
  onOctets: (octets: Buffer) => void = () => undefined,
): OctetReader {
  let buffer = Buffer.alloc(0);
  let ended = false;
  let wake: (() => void) | undefined;

  const ring = (): void => {
    const waiter = wake;
    wake = undefined;
    waiter?.();
  };
  const onData = (chunk: Buffer): void => {
    onOctets(chunk);
    buffer = Buffer.concat([buffer, chunk]);
    ring();
  };
  const onEnd = (): void => {
    ended = true;
    ring();
  };
  stream.on('data', onData);
  stream.on('end', onEnd);
  stream.on('close', onEnd);

  async function take(measure: () => number): Promise<Buffer | undefined> {
    for (;;) {
      const length = measure();
      if (length >= 0) {
        const taken = buffer.subarray(0, length);
        buffer = buffer.subarray(length);
        return taken;
      }
      if (ended) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async line(limit) {
      const taken = await take(() => {
        const end = buffer.indexOf('\r\n');
        if (end < 0 && buffer.length > limit) ended = true;
        return end < 0 ? -1 : end + 2;
      });
      return taken?.subarray(0, -2).toString('latin1');
    },
    block: (count) => take(() => (buffer.length >= count ? count : -1)),
    get waiting() {
      return buffer.length;
    },
    detach() {
      stream.off('data', onData);
      stream.off('end', onEnd);
      stream.off('close', onEnd);
    },
  };
}
