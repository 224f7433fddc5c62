/**
 * Record data: from octets to what {@link RecordOf} says.
 *
 * @module
 */
import { ipv4Text, ipv6Text } from './address.ts';
import { MalformedMessage, readName, u16, u32, u8 } from './message.ts';
import type { WireRecord } from './message.ts';
import type { ExtendedError, RecordOf, RrType } from './types.ts';

/** The numbers of the record types (IANA DNS parameters). */
export const TYPE_NUMBERS: Readonly<Record<RrType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  DS: 43,
  TLSA: 52,
};

/** OPT (RFC 6891 §6.1.1). */
export const OPT = 41;
/** The Internet class. */
export const IN = 1;
const EXTENDED_ERROR_OPTION = 15;

/** Decodes the data of one record of a known type. @throws {MalformedMessage} */
export function readData<T extends RrType>(
  octets: Uint8Array,
  record: WireRecord,
  type: T,
): RecordOf[T] {
  return READERS[type](octets, record);
}

type Readers = {
  readonly [T in RrType]: (octets: Uint8Array, record: WireRecord) => RecordOf[T];
};

const READERS: Readers = {
  A: (octets, record) => ipv4Text(exactly(octets, record, 4)),
  AAAA: (octets, record) => ipv6Text(exactly(octets, record, 16)),
  CNAME: (octets, record) => nameFilling(octets, record, record.start),
  NS: (octets, record) => nameFilling(octets, record, record.start),
  SOA: (octets, record) => {
    readSoaMinimum(octets, record);
    return record.name;
  },
  MX: (octets, record) => ({
    preference: u16(slice(octets, record, 2), 0),
    exchange: nameFilling(octets, record, record.start + 2),
  }),
  TXT: readText,
  // RFC 6698 §2.1. Whether the values are usable is for `dane/` to say, not for the reader.
  TLSA: (octets, record) => {
    const data = slice(octets, record, 3);
    return {
      usage: u8(data, 0),
      selector: u8(data, 1),
      matchingType: u8(data, 2),
      data: Uint8Array.from(data.subarray(3)),
    };
  },
  DS: (octets, record) => {
    const data = slice(octets, record, 5);
    const digest = Buffer.from(data.subarray(4)).toString('hex').toUpperCase();
    return `${u16(data, 0)} ${u8(data, 2)} ${u8(data, 3)} ${digest}`;
  },
};

/** The MINIMUM field, in seconds: the negative TTL (RFC 2308 §4). @throws {MalformedMessage} */
export function readSoaMinimum(octets: Uint8Array, record: WireRecord): number {
  const mailbox = readName(octets, readName(octets, record.start).next).next;
  if (mailbox + 20 !== record.end) throw new MalformedMessage('a SOA record has a bad length');
  const minimum = u32(octets, mailbox + 16);
  return minimum > 0x7fff_ffff ? 0 : minimum;
}

/** The extended errors in an OPT record (RFC 8914 §2). @throws {MalformedMessage} */
export function readExtendedErrors(octets: Uint8Array, opt: WireRecord): ExtendedError[] {
  const data = slice(octets, opt, 0);
  const errors: ExtendedError[] = [];
  let at = 0;
  while (at < data.length) {
    const code = u16(data, at);
    const end = at + 4 + u16(data, at + 2);
    if (end > data.length) throw new MalformedMessage('an EDNS option is cut short');
    if (code === EXTENDED_ERROR_OPTION && end - at >= 6) {
      errors.push({ code: u16(data, at + 4), text: plainText(data.subarray(at + 6, end)) });
    }
    at = end;
  }
  return errors;
}

/** The text comes from a stranger and goes into logs: one line, no control characters, short. */
function plainText(octets: Uint8Array): string {
  const text = Buffer.from(octets).toString('utf8');
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '').slice(0, 200);
}

/** RFC 1035 §3.3.14: one or more character-strings; RFC 8461 §3.1: nothing between them. */
function readText(octets: Uint8Array, record: WireRecord): string {
  const data = slice(octets, record, 1);
  const parts: string[] = [];
  let at = 0;
  while (at < data.length) {
    const end = at + 1 + u8(data, at);
    if (end > data.length) throw new MalformedMessage('a character-string is cut short');
    parts.push(Buffer.from(data.subarray(at + 1, end)).toString('latin1'));
    at = end;
  }
  return parts.join('');
}

function nameFilling(octets: Uint8Array, record: WireRecord, start: number): string {
  const { name, next } = readName(octets, start);
  if (next !== record.end) throw new MalformedMessage('a name does not fill its record');
  return name;
}

function exactly(octets: Uint8Array, record: WireRecord, length: number): Uint8Array {
  if (record.end - record.start !== length) throw new MalformedMessage('an address is too short');
  return octets.subarray(record.start, record.end);
}

function slice(octets: Uint8Array, record: WireRecord, least: number): Uint8Array {
  if (record.end - record.start < least) throw new MalformedMessage('a record is too short');
  return octets.subarray(record.start, record.end);
}
