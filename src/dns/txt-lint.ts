/**
 * Checking TXT records of one standard as a person hands them in, before they are published.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Reading } from '../failure.ts';
import { collectProblems, quoted, readingOf, type ProblemList } from '../problems.ts';
import { looksLikeRecord } from './txt-fields.ts';
import { readTxtInput } from './txt-input.ts';
import { createPlacedText, type PlacedText } from './txt-place.ts';

/** What differs from one standard to the other. */
export interface TxtLint<T> {
  /** E.g. `v=STSv1`. */
  readonly version: string;
  /** E.g. `RFC 8461 §3.1`. */
  readonly rule: string;
  readonly codes: { readonly several: ErrorCode; readonly cut: ErrorCode };
  readonly read: (text: string) => Reading<T>;
}

/** The record of the input, and every fault with its place in the input. */
export function lintTxt<T>(input: Uint8Array | string, kind: TxtLint<T>): Reading<T> {
  const problems = collectProblems(kind.codes.cut);
  const all = readTxtInput(input, problems);
  const ours = chooseRecords(all, kind, problems);
  const readings = ours.map((record) => readPlaced(record, kind, problems));
  const seen = ours.map(({ text }) => text.startsWith(`${kind.version};`));
  if (seen.filter(Boolean).length > 1) tellSeveral(ours, seen, { kind, problems });
  const taken = Math.max(0, seen.indexOf(true));
  return readingOf(problems, () => readings[taken]!.value!);
}

/** Those that at least try to be this kind of record; one alone is always looked at. */
function chooseRecords<T>(
  all: readonly PlacedText[],
  { version, rule }: TxtLint<T>,
  problems: ProblemList,
): readonly PlacedText[] {
  const [first = createPlacedText({ number: 1, text: '' }, 0).done()] = all;
  const ours = all.filter(({ text }) => looksLikeRecord(text, version));
  if (all.length < 2 || ours.length === 0) return [first];
  for (const other of all) {
    if (looksLikeRecord(other.text, version)) continue;
    problems.add({
      code: 'DNS_TXT_OTHER_RECORD',
      ...other.placeOf(0),
      message: `${quoted(other.text)} is another kind of record and is passed over (${rule})`,
      fix: `nothing, if it is not meant to begin with ${version};`,
      severity: 'info',
    });
  }
  return ours;
}

function readPlaced<T>(
  record: PlacedText,
  { read }: TxtLint<T>,
  problems: ProblemList,
): Reading<T> {
  const reading = read(record.text);
  // The reader knows one line: a column is an offset of the joined text.
  for (const problem of reading.problems) {
    problems.add({ ...problem, ...record.placeOf(problem.column - 1) });
  }
  return reading;
}

const COUNT_WORDS = ['', '', 'two', 'three', 'four'];

function tellSeveral<T>(
  ours: readonly PlacedText[],
  seen: readonly boolean[],
  { kind, problems }: { readonly kind: TxtLint<T>; readonly problems: ProblemList },
): void {
  const count = seen.filter(Boolean).length;
  const second = ours[seen.indexOf(true, seen.indexOf(true) + 1)]!;
  problems.add({
    code: kind.codes.several,
    ...second.placeOf(0),
    message: `${COUNT_WORDS[count] ?? count} records: senders ignore ${count === 2 ? 'both' : 'all of them'} (${kind.rule})`,
    fix: 'publish one',
    severity: 'error',
  });
}
