/**
 * Reads DNS messages octet by octet and believes nothing: every length and pointer is checked.
 *
 * `dns-packet` joins labels with dots, so that the one label `a.b` becomes two, and reads octets as
 * UTF-8, so that different names become equal. A mail server must not be led by such a name, so
 * names are read here, in a form in which no two names on the wire are the same text.
 *
 * @module
 */

/** A question as it stands in a message. */
export interface WireQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A resource record; its data still as octets of the whole message, for names may point back. */
export interface WireRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds; 0 where the top bit was set (RFC 2181 §8). */
  readonly ttl: number;
  /** The TTL field as it stands: OPT keeps its flags there (RFC 6891 §6.1.3). */
  readonly rawTtl: number;
  /** Where the data begins and ends in the message. */
  readonly start: number;
  readonly end: number;
}

/** The fixed twelve octets (RFC 1035 §4.1.1). */
export interface WireHeader {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  readonly authentic: boolean;
  readonly authoritative: boolean;
  readonly rcode: number;
  readonly questionCount: number;
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
}

/** A whole message. */
export interface WireMessage {
  readonly header: WireHeader;
  readonly questions: readonly WireQuestion[];
  readonly answers: readonly WireRecord[];
  readonly authorities: readonly WireRecord[];
  readonly additionals: readonly WireRecord[];
  readonly octets: Uint8Array;
}

/** A name and where the octets after it begin. */
export interface WireName {
  readonly name: string;
  readonly next: number;
}

/** Thrown inside `dns/` where octets break the format; never leaves the folder. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const HEADER_LENGTH = 12;
/** RFC 1035 §2.3.4, with the octet for the root. */
const MAX_NAME_OCTETS = 255;

/** Reads the header. @throws {MalformedMessage} if there are fewer than twelve octets */
export function readHeader(octets: Uint8Array): WireHeader {
  if (octets.length < HEADER_LENGTH) {
    throw new MalformedMessage(`${octets.length} octets are no DNS message`);
  }
  const flags = u16(octets, 2);
  return {
    id: u16(octets, 0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    authentic: (flags & 0x0020) !== 0,
    rcode: flags & 0xf,
    questionCount: u16(octets, 4),
    answerCount: u16(octets, 6),
    authorityCount: u16(octets, 8),
    additionalCount: u16(octets, 10),
  };
}

/** Reads the question section. @throws {MalformedMessage} */
export function readQuestions(
  octets: Uint8Array,
  header: WireHeader,
): { readonly questions: readonly WireQuestion[]; readonly next: number } {
  const questions: WireQuestion[] = [];
  let at = HEADER_LENGTH;
  for (let index = 0; index < header.questionCount; index += 1) {
    const { name, next } = readName(octets, at);
    questions.push({ name, type: u16(octets, next), class: u16(octets, next + 2) });
    at = next + 4;
  }
  return { questions, next: at };
}

/** Reads a whole message. @throws {MalformedMessage} if any octet is out of place */
export function readMessage(octets: Uint8Array): WireMessage {
  const header = readHeader(octets);
  const { questions, next } = readQuestions(octets, header);
  const answers = readSection(octets, next, header.answerCount);
  const authorities = readSection(octets, answers.next, header.authorityCount);
  const additionals = readSection(octets, authorities.next, header.additionalCount);
  return {
    header,
    questions,
    answers: answers.records,
    authorities: authorities.records,
    additionals: additionals.records,
    octets,
  };
}

/**
 * Reads a name. ASCII letters are lowered; a dot or backslash inside a label and every octet that is
 * not printable ASCII is escaped (RFC 4343 §2.1), so that {@link isNormalName} refuses it.
 * `''` is the root.
 *
 * @throws {MalformedMessage} for a bad length, a pointer not strictly backwards, a name too long
 */
export function readName(octets: Uint8Array, start: number): WireName {
  const labels: string[] = [];
  let at = start;
  let next: number | undefined;
  let length = 1;
  // RFC 1035 §4.1.4: a pointer goes to a prior place. Insisting on it makes loops impossible.
  let limit = start;
  for (;;) {
    const octet = u8(octets, at);
    if (octet === 0) return { name: labels.join('.'), next: next ?? at + 1 };
    if (octet >= 0xc0) {
      const target = ((octet & 0x3f) << 8) | u8(octets, at + 1);
      if (target >= limit || target < HEADER_LENGTH) {
        throw new MalformedMessage('a name points to where no name can be');
      }
      next ??= at + 2;
      limit = target;
      at = target;
      continue;
    }
    if (octet > 63) throw new MalformedMessage('a label has an unknown type');
    length += octet + 1;
    if (length > MAX_NAME_OCTETS) throw new MalformedMessage('a name is too long');
    labels.push(labelText(octets, at + 1, at + 1 + octet));
    at += 1 + octet;
  }
}

/** One octet. @throws {MalformedMessage} past the end */
export function u8(octets: Uint8Array, at: number): number {
  const octet = octets[at];
  if (octet === undefined) throw new MalformedMessage('the message ends too early');
  return octet;
}

/** Two octets, big end first. @throws {MalformedMessage} past the end */
export function u16(octets: Uint8Array, at: number): number {
  return (u8(octets, at) << 8) | u8(octets, at + 1);
}

/** Four octets, big end first. @throws {MalformedMessage} past the end */
export function u32(octets: Uint8Array, at: number): number {
  return u16(octets, at) * 0x1_0000 + u16(octets, at + 2);
}

function readSection(
  octets: Uint8Array,
  start: number,
  count: number,
): { readonly records: readonly WireRecord[]; readonly next: number } {
  const records: WireRecord[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const record = readRecord(octets, at);
    records.push(record);
    at = record.end;
  }
  return { records, next: at };
}

function readRecord(octets: Uint8Array, at: number): WireRecord {
  const { name, next } = readName(octets, at);
  const rawTtl = u32(octets, next + 4);
  const start = next + 10;
  const end = start + u16(octets, next + 8);
  if (end > octets.length) throw new MalformedMessage('the message ends inside a record');
  return {
    name,
    type: u16(octets, next),
    class: u16(octets, next + 2),
    ttl: rawTtl > 0x7fff_ffff ? 0 : rawTtl,
    rawTtl,
    start,
    end,
  };
}

function labelText(octets: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 1) text += octetText(u8(octets, at));
  return text;
}

function octetText(octet: number): string {
  if (octet >= 0x41 && octet <= 0x5a) return String.fromCharCode(octet + 0x20);
  if (octet === 0x2e || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
  if (octet > 0x20 && octet < 0x7f) return String.fromCharCode(octet);
  return `\\${String(octet).padStart(3, '0')}`;
}
