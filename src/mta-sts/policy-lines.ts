/**
 * From the octets of a policy to its lines: encoding, line ends, blank lines (RFC 8461 §3.2).
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { columnAt, type ProblemList } from '../problems.ts';

const RULE = 'RFC 8461 §3.2';

/** The largest policy that is read, in octets (RFC 8461 §3.3). */
export const MAX_POLICY_BYTES = 65_536;

/** One line without its end. */
export interface PolicyLine {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
}

/** The whole text as it came, and its lines. */
export interface PolicyText {
  readonly text: string;
  /** Without trailing blank lines. */
  readonly lines: readonly PolicyLine[];
}

/** Decodes a policy and splits it, telling every fault; undefined if it is too large to be read. */
export function splitPolicy(
  body: Uint8Array | string,
  problems: ProblemList,
): PolicyText | undefined {
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (size > MAX_POLICY_BYTES) {
    problems.add({
      code: 'STS_POLICY_TOO_LARGE',
      line: 1,
      column: 1,
      message: `the policy has ${size} octets; senders read up to ${MAX_POLICY_BYTES} (RFC 8461 §3.3)`,
      fix: 'make it smaller, e.g. with wildcard patterns',
      severity: 'error',
    });
    return undefined;
  }
  const text = decode(body);
  const lines = cutLines(text, problems);
  if (!isWellEncoded(body)) reportBadUtf8(body, lines, problems);
  return { text, lines: dropTrailingBlanks(lines, problems) };
}

function decode(body: Uint8Array | string): string {
  if (typeof body === 'string') return body;
  // Buffer's decoder keeps a byte order mark, TextDecoder's does not by default.
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

function isWellEncoded(body: Uint8Array | string): boolean {
  return typeof body === 'string' ? body.isWellFormed() : isUtf8(body);
}

/** Splits at LF, and takes one CR before it; the grammar allows both ends, mixed (erratum 6253). */
function cutLines(text: string, problems: ProblemList): PolicyLine[] {
  const lines: PolicyLine[] = [];
  let start = 0;
  let firstBareLf = 0;
  if (text.startsWith('\ufeff')) {
    reportBom(problems);
    start = 1;
  }
  while (start < text.length) {
    const lf = text.indexOf('\n', start);
    const end = lf === -1 ? text.length : lf;
    const hasCr = lf !== -1 && end > start && text[end - 1] === '\r';
    const number = lines.length + 1;
    const line = { number, text: text.slice(start, hasCr ? end - 1 : end) };
    if (line.text.includes('\r')) reportLoneCr(line, problems);
    if (lf !== -1 && !hasCr && firstBareLf === 0) firstBareLf = number;
    lines.push(line);
    start = end + 1;
  }
  if (firstBareLf > 0) reportBareLf(lines[firstBareLf - 1]!, problems);
  return lines;
}

function dropTrailingBlanks(lines: readonly PolicyLine[], problems: ProblemList): PolicyLine[] {
  const last = lines.findLastIndex((line) => !isBlank(line.text));
  if (last === -1) {
    problems.add({
      code: 'STS_POLICY_EMPTY',
      line: 1,
      column: 1,
      message: `the policy has no lines (${RULE})`,
      fix: 'write the lines version, mode, mx and max_age',
      severity: 'error',
    });
    return [];
  }
  const firstBlank = lines[last + 1];
  if (firstBlank !== undefined) {
    problems.add({
      code: 'STS_POLICY_TRAILING_BLANK_LINE',
      line: firstBlank.number,
      column: 1,
      message: `blank lines end the policy: the grammar has none, and some senders refuse it (${RULE})`,
      fix: `end the file after line ${firstBlank.number - 1}`,
      severity: 'warning',
    });
  }
  return lines.slice(0, last + 1);
}

/** Nothing but spaces and tabs. */
export function isBlank(text: string): boolean {
  return !/[^ \t]/.test(text);
}

function reportBom(problems: ProblemList): void {
  problems.add({
    code: 'STS_POLICY_BOM',
    line: 1,
    column: 1,
    message: `a byte order mark stands before the first key (${RULE})`,
    fix: 'save the file as UTF-8 without a byte order mark',
    severity: 'error',
  });
}

function reportLoneCr(line: PolicyLine, problems: ProblemList): void {
  problems.add({
    code: 'STS_POLICY_CR_ALONE',
    line: line.number,
    column: columnAt(line.text, line.text.indexOf('\r')),
    message: `a carriage return without a line feed (${RULE})`,
    fix: 'end each line with CR LF, or with LF',
    severity: 'error',
  });
}

function reportBareLf(line: PolicyLine, problems: ProblemList): void {
  problems.add({
    code: 'STS_POLICY_LF',
    line: line.number,
    column: columnAt(line.text, line.text.length),
    message: `lines end with LF alone: allowed, but strict readers want CR LF (${RULE}, erratum 6253)`,
    fix: 'end each line with CR LF to please every reader',
    severity: 'info',
  });
}

/** Where a decoder meets a bad octet it writes U+FFFD; the octets say whether the author did. */
function reportBadUtf8(
  body: Uint8Array | string,
  lines: readonly PolicyLine[],
  problems: ProblemList,
): void {
  const isBad = typeof body === 'string' ? isBadText : badLines(body);
  for (const line of lines) {
    if (!isBad(line)) continue;
    const at = line.text.search(/[\ufffd\ud800-\udfff]/);
    problems.add({
      code: 'STS_POLICY_NOT_UTF8',
      line: line.number,
      column: columnAt(line.text, Math.max(0, at)),
      message: `the line is not valid UTF-8 (${RULE})`,
      fix: 'save the file as UTF-8, or use ASCII only',
      severity: 'error',
    });
  }
}

function isBadText(line: PolicyLine): boolean {
  return !line.text.isWellFormed();
}

function badLines(body: Uint8Array): (line: PolicyLine) => boolean {
  const bad = new Set<number>();
  let number = 1;
  for (let start = 0; start < body.length; number += 1) {
    const lf = body.indexOf(10, start);
    const end = lf === -1 ? body.length : lf;
    if (!isUtf8(body.subarray(start, end))) bad.add(number);
    start = end + 1;
  }
  return (line) => bad.has(line.number);
}
