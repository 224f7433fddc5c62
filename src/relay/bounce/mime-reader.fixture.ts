/**
 * A strict reader of reports, for tests: whatever RFC 5322, 2045, 2046, 3464 or 6522 does not allow
 * is an error.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { MessageSource } from '../../smtp/types.ts';

/** Fields in order, unfolded. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A part: its fields and its content, decoded; one octet a character. */
export interface Part {
  readonly fields: Fields;
  readonly type: string;
  readonly body: string;
}

/** A whole report. */
export interface Report {
  readonly fields: Fields;
  readonly text: string;
  readonly statusType: string;
  /** The group of the message, then one for each recipient. */
  readonly groups: readonly Fields[];
  readonly returned: Part | undefined;
  /** Everything as it goes over the wire, one octet a character. */
  readonly raw: string;
}

/** The value of a field that stands there once; undefined: not there. */
export function valueOf(fields: Fields, name: string): string | undefined {
  const found = fields.filter(([one]) => one.toLowerCase() === name.toLowerCase());
  assert.ok(found.length <= 1, `${name} stands there ${found.length} times`);
  return found[0]?.[1];
}

/** Reads a report; throws where it is not well-formed. */
export async function readReport(
  source: MessageSource,
  { utf8Header = false }: { readonly utf8Header?: boolean } = {},
): Promise<Report> {
  const raw = await collect(source);
  checkLines(raw);
  const { fields, body } = split(raw);
  if (!utf8Header) assertAscii(fields);
  const contentType = valueOf(fields, 'Content-Type') ?? '';
  const boundary = /^multipart\/report; report-type=delivery-status; boundary="([^"]{1,70})"$/.exec(
    contentType,
  )?.[1];
  assert.ok(boundary !== undefined, `not a report: ${contentType}`);
  const parts = partsOf(body, boundary);
  assert.ok(parts.length === 2 || parts.length === 3, `${parts.length} parts`);
  const [first, second, returned] = parts.map(readPart);
  assert.ok(first !== undefined && second !== undefined);
  assert.match(first.type, /^text\/plain; charset=(?:us-ascii|utf-8)$/);
  const eightBit = parts.some((part) => /[\x80-\xff]/.test(part));
  const encoding = valueOf(fields, 'Content-Transfer-Encoding');
  assert.ok(!eightBit || encoding === '8bit', 'a part is 8-bit and the whole says 7bit');
  return {
    fields,
    text: Buffer.from(first.body, 'latin1').toString('utf8'),
    statusType: second.type,
    groups: groupsOf(second.body),
    returned,
    raw,
  };
}

async function collect(source: MessageSource): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function checkLines(raw: string): void {
  assert.ok(raw.endsWith('\r\n'), 'ends without a line end');
  const lines = raw.slice(0, -2).split('\r\n');
  for (const line of lines) {
    assert.doesNotMatch(line, /[\r\n\0]/, 'a bare CR or LF, or NUL');
    assert.ok(line.length <= 998, `a line of ${line.length} octets`);
  }
}

function split(text: string): { readonly fields: Fields; readonly body: string } {
  const end = text.indexOf('\r\n\r\n');
  assert.notEqual(end, -1, 'no end of the header');
  return { fields: readFields(text.slice(0, end)), body: text.slice(end + 4) };
}

function readFields(text: string): Fields {
  const fields: [string, string][] = [];
  for (const line of text.split('\r\n')) {
    if (/^[ \t]/.test(line)) {
      const last = fields.at(-1);
      assert.ok(last !== undefined, 'a folded line without a field');
      assert.match(line, /\S/, 'a folded line of blanks');
      last[1] += line;
      continue;
    }
    const match = /^([!-9;-~]+): ?(.*)$/s.exec(line);
    assert.ok(match !== null, `no field: ${JSON.stringify(line)}`);
    fields.push([match[1]!, match[2]!]);
  }
  return fields.map(([name, value]) => [name, value.trim()]);
}

function assertAscii(fields: Fields): void {
  for (const [name, value] of fields) assert.match(value, /^[ -~]*$/, `${name} is not ASCII`);
}

function partsOf(body: string, boundary: string): readonly string[] {
  const marked = `\r\n${body}`.split(`\r\n--${boundary}`);
  const [, ...rest] = marked;
  assert.equal(rest.at(-1), '--\r\n', 'the end of the report');
  return rest.slice(0, -1).map((part) => {
    assert.ok(part.startsWith('\r\n'), 'something stands behind a boundary');
    return part.slice(2);
  });
}

function readPart(text: string): Part {
  const { fields, body } = split(`${text}\r\n`);
  assertAscii(fields);
  const type = valueOf(fields, 'Content-Type') ?? '';
  const content = body.slice(0, -2);
  switch (valueOf(fields, 'Content-Transfer-Encoding') ?? '') {
    case '7bit':
      assert.doesNotMatch(content, /[\x80-\xff]/, `8-bit octets in a 7bit part (${type})`);
      return { fields, type, body: content };
    case '8bit':
      return { fields, type, body: content };
    case 'quoted-printable':
      return { fields, type, body: unquote(content) };
    default:
      throw new Error(`encoding of ${type}`);
  }
}

function unquote(text: string): string {
  for (const line of text.split('\r\n')) {
    assert.match(line, /^(?:[!-<>-~ ]|=[0-9A-F]{2})*=?$/, `not quoted-printable: ${line}`);
    assert.ok(line.length <= 76, 'a quoted-printable line is too long');
    assert.doesNotMatch(line, / $/, 'a blank at the end of a line');
  }
  return text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function groupsOf(body: string): readonly Fields[] {
  return body
    .replace(/\r\n$/, '')
    .split('\r\n\r\n')
    .map((group) =>
      readFields(group).map(([name, value]) => [
        name,
        Buffer.from(value, 'latin1').toString('utf8'),
      ]),
    );
}
