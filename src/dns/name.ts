/**
 * Names as DNS takes them: lower-case A-labels, checked before they are sent and after they came.
 *
 * @module
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';

/** What kind of name is wanted. */
export interface NameOptions {
  /**
   * Only what can name a host: no underscore, no hyphen at either end of a label (RFC 1123 §2.1),
   * and not something that reads as an IPv4 address.
   */
  readonly hostName?: boolean;
}

/** RFC 1035 §2.3.4: 255 octets on the wire are 253 characters of text. */
const MAX_NAME = 253;
const MAX_LABEL = 63;

/** The dots that people type in other scripts (RFC 3490 §3.1). */
const OTHER_DOTS = /[\u3002\uff0e\uff61]/gu;
const ASCII = /^[\0-\x7f]*$/;
const DNS_LABEL = /^[a-z0-9_-]+$/;
/** Labels without {@link labelFault}, in one go: every name of every answer comes by here. */
const NORMAL_NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
/** The same for the names of hosts; the last label begins with a letter, so that it is no number. */
const NORMAL_HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/**
 * Brings a name into the one form that is asked, cached and compared (RFC 9525 §2; RFC 5891 §4):
 * lower case, A-labels, one trailing dot taken off.
 *
 * @param input any spelling: upper case, U-labels, trailing dot
 * @returns `DNS_NAME_INVALID` for anything that could not be sent as it stands
 */
export function normalizeName(input: string, options: NameOptions = {}): Outcome<string> {
  // Most names come here more than once.
  if (options.hostName === true ? isNormalHost(input) : isNormalName(input)) return ok(input);
  const dotted = input.replace(OTHER_DOTS, '.');
  const bare = dotted.endsWith('.') ? dotted.slice(0, -1) : dotted;
  if (bare === '') return invalid(input, 'it is empty');
  // A label of U-labels never shortens below a quarter; the bound keeps hostile input cheap.
  if (bare.length > 4 * MAX_NAME) return invalid(input, 'it is too long');
  const labels: string[] = [];
  for (const raw of bare.split('.')) {
    const label = toALabel(raw);
    const fault = label === undefined ? 'a label cannot be encoded' : labelFault(label, options);
    if (label === undefined || fault !== undefined) return invalid(input, fault ?? '');
    labels.push(label);
  }
  const name = labels.join('.');
  if (name.length > MAX_NAME) return invalid(input, `it is longer than ${MAX_NAME} characters`);
  if (options.hostName === true && /^\d+$/.test(labels.at(-1)!)) {
    return invalid(input, 'its last label is a number, as in an address');
  }
  return ok(name);
}

function isNormalHost(name: string): boolean {
  return name.length <= MAX_NAME && NORMAL_HOST.test(name);
}

/** Whether a name that came in an answer is one that this product can use: already normal. */
export function isNormalName(name: string): boolean {
  return name.length <= MAX_NAME && NORMAL_NAME.test(name);
}

/**
 * The name as its readers write it. A label that does not come back as the same A-label stays as
 * it is, so that two different names never look the same by a faulty encoding.
 */
export function toUnicode(name: string): string {
  return name.split('.').map(toULabel).join('.');
}

/** Whether `name` is `zone` or stands under it. Both normalised; `''` is the root. */
export function isAtOrUnder(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

function labelFault(label: string, options: NameOptions): string | undefined {
  if (label === '') return 'it has an empty label';
  if (label.length > MAX_LABEL) return `a label is longer than ${MAX_LABEL} characters`;
  if (!DNS_LABEL.test(label)) return 'a character is not a letter, digit, hyphen or underscore';
  if (options.hostName === true && !HOST_LABEL.test(label)) {
    return 'a label of a host name begins and ends with a letter or digit and has no underscore';
  }
  return undefined;
}

/**
 * One label at a time and never as the last one: the URL rules behind `domainToASCII` read a last
 * label of digits as an address (`1.2` becomes `1.0.0.2`) and undo percent signs.
 */
function toALabel(label: string): string | undefined {
  if (ASCII.test(label)) return label.toLowerCase();
  const ascii = Array.from(label).filter((character) => character <= '\x7f');
  if (!ascii.every((character) => /[A-Za-z0-9_-]/.test(character))) return undefined;
  const encoded = domainToASCII(`${label}.test`);
  const cut = encoded.endsWith('.test') ? encoded.slice(0, -'.test'.length) : '';
  return cut === '' || cut.includes('.') ? undefined : cut;
}

function toULabel(label: string): string {
  if (!label.startsWith('xn--')) return label;
  const decoded = domainToUnicode(label);
  return decoded !== '' && toALabel(decoded) === label ? decoded : label;
}

function invalid(input: string, why: string): Outcome<string> {
  const shown = JSON.stringify(input.length > 80 ? `${input.slice(0, 80)}…` : input);
  return fail('DNS_NAME_INVALID', `${shown} cannot be looked up: ${why}`);
}
