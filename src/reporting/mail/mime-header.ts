/**
 * Header sections of a mail and its parts (RFC 5322 §2.2, RFC 2045 §5).
 *
 * @module
 */
import { decodeWords } from 'postal-mime';

/** A header field, unfolded; `key` in lower case. */
export interface MailField {
  readonly key: string;
  readonly value: string;
}

/** `type/subtype; name=value`. Names of parameters and the value itself are in lower case. */
export interface StructuredValue {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const NAME = /^[!-9;-~]+[ \t]*$/;
const SPACE = 0x20;
const TAB = 0x09;
const PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))/gs;
/** A name in pieces (RFC 2231 §3) has no more. */
const MAX_PIECES = 100;

/** Reads a header section, any line ends; what is no field is passed over. */
export function readFields(header: Uint8Array): readonly MailField[] {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('utf8');
  // Some gateways leave the CR of a fold and lose its LF.
  const whole = /\r[ \t]/.test(text) ? text.replace(/\r(?=[ \t])/g, '') : text;
  const fields: MailField[] = [];
  for (let at = 0; at < whole.length;) {
    const end = endOfField(whole, at);
    const field = readField(whole.slice(at, end));
    if (field !== undefined) fields.push(field);
    at = end + 1;
  }
  return fields;
}

/** The line end behind the field that begins here, behind all its folds; the end of the text where there is none. */
function endOfField(text: string, from: number): number {
  for (let at = from; ; at += 1) {
    at = text.indexOf('\n', at);
    if (at === -1) return text.length;
    const next = text.charCodeAt(at + 1);
    if (next !== SPACE && next !== TAB) return at;
  }
}

function readField(raw: string): MailField | undefined {
  const colon = raw.indexOf(':');
  if (colon === -1) return undefined;
  const name = unfolded(raw.slice(0, colon));
  if (!NAME.test(name)) return undefined;
  return new LazyField(name.trimEnd().toLowerCase(), raw.slice(colon + 1));
}

/** Of most fields nobody asks for the value. */
class LazyField implements MailField {
  readonly key: string;
  readonly #raw: string;

  constructor(key: string, raw: string) {
    this.key = key;
    this.#raw = raw;
  }

  get value(): string {
    return unfolded(this.#raw).replaceAll('\r', ' ').trim();
  }
}

/** In one line. */
function unfolded(raw: string): string {
  if (!raw.includes('\n')) return raw;
  const lines = raw.split('\n');
  const last = lines.pop()!;
  return lines.map(withoutCr).join('') + last;
}

/** A loop, not a pattern: that would try again at each CR of a long row. */
function withoutCr(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

/** The first value of a field: so does everybody where there are two. */
export function firstOf(fields: readonly MailField[], key: string): string | undefined {
  return fields.find((field) => field.key === key)?.value;
}

/** Reads a field like Content-Type; of two parameters with one name the first counts. */
export function readStructured(text: string): StructuredValue {
  const end = text.indexOf(';');
  if (end === -1) return { value: structuredName(text), parameters: NO_PARAMETERS };
  const parameters = new Map<string, string>();
  for (const [, name, quoted, token] of text.matchAll(PARAMETER)) {
    const value = quoted === undefined ? token!.trim().split(/\s/)[0]! : unquoted(quoted);
    const key = name!.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, value);
  }
  return { value: structuredName(text.slice(0, end)), parameters };
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

function unquoted(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text;
}

function structuredName(text: string): string {
  const bare = text.includes('(') ? text.replace(/\([^()]*\)/g, '') : text;
  return bare.trim().toLowerCase();
}

/** A parameter in any of its forms: plain, with encoded words (RFC 2047), encoded or in pieces (RFC 2231). */
export function parameterText({ parameters }: StructuredValue, name: string): string | undefined {
  const whole = parameters.get(`${name}*`);
  if (whole !== undefined) return decodeExtended(whole);
  const pieces: string[] = [];
  let isExtended = false;
  for (let at = 0; at < MAX_PIECES; at += 1) {
    const encoded = parameters.get(`${name}*${at}*`);
    const piece = encoded ?? parameters.get(`${name}*${at}`);
    if (piece === undefined) break;
    isExtended ||= encoded !== undefined;
    // A plain piece among encoded ones means its percent signs as they are.
    pieces.push(encoded ?? piece.replaceAll('%', '%25'));
  }
  const joined = pieces.join('');
  if (pieces.length > 0) return isExtended ? decodeExtended(joined) : percentDecoded(joined);
  const plain = parameters.get(name);
  return plain === undefined ? undefined : decodedText(plain);
}

/** A text with its encoded words (RFC 2047) decoded; nearly none has any. */
export function decodedText(text: string): string {
  return text.includes('=?') ? decodeWords(text) : text;
}

/** `charset'language'text` with percent signs; only UTF-8 and what is like it is decoded. */
function decodeExtended(text: string): string {
  return percentDecoded(text.replace(/^[^']*'[^']*'/, ''));
}

function percentDecoded(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
