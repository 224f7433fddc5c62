/**
 * Reading and writing a policy (RFC 8461 §3.2).
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Problem, Reading } from '../failure.ts';
import {
  collectProblems,
  columnAt,
  didYouMean,
  quoted,
  readingOf,
  type ProblemList,
} from '../problems.ts';
import { explainPattern, isPattern } from './mx-pattern.ts';
import { isBlank, splitPolicy, type PolicyLine } from './policy-lines.ts';
import { commentFault, isComment, lineFault, NO_COMMENTS } from './policy-mend.ts';
import { checkWhole, KNOWN_KEYS, type PolicyDraft, type PolicyField } from './policy-whole.ts';
import type { StsMode, StsPolicy } from './types.ts';

const RULE = 'RFC 8461 §3.2';
type KnownKey = (typeof KNOWN_KEYS)[number];

/** The longest `max_age`: a Julian year, in seconds (RFC 8461 §3.2). */
export const MAX_MAX_AGE = 31_557_600;

/**
 * Reads a policy. Gives every fault; a value only if none is an error. The grammar is taken
 * strictly, except that trailing blank lines are forgiven with a warning. A malformed known key
 * makes the policy invalid although it fits the grammar of an unknown one. The first of two equal
 * keys counts (RFC 8461 §3.2).
 */
export function readStsPolicy(body: Uint8Array | string): Reading<StsPolicy> {
  const problems = collectProblems('STS_PROBLEMS_CUT');
  const split = splitPolicy(body, problems);
  if (split === undefined) return readingOf(problems, unreachable);
  const draft: PolicyDraft = { firsts: new Map(), mx: new Map(), unknown: [], told: new Set() };
  const firstKey = split.lines.find(({ text }) => !isBlank(text))?.number ?? 0;
  for (const line of split.lines) {
    if (isBlank(line.text)) {
      problems.note('error', () => blankLine(line, firstKey));
      continue;
    }
    const field = readLine(line, draft, problems);
    if (field !== undefined) take(field, draft, problems);
  }
  if (split.lines.length > 0) checkWhole(draft, split.lines.length, problems);
  return readingOf(problems, () => ({
    mode: draft.firsts.get('mode')!.value as StsMode,
    mx: Array.from(draft.mx.keys()),
    maxAge: Number(draft.firsts.get('max_age')!.value),
    extensions: Array.from(draft.firsts.values())
      .filter((field) => !isKnown(field.key))
      .map((field) => [field.key, field.value] as const),
    text: split.text,
  }));
}

/** The text of a policy with CR LF line ends, as it is published (RFC 8461 §3.2). */
export function stsPolicyText(policy: Omit<StsPolicy, 'text'>): string {
  const fields = [
    ['version', 'STSv1'] as const,
    ['mode', policy.mode] as const,
    ...policy.mx.map((pattern) => ['mx', pattern] as const),
    ['max_age', String(policy.maxAge)] as const,
    ...policy.extensions,
  ];
  return fields.map(([key, value]) => `${key}: ${value}\r\n`).join('');
}

function unreachable(): never {
  throw new Error('a policy that was not read has no value');
}

function isKnown(key: string): key is KnownKey {
  return (KNOWN_KEYS as readonly string[]).includes(key);
}

/** Splits `key: value`; reports its form. Undefined where no key can be made out. */
function readLine(
  line: PolicyLine,
  draft: PolicyDraft,
  problems: ProblemList,
): PolicyField | undefined {
  const { text } = line;
  const colon = text.indexOf(':');
  if (colon === -1) {
    const { key, write } = lineFault(text, KNOWN_KEYS);
    if (key !== undefined) draft.told.add(key);
    problems.note('error', () => ({ line: line.number, column: 1, severity: 'error', ...write() }));
    return undefined;
  }
  const rawKey = text.slice(0, colon);
  const key = trimSpaces(rawKey);
  if (key !== rawKey) reportKeySpace({ line, key, rawKey }, problems);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(key)) {
    problems.note('error', () => badKey(line, key));
    return undefined;
  }
  let valueAt = colon + 1;
  while (text[valueAt] === ' ' || text[valueAt] === '\t') valueAt += 1;
  return { line, key, value: trimSpaces(text.slice(valueAt)), valueAt };
}

function take(field: PolicyField, draft: PolicyDraft, problems: ProblemList): void {
  switch (field.key) {
    case 'mx':
      takeMx(field, draft, problems);
      return;
    case 'version':
    case 'mode':
    case 'max_age':
      checkKnown(field, field.key, problems);
      break;
    default:
      checkExtension(field, problems);
      draft.unknown.push(field);
  }
  if (draft.firsts.has(field.key)) problems.note('warning', () => duplicateKey(field));
  else draft.firsts.set(field.key, field);
}

function takeMx(field: PolicyField, draft: PolicyDraft, problems: ProblemList): void {
  const pattern = field.value.toLowerCase();
  if (draft.mx.has(pattern)) {
    problems.note('info', () =>
      atValue(field, {
        code: 'STS_POLICY_MX_DUPLICATE',
        message: `${quoted(pattern)} stands twice`,
        fix: 'remove the line',
        severity: 'info',
      }),
    );
    return;
  }
  if (!isPattern(field.value)) {
    problems.note('error', () =>
      atValue(field, {
        code: 'STS_POLICY_MX_INVALID',
        severity: 'error',
        ...explainPattern(field.value),
      }),
    );
  }
  draft.mx.set(pattern, field);
}

function checkKnown(field: PolicyField, key: Exclude<KnownKey, 'mx'>, problems: ProblemList): void {
  const fault = KNOWN_FAULT[key](field.value);
  if (fault === undefined) return;
  problems.add(atValue(field, { ...fault, ...commentFault(field), severity: 'error' }));
}

interface ValueFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
}

const KNOWN_FAULT: Readonly<
  Record<Exclude<KnownKey, 'mx'>, (value: string) => ValueFault | undefined>
> = {
  version: (value) =>
    value === 'STSv1'
      ? undefined
      : {
          code: 'STS_POLICY_VERSION_INVALID',
          message: `the version is STSv1, not ${quoted(value)}`,
          fix: 'write version: STSv1',
        },
  mode: (value) =>
    value === 'enforce' || value === 'testing' || value === 'none'
      ? undefined
      : {
          code: 'STS_POLICY_MODE_INVALID',
          message: `the mode is enforce, testing or none, not ${quoted(value)}`,
          fix: `write mode: ${didYouMean(value, ['enforce', 'testing', 'none']) ?? 'testing'}`,
        },
  max_age: maxAgeFault,
};

/** Ten digits fit the grammar, but no more than a year is allowed (erratum 7282). */
function maxAgeFault(value: string): ValueFault | undefined {
  if (!/^[0-9]{1,10}$/.test(value)) {
    return {
      code: 'STS_POLICY_MAX_AGE_INVALID',
      message: `max_age is a number of seconds of 1 to 10 digits, not ${quoted(value)}`,
      fix: 'write e.g. max_age: 604800',
    };
  }
  if (Number(value) <= MAX_MAX_AGE) return undefined;
  return {
    code: 'STS_POLICY_MAX_AGE_TOO_LARGE',
    message: `max_age ${value} is more than a year`,
    fix: `write max_age: ${MAX_MAX_AGE} or less`,
  };
}

function checkExtension(field: PolicyField, problems: ProblemList): void {
  const { value } = field;
  const control = value.search(/[\x00-\x1f\x7f]/);
  if (value === '') {
    problems.add(
      atValue(field, {
        code: 'STS_POLICY_VALUE_EMPTY',
        message: `the key ${quoted(field.key)} has no value`,
        fix: 'write a value, or remove the line',
        severity: 'error',
      }),
    );
  } else if (control !== -1 && value[control] !== '\r') {
    problems.add({
      ...atValue(field, {
        code: 'STS_POLICY_CONTROL_CHARACTER',
        message: `${quoted(value[control]!)} may not stand in a value`,
        fix: 'remove it',
        severity: 'error',
      }),
      column: columnAt(field.line.text, field.valueAt + control),
    });
  }
}

function atValue(field: PolicyField, fault: Omit<Problem, 'line' | 'column'>): Problem {
  return {
    ...fault,
    message: `${fault.message} (${RULE})`,
    line: field.line.number,
    column: columnAt(field.line.text, field.valueAt),
  };
}

function blankLine(line: PolicyLine, firstKey: number): Problem {
  const where = line.number < firstKey ? 'before the first key' : 'between the others';
  return {
    code: 'STS_POLICY_BLANK_LINE',
    line: line.number,
    column: 1,
    message: `a blank line stands ${where} (${RULE})`,
    fix: 'remove it',
    severity: 'error',
  };
}

function badKey(line: PolicyLine, key: string): Problem {
  return {
    code: 'STS_POLICY_KEY',
    line: line.number,
    column: 1,
    message: `${quoted(key)} is not a key (${RULE})`,
    fix: isComment(key)
      ? NO_COMMENTS
      : 'use 1 to 32 letters, digits, "_", "-" or ".", a letter or digit first',
    severity: 'error',
  };
}

function reportKeySpace(
  {
    line,
    key,
    rawKey,
  }: { readonly line: PolicyLine; readonly key: string; readonly rawKey: string },
  problems: ProblemList,
): void {
  const before = rawKey.startsWith(' ') || rawKey.startsWith('\t');
  problems.add({
    code: 'STS_POLICY_SPACE',
    line: line.number,
    column: before ? 1 : columnAt(line.text, key.length),
    message: `a space stands ${before ? 'before the key' : 'before the colon'} (${RULE})`,
    fix: `write ${key.slice(0, 32)}: at the start of the line`,
    severity: 'error',
  });
}

function duplicateKey(field: PolicyField): Problem {
  return {
    code: 'STS_POLICY_KEY_DUPLICATE',
    line: field.line.number,
    column: 1,
    message: `a second ${quoted(field.key)}: only the first counts (${RULE})`,
    fix: 'remove the line',
    severity: 'warning',
  };
}

/** Without spaces and tabs at both ends. A loop: a regular expression would take quadratic time. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start += 1;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return text.slice(start, end);
}
