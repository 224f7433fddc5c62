/**
 * Writes questions.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { AUTHENTIC_DATA, CHECKING_DISABLED, RECURSION_DESIRED, encode } from 'dns-packet';
import type { Packet } from 'dns-packet';
import type { RrType } from './types.ts';

/** A question ready to be sent, and what its answer must repeat. */
export interface Query {
  readonly id: number;
  /** Normalised. */
  readonly name: string;
  readonly type: RrType;
  readonly octets: Uint8Array;
}

/** How a question is put. */
export interface QueryOptions {
  /** Without EDNS, for servers that do not know it (RFC 6891 §7). */
  readonly plain?: boolean;
  /** Ask for the answer even if it fails validation. Used to name a failure, never for data. */
  readonly checkingDisabled?: boolean;
}

/** Fits every path without fragments, which could be forged (RFC 9715 §3.2). */
const UDP_PAYLOAD = 1232;

/**
 * Writes one question with RD, and AD to hear whether DNSSEC vouches for the answer (RFC 6840 §5.7).
 * DO stays off: it would only bring signatures, which the resolver has already checked, and push
 * answers over to TCP.
 *
 * @param name normalised: `dns-packet` writes a damaged packet for a label that is too long
 */
export function writeQuery(name: string, type: RrType, options: QueryOptions = {}): Query {
  // RFC 5452 §9.2: the identifier must not be guessable.
  const id = randomInt(0x1_0000);
  const packet: Packet = {
    type: 'query',
    id,
    flags:
      RECURSION_DESIRED |
      AUTHENTIC_DATA |
      (options.checkingDisabled === true ? CHECKING_DISABLED : 0),
    questions: [{ type, name, class: 'IN' }],
  };
  if (options.plain !== true) {
    packet.additionals = [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: UDP_PAYLOAD,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ];
  }
  return { id, name, type, octets: encode(packet) };
}
