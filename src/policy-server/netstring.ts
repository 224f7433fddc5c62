/**
 * Netstrings, the framing of the socketmap protocol: `20:postfix example.com,`. No sockets here.
 *
 * @module
 */

/** The longest request, in octets: that of Postfix (`socketmap_max_query_size`). */
export const MAX_REQUEST = 10_000;

/** The longest reply, in octets: that of Postfix (`socketmap_max_reply_size`). */
export const MAX_REPLY = 100_000;

const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;
const NOTHING = Buffer.alloc(0);

/** Why no further netstring can be read. */
export type NetstringFault =
  /** Something other than digits and a colon, or a leading zero. */
  | 'length'
  /** More octets than {@link MAX_REQUEST}. */
  | 'too-long'
  /** The octet after the payload is no comma. */
  | 'comma';

/** Writes one netstring. */
export function writeNetstring(payload: string | Buffer): Buffer {
  const octets = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return Buffer.concat([Buffer.from(`${octets.length}:`), octets, Buffer.from(',')]);
}

/** As {@link writeNetstring}, an octet in each character (latin1): what sockets send with the least ado. */
export function netstringText(payload: string | Buffer): string {
  return writeNetstring(payload).toString('latin1');
}

/** The payload of one whole netstring that this module wrote as text. */
export function payloadOf(netstring: string): Buffer {
  return Buffer.from(netstring.slice(netstring.indexOf(':') + 1, -1), 'latin1');
}

/**
 * Reads netstrings from octets that come in any pieces. Whatever is wrong is wrong for good: after
 * it nobody can tell where the next one begins, so the connection must be closed.
 */
export class NetstringReader {
  readonly #maxPayload: number;
  /** What is being read, and how far. */
  #octets: Buffer = NOTHING;
  #at = 0;
  /** What came after `#octets`, not yet joined to it. */
  #later: Buffer[] = [];
  #laterLength = 0;
  /** Octets from `#at` on without which the next netstring is not whole. */
  #needed = 1;
  #fault: NetstringFault | undefined;

  /** @param maxPayload octets */
  constructor(maxPayload: number = MAX_REQUEST) {
    this.#maxPayload = maxPayload;
  }

  /** Why nothing comes any more. */
  get fault(): NetstringFault | undefined {
    return this.#fault;
  }

  /** Adds octets. They must not change afterwards. */
  push(chunk: Buffer): void {
    if (this.#fault !== undefined) return;
    if (this.#at === this.#octets.length && this.#laterLength === 0) {
      this.#octets = chunk;
      this.#at = 0;
      return;
    }
    this.#later.push(chunk);
    this.#laterLength += chunk.length;
  }

  /** The next payload, an octet in each character (latin1); undefined: more octets are needed. */
  next(): string | undefined {
    while (this.#fault === undefined) {
      const here = this.#octets.length - this.#at;
      if (here + this.#laterLength < this.#needed) return undefined;
      if (here < this.#needed) this.#join();
      const payload = this.#read();
      if (payload !== undefined) return payload;
    }
    return undefined;
  }

  /** Reads from `#octets` alone. Without a result more octets are needed, or there is a fault. */
  #read(): string | undefined {
    const octets = this.#octets;
    const first = this.#at;
    let length = 0;
    for (let at = first; at < octets.length; at += 1) {
      const octet = octets[at]!;
      if (octet === COLON && at > first) return this.#payload(at + 1, length);
      const digit = octet - ZERO;
      if (digit < 0 || digit > 9 || (at > first && length === 0)) return this.#stop('length');
      length = length * 10 + digit;
      if (length > this.#maxPayload) return this.#stop('too-long');
    }
    this.#needed = octets.length - first + 1;
    return undefined;
  }

  #payload(start: number, length: number): string | undefined {
    const end = start + length;
    if (end >= this.#octets.length) {
      this.#needed = end + 1 - this.#at;
      return undefined;
    }
    if (this.#octets[end] !== COMMA) return this.#stop('comma');
    this.#at = end + 1;
    this.#needed = 1;
    return this.#octets.toString('latin1', start, end);
  }

  #join(): void {
    this.#octets = Buffer.concat([this.#octets.subarray(this.#at), ...this.#later]);
    this.#at = 0;
    this.#later = [];
    this.#laterLength = 0;
  }

  #stop(fault: NetstringFault): undefined {
    this.#fault = fault;
    this.#octets = NOTHING;
    this.#later = [];
    return undefined;
  }
}
