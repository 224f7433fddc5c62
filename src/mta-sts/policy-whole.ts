/**
 * What can only be said of a policy as a whole: what is missing, and what is valid but a trap.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import { columnAt, type ProblemList } from '../problems.ts';
import type { PolicyLine } from './policy-lines.ts';

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
}

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
  const lacksMx = draft.mx.size === 0 && draft.firsts.get('mode')?.value !== 'none';
  const missing = REQUIRED.filter(({ key }) => !draft.firsts.has(key));
  for (const { key, code, fix } of lacksMx ? [...missing, MX] : missing) {
    problems.add({
      code,
      line,
      column: 1,
      message: `the policy has no ${key} (RFC 8461 §3.2)`,
      fix,
      severity: 'error',
    });
  }
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
    if (!pattern.startsWith('*.')) continue;
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
