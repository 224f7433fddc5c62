/**
 * What is said of a report while it is read: each with its place, and never so much that a hostile
 * report floods a person.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { ErrorEntry } from '../errors/entry.ts';
import { REPORT_ERRORS } from '../errors/report.ts';
import type { Problem } from '../failure.ts';
import { FIXES, SEVERITIES } from './read-report-fixes.ts';

/** A code of this folder's register. */
export type ReportCode = keyof typeof REPORT_ERRORS;

/** Where something stands: its path for people, its offset in the text. */
export interface Place {
  /** `policies[0].policy.policy-type`; '' is the report as a whole. */
  readonly path: string;
  readonly at: number;
}

/** Takes down what was found. */
export interface ReportNotes {
  /** @param text what is wrong, without place and rule */
  add(code: ReportCode, place: Place, text: string): void;
  /** Has something been found for which the report must be refused? */
  readonly failed: boolean;
  /** Everything by its place in `text`. */
  problems(text: string): readonly Problem[];
  /** Every code that is not an error, each once, in the order found. */
  deviations(): readonly ErrorCode[];
}

/** How often the same is said of one report. */
const MOST_OF_ONE_CODE = 5;

interface Note extends Place {
  readonly code: ReportCode;
  readonly text: string;
}

/** An empty list. */
export function takeNotes(): ReportNotes {
  const kept: Note[] = [];
  const counts = new Map<ReportCode, number>();
  const errorCodes = () => Array.from(counts.keys()).filter((code) => SEVERITIES[code] === 'error');
  return {
    add(code, { path, at }, text) {
      const count = (counts.get(code) ?? 0) + 1;
      counts.set(code, count);
      if (count <= MOST_OF_ONE_CODE) kept.push({ code, path, at, text });
    },
    get failed() {
      return counts.size > 0 && errorCodes().length > 0;
    },
    problems(text) {
      if (kept.length === 0) return [];
      const problems = inPlace(kept, text);
      const left = Array.from(counts).filter(([, count]) => count > MOST_OF_ONE_CODE);
      return left.length === 0 ? problems : [...problems, cutNotice(left, problems)];
    },
    deviations: () => Array.from(counts.keys()).filter((code) => SEVERITIES[code] !== 'error'),
  };
}

/** A fault of the whole file, found before there was a text. */
export function problemOfFile(code: ReportCode, text: string): Problem {
  return problem({ code, path: '', at: 0, text }, { line: 1, column: 1 });
}

function problem(note: Note, place: { readonly line: number; readonly column: number }): Problem {
  const rule = ruleOf(note.code);
  const where = note.path === '' ? '' : `${note.path}: `;
  return {
    code: note.code,
    ...place,
    message: `${where}${note.text}${rule === undefined ? '' : ` (${rule})`}`,
    fix: FIXES[note.code],
    severity: SEVERITIES[note.code],
  };
}

function ruleOf(code: ReportCode): string | undefined {
  const entry: ErrorEntry = REPORT_ERRORS[code];
  return entry.rule;
}

/** Lines and columns of all notes in one walk over the text. */
function inPlace(notes: readonly Note[], text: string): Problem[] {
  let line = 1;
  let column = 1;
  let at = 0;
  return notes
    .toSorted((a, b) => a.at - b.at)
    .map((note) => {
      for (; at < note.at && at < text.length; at += 1) {
        const unit = text.charCodeAt(at);
        if (unit === 0x0a) {
          line += 1;
          column = 1;
        } else if (unit < 0xdc00 || unit > 0xdfff) {
          // The second half of a surrogate pair is no character of its own.
          column += 1;
        }
      }
      return problem(note, { line, column });
    });
}

function cutNotice(
  left: readonly (readonly [code: ReportCode, count: number])[],
  kept: readonly Problem[],
): Problem {
  const { line, column } = kept.at(-1) ?? { line: 1, column: 1 };
  const what = left.map(([code, count]) => `${count - MOST_OF_ONE_CODE} × ${code}`).join(', ');
  const text = `more of the same are not listed: ${what}`;
  const notice = { code: 'TLSRPT_REPORT_PROBLEMS_CUT', path: '', at: 0, text } as const;
  return problem(notice, { line, column });
}
