/**
 * The header of a mail, cut into fields octet by octet, and the DKIM signatures among them.
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import { readTagList, type TagList } from './tag-list.ts';

/** A mail in two: fields with their line ends, and the rest from the empty line on. */
export interface SplitMail {
  /** One character an octet; each ends with CRLF. */
  readonly fields: readonly string[];
  /** Empty line and body, with CRLF. */
  readonly rest: Buffer;
}

/** A DKIM-Signature field. */
export interface SignatureField {
  /** Its place among the fields. */
  readonly index: number;
  readonly tags: TagList;
  /** `d=`, A-labels; '' where it is none. */
  readonly domain: string;
}

const LF = 0x0a;
const CR = 0x0d;

/** Every LF without CR gets one: signatures are over CRLF (RFC 6376 §5.3), files often have LF. */
export function withCrlf(message: Uint8Array): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const missing = bareLineFeeds(bytes);
  if (missing === 0) return bytes;
  const target = Buffer.allocUnsafe(bytes.length + missing);
  let to = 0;
  // A loop: to search for each of a million line ends takes far longer.
  for (let at = 0; at < bytes.length; at += 1) {
    const octet = bytes[at]!;
    if (octet === LF && bytes[at - 1] !== CR) target[to++] = CR;
    target[to++] = octet;
  }
  return target;
}

function bareLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === LF && bytes[at - 1] !== CR) count += 1;
  }
  return count;
}

/** Cuts it. */
export function splitMail(message: Uint8Array): SplitMail {
  const bytes = withCrlf(message);
  const empty = bytes.indexOf('\r\n\r\n');
  const end = empty === -1 ? bytes.length : empty + 2;
  const fields: string[] = [];
  for (const line of bytes.toString('latin1', 0, end).split(/(?<=\r\n)/)) {
    // What begins no field goes to the one before, as the verifier has it: it can then only spoil it.
    if (/^[!-9;-~]+[ \t]*:/.test(line) || fields.length === 0) fields.push(line);
    else fields.push(`${fields.pop()!}${line}`);
  }
  return { fields, rest: bytes.subarray(end) };
}

/** The mail again. */
export function joinMail({ fields, rest }: SplitMail): Buffer {
  return Buffer.concat([Buffer.from(fields.join(''), 'latin1'), rest]);
}

/** What follows the empty line. */
export function bodyOf({ rest }: SplitMail): Buffer {
  return rest.subarray(2);
}

/** Name of a field, in lower case. */
export function fieldName(field: string): string {
  return field
    .slice(0, Math.max(0, field.indexOf(':')))
    .trim()
    .toLowerCase();
}

/** All signatures, in their order. */
export function signatureFields(mail: SplitMail): readonly SignatureField[] {
  return mail.fields.flatMap((field, index) => {
    if (fieldName(field) !== 'dkim-signature') return [];
    const tags = readTagList(field.slice(field.indexOf(':') + 1));
    const domain = normalizeName(tags.get('d') ?? '');
    return [{ index, tags, domain: domain.ok ? domain.value : '' }];
  });
}
