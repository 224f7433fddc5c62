/**
 * Memory that two threads share: one puts octets in and may wait for room, the other takes them out
 * and never waits.
 *
 * @module
 */

/** What both threads are given. */
export interface RingMemory {
  readonly places: SharedArrayBuffer;
  readonly octets: SharedArrayBuffer;
}

/** Positions in {@link RingMemory.places}: where octets go in, where they come out, who sleeps. */
const HEAD = 0;
const TAIL = 1;
const SLEEPS = 2;

/** A ring of so many octets, empty. */
export function ringMemory(size: number): RingMemory {
  return {
    places: new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT),
    octets: new SharedArrayBuffer(size),
  };
}

/** The end where octets go in. */
export interface RingInput {
  /** Is there room at once? */
  hasRoom(length: number): boolean;
  /** Puts the octets in; stands still until there is room. */
  put(octets: Uint8Array): void;
}

/**
 * The input, for a thread that may stand still.
 *
 * @param wake called when the other thread has said that it sleeps
 */
export function ringInput(memory: RingMemory, wake: () => void): RingInput {
  const places = new Int32Array(memory.places);
  const ring = new Uint8Array(memory.octets);
  const size = ring.length;
  let head = Atomics.load(places, HEAD);
  const room = (tail: number): number => (tail - head - 1 + size) % size;
  return {
    hasRoom: (length) => room(Atomics.load(places, TAIL)) >= length,
    put(octets) {
      for (;;) {
        const tail = Atomics.load(places, TAIL);
        if (room(tail) >= octets.length) break;
        Atomics.wait(places, TAIL, tail);
      }
      const first = Math.min(octets.length, size - head);
      ring.set(octets.subarray(0, first), head);
      ring.set(octets.subarray(first), 0);
      head = (head + octets.length) % size;
      Atomics.store(places, HEAD, head);
      if (Atomics.exchange(places, SLEEPS, 0) === 1) wake();
    },
  };
}

/** The end where octets come out. */
export interface RingOutput {
  /** A copy of what is there, in part; empty where nothing is, and then the other thread will wake. */
  peek(most: number): Buffer;
  /** Makes room of what was taken. */
  drop(length: number): void;
}

/** The output, for a thread that must not stand still. */
export function ringOutput(memory: RingMemory): RingOutput {
  const places = new Int32Array(memory.places);
  const ring = new Uint8Array(memory.octets);
  let tail = Atomics.load(places, TAIL);
  const there = (): number => {
    const head = Atomics.load(places, HEAD);
    return head >= tail ? head - tail : ring.length - tail;
  };
  return {
    peek(most) {
      let length = there();
      if (length === 0) {
        // Said first, looked at once more after it: what comes in between would not wake anybody.
        Atomics.store(places, SLEEPS, 1);
        length = there();
      }
      return Buffer.from(ring.subarray(tail, tail + Math.min(length, most)));
    },
    drop(length) {
      tail = (tail + length) % ring.length;
      Atomics.store(places, TAIL, tail);
      Atomics.notify(places, TAIL);
    },
  };
}
