/**
 * Received reports in rows, as wide as what they say and as the terminal.
 *
 * @module
 */
import type { StoredReport } from '../../reporting/archive/read-archive.ts';
import { dayText } from '../../reporting/day.ts';
import { cellWidth, cutCells, padCells } from './cells.ts';
import { shown } from './format.ts';

/** Rows that are all alike. */
export interface ReceivedTable {
  readonly head: string;
  /** Of any report; one that says more than those by which the table was made stands out of line. */
  readonly row: (report: StoredReport) => string;
}

interface Column {
  readonly name: string;
  readonly text: (report: StoredReport) => string;
  /** May be cut where there is no room; others are kept whole. */
  readonly isCut?: true;
}

const GAP = '  ';
/** Of a column that is cut; a name has to be told from others. */
const LEAST_CELLS = 8;

const COLUMNS: readonly Column[] = [
  { name: 'ID', text: ({ id }) => id },
  { name: 'DAY', text: ({ day }) => dayText(day) },
  { name: 'SENDER', text: ({ sender }) => shown(sender), isCut: true },
  { name: 'DOMAIN', text: domainsText, isCut: true },
  { name: 'STATE', text: ({ state }) => state },
  { name: 'OK/FAILED', text: ({ successes, failures }) => `${successes}/${failures}` },
];
/** The year is what a reader misses least. */
const SHORT_DAY: Column = { name: 'DAY', text: ({ day }) => dayText(day).slice('2026-'.length) };
const PROOF: Column = { name: 'PROOF', text: ({ auth_kind }) => auth_kind };
const CAME: Column = { name: 'CAME', text: ({ received_at }) => minuteText(received_at) };
/** The first that has room, the most first. */
const CHOICES: readonly (readonly Column[])[] = [
  [...COLUMNS, PROOF, CAME],
  [...COLUMNS, PROOF],
  COLUMNS,
];

/** How wide it may be. */
export interface TableRoom {
  /** Columns of the terminal. */
  readonly width: number;
  /** Where it is no terminal, names that are longer are kept: somebody may look for them. */
  readonly isCut: boolean;
}

/** A table for these and the like. */
export function receivedTable(reports: readonly StoredReport[], room: TableRoom): ReceivedTable {
  const fits = (all: readonly Column[]): boolean =>
    totalOf(naturalWidths(all, reports)) <= room.width;
  const all = CHOICES.find(fits) ?? (room.isCut ? cutColumns(reports, room.width) : COLUMNS);
  const natural = naturalWidths(all, reports);
  const widths = room.isCut ? cutWidths(all, { natural, reports, width: room.width }) : natural;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const isCut = room.isCut && all[index]!.isCut === true;
        return padCells(isCut ? cutCells(cell, widths[index]!) : cell, widths[index]!);
      })
      .join(GAP)
      .trimEnd();
  return {
    head: line(all.map(({ name }) => name)),
    row: (report) => line(all.map(({ text }) => text(report))),
  };
}

function naturalWidths(
  all: readonly Column[],
  reports: readonly StoredReport[],
): readonly number[] {
  return all.map(({ name, text }) =>
    reports.reduce((most, report) => Math.max(most, cellWidth(text(report))), name.length),
  );
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
}

/** Without the year, if all are of the same; without the day where names would have no room at all. */
function cutColumns(reports: readonly StoredReport[], width: number): readonly Column[] {
  const years = new Set(reports.map(({ day }) => dayText(day).slice(0, 'YYYY'.length)));
  const columns =
    years.size > 1
      ? COLUMNS
      : COLUMNS.map((column) => (column.name === SHORT_DAY.name ? SHORT_DAY : column));
  const least = naturalWidths(columns, reports).map((natural, index) =>
    columns[index]!.isCut === true ? Math.min(natural, LEAST_CELLS) : natural,
  );
  return totalOf(least) <= width ? columns : columns.filter(({ name }) => name !== SHORT_DAY.name);
}

interface CutRoom {
  readonly natural: readonly number[];
  readonly reports: readonly StoredReport[];
  readonly width: number;
}

/**
 * Shares what is left among the two columns that may be cut so that as many names as can be stay
 * whole: one that is very long does not cost all others their ends.
 */
function cutWidths(
  all: readonly Column[],
  { natural, reports, width }: CutRoom,
): readonly number[] {
  const over = totalOf(natural) - width;
  if (over <= 0) return natural;
  const [one = 0, other = 0] = [...all.keys()].filter((index) => all[index]!.isCut === true);
  const room = Math.max(2 * LEAST_CELLS, natural[one]! + natural[other]! - over);
  const taken = [one, other].map((index) =>
    reports.map((report) => cellWidth(all[index]!.text(report))),
  );
  const wholeAt = (first: number): number =>
    [first, room - first].reduce(
      (sum, cells, index) => sum + taken[index]!.filter((each) => each <= cells).length,
      0,
    );
  // Where several are equally good, that which is nearest to the middle.
  const half = Math.floor(room / 2);
  let best = half;
  for (let first = LEAST_CELLS; first <= room - LEAST_CELLS; first += 1) {
    const gain = wholeAt(first) - wholeAt(best);
    if (gain > 0 || (gain === 0 && Math.abs(first - half) < Math.abs(best - half))) best = first;
  }
  const widths = [...natural];
  // What one of them does not need is the other's.
  widths[one] = Math.min(natural[one]!, Math.max(best, room - natural[other]!));
  widths[other] = room - widths[one];
  return widths;
}

/** `2026-03-02 14:05`, UTC. */
function minuteText(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

/** As the column of that name has them. */
export function domainsOf({ domains }: StoredReport): readonly string[] {
  return domains.split(' ').filter((domain) => domain !== '');
}

function domainsText(report: StoredReport): string {
  const [first = '?', ...more] = domainsOf(report);
  return more.length === 0 ? shown(first) : `${shown(first)} +${more.length}`;
}
