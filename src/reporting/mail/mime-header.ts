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

const FIELD = /^([!-9;-~]+)[ \t]*:(.*)$/s;
const PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))/gs;
/** A name in pieces (RFC 2231 §3) has no more. */
const MAX_PIECES = 100;

/** Reads a header section, any line ends; what is no field is passed over. */
export function readFields(header: Uint8Array): readonly MailField[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(header);
  const lines: string[][] = [];
  // Some gateways leave the CR of a fold and lose its LF.
  for (const raw of text.replace(/\r(?=[ \t])/g, '').split('\n')) {
    const line = withoutCr(raw);
    if (/^[ \t]/.test(line) && lines.length > 0) lines.at(-1)!.push(line);
    else lines.push([line]);
  }
  return lines.flatMap((parts) => {
    const match = FIELD.exec(parts.join(''));
    if (match === null) return [];
    return [{ key: match[1]!.toLowerCase(), value: match[2]!.replace(/\r/g, ' ').trim() }];
  });
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
  const parameters = new Map<string, string>();
  for (const [, name, quoted, token] of text.matchAll(PARAMETER)) {
    const value = quoted?.replace(/\\(.)/gs, '$1') ?? token!.trim().split(/\s/)[0]!;
    const key = name!.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, value);
  }
  const value = (text.split(';', 1)[0] ?? '').replace(/\([^()]*\)/g, '').trim();
  return { value: value.toLowerCase(), parameters };
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
  return plain === undefined ? undefined : decodeWords(plain);
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
