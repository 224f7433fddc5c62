/**
 * What can only be said of a policy as a whole: what is missing, and what is valid but a trap.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Problem } from '../failure.ts';
import { columnAt, didYouMean, quoted, type ProblemList } from '../problems.ts';
import { isPattern } from './mx-pattern.ts';
import { commentFault } from './policy-mend.ts';
import type { PolicyLine } from './policy-lines.ts';

const RULE = 'RFC 8461 §3.2';
const DAY = 86_400;
const WEEK = 604_800;

/** A key and its value, and where they stand. */
export interface PolicyField {
  readonly line: PolicyLine;
  readonly key: string;
  readonly value: string;
  /** 0-based offset of the value in the line. */
  readonly valueAt: number;
}

/** What has been gathered while the lines are read. The first of each key, and every pattern. */
export interface PolicyDraft {
  readonly firsts: Map<string, PolicyField>;
  /** Lower case, in file order, each with the field where it stands first. */
  readonly mx: Map<string, PolicyField>;
  /** Fields with a key that no standard knows. */
  readonly unknown: PolicyField[];
  /** Keys whose line is at fault already, so that nobody needs to hear that they are missing. */
  readonly told: Set<string>;
}

/** The keys that a policy is made of. */
export const KNOWN_KEYS = ['version', 'mode', 'max_age', 'mx'] as const;

/** Reports missing keys and traps. `lineCount` is where missing things are reported: behind the last line. */
export function checkWhole(draft: PolicyDraft, lineCount: number, problems: ProblemList): void {
  reportMissing(draft, lineCount + 1, problems);
  const mode = draft.firsts.get('mode')?.value;
  if (mode === 'none') {
    // A policy on its way out: neither its patterns nor a short life matter (RFC 8461 §8.3).
    reportUnusedMx(draft, problems);
    return;
  }
  reportWildcards(draft, problems);
  reportOneLabels(draft, problems);
  reportShortLife(draft.firsts.get('max_age'), problems);
}

interface Missing {
  readonly key: string;
  readonly code: ErrorCode;
  readonly fix: string;
}

const REQUIRED: readonly Missing[] = [
  { key: 'version', code: 'STS_POLICY_VERSION_MISSING', fix: 'add the line version: STSv1' },
  { key: 'mode', code: 'STS_POLICY_MODE_MISSING', fix: 'add the line mode: testing' },
  { key: 'max_age', code: 'STS_POLICY_MAX_AGE_MISSING', fix: 'add the line max_age: 604800' },
];

const MX: Missing = {
  key: 'mx',
  code: 'STS_POLICY_MX_MISSING',
  fix: 'add one line mx: HOST for each MX host',
};

function reportMissing(draft: PolicyDraft, line: number, problems: ProblemList): void {
  const absent = REQUIRED.filter(({ key }) => !draft.firsts.has(key) && !draft.told.has(key));
  const lacksMx = draft.mx.size === 0 && !draft.told.has('mx') && likelyMode(draft) !== 'none';
  const missing = lacksMx ? [...absent, MX] : absent;
  const misspelt = reportUnknown(draft, new Set(missing.map(({ key }) => key)), problems);
  for (const { key, code, fix } of missing.filter(({ key }) => !misspelt.has(key))) {
    problems.add({
      code,
      line,
      column: 1,
      message: `the policy has no ${key} (${RULE})`,
      fix,
      severity: 'error',
    });
  }
}

function likelyMode({ firsts, unknown }: PolicyDraft): string | undefined {
  const mode =
    firsts.get('mode') ??
    unknown.slice(0, MOST_GUESSES).find(({ key }) => didYouMean(key, ['mode']));
  return mode?.value;
}

/** An unknown key is a hint, unless a missing one was meant: gives those that were. */
function reportUnknown(
  { unknown }: PolicyDraft,
  missing: ReadonlySet<string>,
  problems: ProblemList,
): ReadonlySet<string> {
  const misspelt = new Set<string>();
  for (const [index, field] of unknown.entries()) {
    const meant = index < MOST_GUESSES ? didYouMean(field.key, KNOWN_KEYS) : undefined;
    const isMissing = meant !== undefined && missing.has(meant);
    if (isMissing) misspelt.add(meant);
    problems.note(isMissing ? 'error' : 'info', () => ({
      line: field.line.number,
      column: 1,
      ...(isMissing ? misspeltKey(field, meant) : unknownKey(field, meant)),
    }));
  }
  return misspelt;
}

/** A policy of thousands of unknown keys is not worth a guess at each. */
const MOST_GUESSES = 100;

type Told = Omit<Problem, 'line' | 'column'>;

function misspeltKey({ key, value }: PolicyField, meant: string): Told {
  return {
    code: 'STS_POLICY_KEY_MISSPELT',
    message: `the policy has no ${meant}: ${quoted(key)} is another key and is ignored (${RULE})`,
    fix: `write ${meant}: ${value.slice(0, 100)}`,
    ...commentFault({ key: meant, value }),
    severity: 'error',
  };
}

function unknownKey({ key }: PolicyField, meant: string | undefined): Told {
  return {
    code: 'STS_POLICY_KEY_UNKNOWN',
    message: `the key ${quoted(key)} is unknown and ignored (${RULE})`,
    fix: meant === undefined ? 'nothing, if it is meant to be there' : `did you mean "${meant}"?`,
    severity: 'info',
  };
}

function reportUnusedMx(draft: PolicyDraft, problems: ProblemList): void {
  const [first] = draft.mx.values();
  if (first === undefined) return;
  problems.add({
    code: 'STS_POLICY_MX_UNUSED',
    line: first.line.number,
    column: 1,
    message: 'mode none has no use for mx lines (RFC 8461 §3.2)',
    fix: 'nothing: some senders refuse a policy without them',
    severity: 'info',
  });
}

/** A whole domain behind one pattern is fine; that every host in it may take the mail should be known. */
function reportWildcards(draft: PolicyDraft, problems: ProblemList): void {
  for (const [pattern, field] of draft.mx) {
    if (!pattern.startsWith('*.') || !isPattern(pattern)) continue;
    const labels = pattern.split('.').length - 1;
    if (labels > 2) continue;
    problems.add({
      code: 'STS_POLICY_MX_WILDCARD',
      line: field.line.number,
      column: columnAt(field.line.text, field.valueAt),
      message: `${pattern} lets every host directly below ${pattern.slice(2)} take the mail (RFC 8461 §4.1)`,
      fix: 'name the MX hosts one by one if you can',
      severity: labels === 1 ? 'warning' : 'info',
    });
  }
}

function reportOneLabels(draft: PolicyDraft, problems: ProblemList): void {
  for (const [pattern, field] of draft.mx) {
    if (pattern.includes('.') || !isPattern(pattern)) continue;
    problems.add({
      code: 'STS_POLICY_MX_ONE_LABEL',
      line: field.line.number,
      column: columnAt(field.line.text, field.valueAt),
      message: `${pattern} has one label: an MX host has a full name, and only that is compared (RFC 8461 §4.1)`,
      fix: `write the full name, e.g. mx: ${pattern}.example.com`,
      severity: 'warning',
    });
  }
}

function reportShortLife(field: PolicyField | undefined, problems: ProblemList): void {
  if (field === undefined || !/^[0-9]{1,10}$/.test(field.value)) return;
  const seconds = Number(field.value);
  if (seconds >= WEEK) return;
  const isUnderDay = seconds < DAY;
  problems.add({
    code: isUnderDay ? 'STS_POLICY_MAX_AGE_SHORT' : 'STS_POLICY_MAX_AGE_UNDER_WEEK',
    line: field.line.number,
    column: columnAt(field.line.text, field.valueAt),
    message: `max_age ${field.value} is less than a ${isUnderDay ? 'day' : 'week'}: a policy protects only while senders remember it (RFC 8461 §10.2)`,
    fix: `write max_age: ${isUnderDay ? DAY : WEEK} or more`,
    severity: isUnderDay ? 'warning' : 'info',
  });
}
