/**
 * The grammar of an `mx` value, and for a bad one what is wrong with it (RFC 8461 §3.2).
 *
 * @module
 */
import { isIP } from 'node:net';
import { normalizeName } from '../dns/name.ts';
import { quoted } from '../problems.ts';

/** A fault of a pattern, and its remedy. */
export interface PatternFault {
  /** What is wrong, without the rule. */
  readonly message: string;
  readonly fix: string;
}

const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
const EXAMPLE = 'write one host name a line, e.g. mx: mail.example.com or mx: *.example.com';

/** Is it a host name, or `*.` and a host name? Linear in its length. */
export function isPattern(pattern: string): boolean {
  const name = nameOf(pattern);
  return name.length <= LONGEST_NAME && isHostName(name) && isIP(name) === 0;
}

function nameOf(pattern: string): string {
  return pattern.startsWith('*.') ? pattern.slice(2) : pattern;
}

function isHostName(name: string): boolean {
  return name.split('.').every((label) => {
    const isShaped = /^[A-Za-z0-9-]+$/.test(label) && label.length <= LONGEST_LABEL;
    return isShaped && !label.startsWith('-') && !label.endsWith('-');
  });
}

/** What is wrong with the pattern; undefined if it is sound. */
export function patternFault(pattern: string): PatternFault | undefined {
  return isPattern(pattern) ? undefined : explainPattern(pattern);
}

/** What is wrong with a value that {@link isPattern} refuses. */
export function explainPattern(pattern: string): PatternFault {
  const name = nameOf(pattern);
  const shown = quoted(pattern);
  if (pattern === '') return { message: 'the mx value is empty', fix: EXAMPLE };
  if (/[^\x00-\x7f]/.test(pattern)) return explainUnicode(pattern, name);
  if (/[\x00-\x1f\x7f]/.test(pattern)) {
    return { message: `${shown} has a control character`, fix: 'remove it' };
  }
  const core = coreOf(pattern);
  if (core !== undefined) {
    return {
      message: `${shown} is more than a host name: ${core.extra}`,
      fix: `write mx: ${core.name}`,
    };
  }
  if (/[ ,;]/.test(pattern)) {
    return { message: `${shown} is more than one name`, fix: 'write one mx line for each name' };
  }
  if (isIP(name.replace(/^\[(?:IPv6:)?|\]$/gi, '')) !== 0) {
    return { message: `${shown} is an address`, fix: 'write the name of the MX host' };
  }
  return explainShape(pattern, name);
}

/** What people put around a name, and what it is. */
const WRAPPINGS: readonly (readonly [shape: RegExp, extra: string])[] = [
  [/^\d{1,5}[ \t]+(\S+)$/, 'a preference stands in MX records only'],
  [/^(\S+):\d{1,5}$/, 'a policy has no ports'],
  [/^https?:\/\/([^\s/:]+)(?::\d{1,5})?(?:\/\S*)?$/i, 'no address of a web page'],
  [/^"([^\s"]+)"$/, 'no quotes'],
  [/^(\S+)[ \t]+#.*$/, 'a policy has no comments'],
  [/^(\S+[^.\s])\.$/, 'no dot ends it'],
];

/** The sound pattern in a value that has something around it. */
function coreOf(pattern: string): { readonly name: string; readonly extra: string } | undefined {
  if (pattern.length > 2 * LONGEST_NAME) return undefined;
  for (const [shape, extra] of WRAPPINGS) {
    const name = shape.exec(pattern)?.[1]?.replace(/\.$/, '');
    if (name !== undefined && isPattern(name)) return { name, extra };
  }
  return undefined;
}

function explainUnicode(pattern: string, name: string): PatternFault {
  const ascii = name.length > LONGEST_NAME ? undefined : normalizeName(name, { hostName: true });
  const prefix = pattern === name ? '' : '*.';
  return {
    message: `${quoted(pattern)} is not ASCII`,
    fix: ascii?.ok === true ? `write mx: ${prefix}${ascii.value}` : 'write the name as A-labels',
  };
}

function explainShape(pattern: string, name: string): PatternFault {
  const shown = quoted(pattern);
  if (name === '') {
    return {
      message: `${shown} names no domain`,
      fix: 'write *.example.com for all hosts directly below example.com',
    };
  }
  if (name.includes('*')) {
    return {
      message: `${shown} has "*" elsewhere than as the whole first label`,
      fix: 'write *.example.com, or each name in full',
    };
  }
  if (name.startsWith('.')) {
    return {
      message: `${shown} begins with a dot`,
      fix: 'write *.example.com for all hosts below',
    };
  }
  if (name.endsWith('.')) {
    return { message: `${shown} ends with a dot`, fix: 'remove the dot at the end' };
  }
  if (name.includes('_')) {
    return { message: `${shown} has "_", which no host name has`, fix: EXAMPLE };
  }
  if (name.length > LONGEST_NAME || name.split('.').some((label) => label.length > LONGEST_LABEL)) {
    return {
      message: `${shown} is longer than a host name can be`,
      fix: `keep to ${LONGEST_LABEL} characters a label and ${LONGEST_NAME} in all`,
    };
  }
  return { message: `${shown} is not a host name`, fix: EXAMPLE };
}
