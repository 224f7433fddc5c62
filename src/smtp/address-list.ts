/**
 * The addresses in a To, Cc or Bcc field (RFC 5322 §3.4), without their display names.
 *
 * @module
 */
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { parseMailbox } from './mailbox.ts';
import { printable } from '../printable.ts';

/** How deep comments may nest; deeper ones are nobody's comment. */
const MAX_COMMENT_DEPTH = 8;
/** Longest text that is tried as an address, in characters. */
const MAX_ADDRESS_TEXT = 1000;
/** Most addresses in one field. */
export const MAX_LIST_ADDRESSES = 10_000;

/** What is being collected between two separators. */
interface Item {
  /** The words so far: the address itself, or a display name before `<`. */
  words: string;
  angle: string | undefined;
}

/**
 * Reads an address list: mailboxes with and without display names, comments, quoted strings,
 * groups (`Team: a@x, b@x;`, `undisclosed-recipients:;`).
 *
 * @returns the addresses in their order, or `SMTP_HEADER_ADDRESS_INVALID`
 */
export function readAddressList(value: string): Outcome<readonly string[]> {
  const addresses: string[] = [];
  let item: Item = { words: '', angle: undefined };
  let position = 0;
  const finish = (): string | undefined => {
    const { words, angle } = item;
    item = { words: '', angle: undefined };
    // Empty entries between commas are of the obsolete syntax and harmless.
    if (angle === undefined && words.trim() === '') return undefined;
    const mailbox = parseMailbox(tighten(angle ?? words));
    if (!mailbox.ok) return mailbox.failure.detail;
    addresses.push(mailbox.value.address);
    return addresses.length > MAX_LIST_ADDRESSES ? 'it lists too many addresses' : undefined;
  };
  while (position <= value.length) {
    const character = value[position];
    if (character === undefined || character === ',' || character === ';') {
      const fault = finish();
      if (fault !== undefined) return invalid(fault);
      position += 1;
      continue;
    }
    const span = spanAt(value, position);
    if (span === undefined)
      return invalid(`it has an unclosed ${character} at column ${position + 1}`);
    const text = value.slice(position, span.end);
    position = span.end;
    if (span.kind === 'comment') item.words += ' ';
    else if (span.kind === 'group') item = { words: '', angle: undefined };
    else if (span.kind === 'angle') {
      if (item.angle !== undefined) return invalid('two addresses stand without a comma');
      item.angle = stripRoute(text.slice(1, -1));
    } else item.words += text;
  }
  return ok(addresses);
}

interface Span {
  readonly kind: 'comment' | 'quoted' | 'angle' | 'literal' | 'group' | 'text';
  readonly end: number;
}

/** What begins here and where it ends; undefined: it never ends. */
function spanAt(value: string, start: number): Span | undefined {
  switch (value.charAt(start)) {
    case '(':
      return closed('comment', endOfComment(value, start));
    case '"':
      return closed('quoted', endOfQuoted(value, start));
    case '<':
      return closed('angle', endOfAngle(value, start));
    case '[':
      return closed('literal', value.indexOf(']', start) + 1);
    case ':':
      return { kind: 'group', end: start + 1 };
    default:
      return { kind: 'text', end: start + 1 };
  }
}

function closed(kind: Span['kind'], end: number): Span | undefined {
  return end === 0 ? undefined : { kind, end };
}

/** 0: no end. */
function endOfComment(value: string, start: number): number {
  let depth = 0;
  for (let at = start; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1;
    else if (value[at] === '(') depth += 1;
    else if (value[at] === ')') depth -= 1;
    if (depth > MAX_COMMENT_DEPTH) return 0;
    if (depth === 0) return at + 1;
  }
  return 0;
}

/** 0: no end. */
function endOfQuoted(value: string, start: number): number {
  for (let at = start + 1; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1;
    else if (value[at] === '"') return at + 1;
  }
  return 0;
}

/** 0: no end. */
function endOfAngle(value: string, start: number): number {
  for (let at = start + 1; at < value.length; at += 1) {
    if (value[at] === '>') return at + 1;
    if (value[at] === '"') {
      at = endOfQuoted(value, at) - 1;
      if (at === -1) return 0;
    }
  }
  return 0;
}

/** `<@relay.test:user@example.test>`: the route is obsolete and ignored (RFC 5322 §4.4). */
function stripRoute(path: string): string {
  return path.startsWith('@') ? path.slice(path.indexOf(':') + 1) : path;
}

/** Blanks around the address and around its dots and `@` mean nothing (RFC 5322 §4.4). */
function tighten(address: string): string {
  const trimmed = address.trim();
  // Too long for an address anyway; the bound keeps the replacement below from a long row of blanks.
  if (trimmed.length > MAX_ADDRESS_TEXT) return trimmed;
  return trimmed.startsWith('"') ? trimmed : trimmed.replace(/[ \t]*([.@])[ \t]*/g, '$1');
}

function invalid(why: string): Outcome<never> {
  return fail('SMTP_HEADER_ADDRESS_INVALID', `an address list cannot be read: ${printable(why)}`);
}
