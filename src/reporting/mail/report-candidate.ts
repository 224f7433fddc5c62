/**
 * Which attachment of a mail may be a TLS report: media type, file name and the first octets together
 * (RFC 8460 §5.3), for gateways rename all but the last.
 *
 * @module
 */
import { gunzipSync, constants } from 'node:zlib';

/** An attachment, not judged yet. */
export interface MailPart {
  readonly bytes: Uint8Array;
  readonly fileName?: string;
  /** Lower case. */
  readonly mediaType: string;
}

/**
 * `tlsrpt`: said to be a report by its media type. `likely`: something else, but it has the content
 * of one. `dmarc`: an aggregate report of DMARC, which comes in the same wrapping. `other`: neither.
 */
export type PartKind = 'tlsrpt' | 'likely' | 'dmarc' | 'other';

/** So much of a packed file is unpacked to see how it begins: at most about 1 MB comes of it. */
const PEEK_BYTES = 1024;
/** So much of a text is searched for the words of a report. */
const LOOK_CHARACTERS = 65_536;

/** Says what an attachment is. Never throws. */
export function kindOf(part: MailPart): PartKind {
  if (/^application\/tlsrpt(?:[+;]|$)/.test(part.mediaType)) return 'tlsrpt';
  return kindOfContent(part.bytes);
}

function kindOfContent(bytes: Uint8Array): PartKind {
  if (startsWith(bytes, [0x1f, 0x8b])) return kindOfText(peek(bytes));
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return kindOfZip(bytes);
  return kindOfText(textOf(bytes));
}

/** A zip says what it holds by the name of its first entry (APPNOTE §4.3.7). */
function kindOfZip(bytes: Uint8Array): PartKind {
  const length = (bytes[26] ?? 0) | ((bytes[27] ?? 0) << 8);
  const name = textOf(bytes.subarray(30, 30 + length)).toLowerCase();
  if (name.endsWith('.xml')) return 'dmarc';
  return /\.json(?:\.gz)?$/.test(name) ? 'likely' : 'other';
}

function kindOfText(text: string): PartKind {
  const start = text.replace(/^\ufeff/, '').trimStart();
  if (start.startsWith('<')) return /<feedback[\s>]/.test(start) ? 'dmarc' : 'other';
  if (!start.startsWith('{') && !start.startsWith('[')) return 'other';
  return /"(?:policies|report-id|date-range|organization-name)"/.test(start) ? 'likely' : 'other';
}

/** How a gzip file begins; '' where it cannot be unpacked. */
function peek(bytes: Uint8Array): string {
  try {
    const head = bytes.subarray(0, PEEK_BYTES);
    return textOf(gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }));
  } catch {
    return '';
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, LOOK_CHARACTERS));
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((octet, at) => bytes[at] === octet);
}
