/**
 * Gathering the faults of a text: all of them, in order, but never so many that a hostile text floods a person.
 *
 * @module
 */
import type { ErrorCode } from './errors.ts';
import type { Problem, Reading } from './failure.ts';

/** How many faults of one text are kept. */
export const MAX_PROBLEMS = 100;

/** Collects faults; see {@link collectProblems}. */
export interface ProblemList {
  add(problem: Problem): void;
  /** The same, but the fault is put into words only if it is kept: a hostile text has thousands of them. */
  note(severity: Problem['severity'], write: () => Problem): void;
  /** Has a fault of severity `error` been added? Counted even where it was not kept. */
  readonly failed: boolean;
  /** The faults by line and column, at most {@link MAX_PROBLEMS}, and one more that says so if some were left out. */
  list(): readonly Problem[];
}

/** A list that keeps {@link MAX_PROBLEMS} faults, errors before others. `cutCode` names the fault that says so. */
export function collectProblems(cutCode: ErrorCode): ProblemList {
  const kept: Problem[] = [];
  let others = 0;
  let errors = 0;
  let dropped = 0;

  function makeRoom(): boolean {
    if (others === 0) return false;
    kept.splice(
      kept.findLastIndex((problem) => problem.severity !== 'error'),
      1,
    );
    others -= 1;
    return true;
  }

  function note(severity: Problem['severity'], write: () => Problem): void {
    const isError = severity === 'error';
    if (isError) errors += 1;
    if (kept.length >= MAX_PROBLEMS) {
      dropped += 1;
      if (!isError || !makeRoom()) return;
    }
    if (!isError) others += 1;
    kept.push(write());
  }

  return {
    add: (problem) => note(problem.severity, () => problem),
    note,
    get failed() {
      return errors > 0;
    },
    list() {
      const sorted = kept.toSorted((a, b) => a.line - b.line || a.column - b.column);
      return dropped === 0 ? sorted : [...sorted, cutNotice(cutCode, dropped, sorted)];
    },
  };
}

function cutNotice(code: ErrorCode, dropped: number, kept: readonly Problem[]): Problem {
  const { line, column } = kept.at(-1) ?? { line: 1, column: 1 };
  return {
    code,
    line,
    column,
    message: `${dropped} more faults are not listed`,
    fix: 'mend those that are listed and check again',
    severity: 'info',
  };
}

/** A reading: the value only if no error was found. */
export function readingOf<T>(problems: ProblemList, value: () => T): Reading<T> {
  const list = problems.list();
  return problems.failed ? { problems: list } : { value: value(), problems: list };
}

/** The longest excerpt of a foreign text in a message, in characters. */
const LONGEST_EXCERPT = 60;

/** A foreign text for a message: in double quotes, cut short, with nothing in it that could move a cursor. */
export function quoted(text: string): string {
  const cut = text.length > LONGEST_EXCERPT ? `${text.slice(0, LONGEST_EXCERPT)}…` : text;
  return JSON.stringify(cut).replaceAll(
    /[\u007f-\u00a0\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The 1-based column, in characters, of UTF-16 offset `index` in `line`. */
export function columnAt(line: string, index: number): number {
  let column = 1;
  for (let at = 0; at < index; at += 1) {
    const unit = line.charCodeAt(at);
    // The second half of a surrogate pair is no character of its own.
    if (unit < 0xdc00 || unit > 0xdfff) column += 1;
  }
  return column;
}

/** The word of `known` that `word` was probably meant to be: other case, other punctuation, or one slip. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (word.length > 32) return undefined;
  const plain = plainForm(word);
  return (
    known.find((candidate) => plainForm(candidate) === plain) ??
    known.find((candidate) => isOneSlipAway(plain, plainForm(candidate)))
  );
}

function plainForm(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** One letter added, left out, changed, or two neighbours swapped. */
function isOneSlipAway(a: string, b: string): boolean {
  // One letter could be anything.
  if (a.length < 2 || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  const restA = a.slice(start);
  const restB = b.slice(start);
  if (restA.length !== restB.length) {
    return restA.length > restB.length ? restA.slice(1) === restB : restA === restB.slice(1);
  }
  const isSwapped =
    restA.length > 1 &&
    restA[0] === restB[1] &&
    restA[1] === restB[0] &&
    restA.slice(2) === restB.slice(2);
  return isSwapped || (a.length > 2 && restA.slice(1) === restB.slice(1));
}
