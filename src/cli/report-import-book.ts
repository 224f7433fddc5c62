/**
 * The book of an import: what became of everything is counted, and told as it happens.
 *
 * @module
 */
import { complain, type Io, say, sayJson } from './io.ts';
import { type Fate, fateText, type Kind, KINDS } from './report-import-fate.ts';
import { errorLines } from './text/fit.ts';
import { shown } from './text/format.ts';
import { columns } from './text/table.ts';

/** Where something is, and whether a person has named it. */
export interface Place {
  readonly place: string;
  readonly isNamed: boolean;
}

/** What is told. */
export interface BookOptions {
  readonly io: Io;
  /** What became of everything, not of faults and of what is named alone. */
  readonly isVerbose: boolean;
  /** A line of JSON for everything. */
  readonly asJson: boolean;
  /** Something is about to be told. */
  readonly beforeTelling?: () => void;
}

/** Hears of everything. */
export interface Book {
  note(where: Place, fate: Fate): void;
  /** Everything so far. */
  readonly sum: () => number;
  readonly count: (kind: Kind) => number;
  /** Something was not as it should be. */
  readonly hasFaults: () => boolean;
  /** Something is to be tried later because the store does not answer. */
  readonly isStoreGone: () => boolean;
  /** The tally. */
  tell(): void;
}

/** Faults that are told one by one where nobody has named their files. */
const MOST_TOLD = 20;

/** An empty one. */
export function createBook({ io, isVerbose, asJson, beforeTelling }: BookOptions): Book {
  const counts = new Map<Kind, number>();
  let [faults, told, untold, sum] = [0, 0, 0, 0];
  let isGone = false;

  const tellText = (where: Place, fate: Fate): void => {
    const isFaulty = isFault(where, fate);
    if (!isVerbose && !where.isNamed) {
      if (!isFaulty) return;
      told += 1;
      if (told > MOST_TOLD) {
        untold += 1;
        return;
      }
    } else if (!isVerbose && !isFaulty) return;
    beforeTelling?.();
    const text = shown(`${where.place}: ${fateText(fate)}`);
    for (const line of errorLines(text, io)) complain(io, line);
  };

  return {
    note(where, fate) {
      counts.set(fate.kind, (counts.get(fate.kind) ?? 0) + 1);
      sum += 1;
      if (fate.code === 'REPORT_INTAKE_STORE') isGone = true;
      if (isFault(where, fate)) faults += 1;
      if (asJson) {
        beforeTelling?.();
        const { kind, ...more } = fate;
        sayJson(io, { file: where.place, result: kind, ...more });
      } else tellText(where, fate);
    },
    sum: () => sum,
    count: (kind) => counts.get(kind) ?? 0,
    hasFaults: () => faults > 0,
    isStoreGone: () => isGone,
    tell() {
      if (untold > 0)
        complain(io, `${untold} more are not told of one by one: --verbose names all.`);
      if (asJson) sayJson(io, { tally: tallyOf(counts) });
      else for (const line of tallyText(counts)) say(io, line);
    },
  };
}

/**
 * That something is no report, or about domains that are not kept, is a fault only if it was named as
 * one to be kept: a folder or mailbox may hold much else.
 */
function isFault({ isNamed }: Place, { kind }: Fate): boolean {
  if (kind === 'not-a-report' || kind === 'unknown-domain') return isNamed;
  return kind === 'refused' || kind === 'later' || kind === 'unreadable';
}

const ALL = Object.keys(KINDS) as Kind[];

function tallyOf(counts: ReadonlyMap<Kind, number>): object {
  return Object.fromEntries(ALL.map((kind) => [kind, counts.get(kind) ?? 0]));
}

function tallyText(counts: ReadonlyMap<Kind, number>): readonly string[] {
  const rows = ALL.filter((kind) => kind === 'stored' || counts.has(kind)).map((kind) => [
    (counts.get(kind) ?? 0).toLocaleString('en').padStart(9),
    KINDS[kind],
  ]);
  return columns(rows);
}
