/**
 * How datagrams travel through a stream: each in a frame, so that its end and its time are known.
 *
 * @module
 */

/** Octets before the content: kind, length, time. */
export const FRAME_HEADER = 13;

/** What a frame brings. */
export type FrameKind =
  /** A datagram. */
  | 'datagram'
  /** The reader reads from now on. */
  | 'ready'
  /** The reader had to wait for us: meanwhile datagrams may have been lost. */
  | 'stalled';

const KINDS: readonly FrameKind[] = ['datagram', 'ready', 'stalled'];

/** A frame as it came. */
export interface Frame {
  readonly kind: FrameKind;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** A view: good until the next chunk comes. */
  readonly content: Uint8Array;
}

/** Writes the header of a frame at the start of `target`. */
export function writeFrameHeader(
  target: Buffer,
  kind: FrameKind,
  length: number,
  at: number,
): void {
  target.writeUInt8(KINDS.indexOf(kind), 0);
  target.writeUInt32LE(length, 1);
  target.writeDoubleLE(at, 5);
}

/** Finds frames in the chunks of a stream. */
export interface FrameFinder {
  /** The frames that are whole with this chunk. */
  take(chunk: Buffer): Generator<Frame, void, undefined>;
}

/** Makes one for the start of a stream. */
export function createFrameFinder(): FrameFinder {
  /** The begun frame: parts are joined once it is whole, not with every part. */
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = FRAME_HEADER;
  return {
    *take(chunk) {
      parts.push(chunk);
      held += chunk.length;
      if (held < wanted) return;
      const data = parts.length === 1 ? chunk : Buffer.concat(parts, held);
      let start = 0;
      for (;;) {
        wanted = FRAME_HEADER;
        if (data.length - start < wanted) break;
        wanted += data.readUInt32LE(start + 1);
        if (data.length - start < wanted) break;
        yield {
          kind: KINDS[data[start]!] ?? 'datagram',
          at: data.readDoubleLE(start + 5),
          content: data.subarray(start + FRAME_HEADER, start + wanted),
        };
        start += wanted;
      }
      parts = start === data.length ? [] : [data.subarray(start)];
      held = data.length - start;
    },
  };
}
