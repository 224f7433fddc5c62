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
const PROOF: Column = { name: 'PROOF', text: ({ auth_kind }) => auth_kind };
const CAME: Column = { name: 'CAME', text: ({ received_at }) => minuteText(received_at) };
/** The first that has room, the most first; the last is cut. */
const CHOICES = [[...COLUMNS, PROOF, CAME], [...COLUMNS, PROOF], COLUMNS] as const;

/** How wide it may be. */
export interface TableRoom {
  /** Columns of the terminal. */
  readonly width: number;
  /** Where it is no terminal, names that are longer are kept: somebody may look for them. */
  readonly isCut: boolean;
}

/** A table for these and the like. */
export function receivedTable(reports: readonly StoredReport[], room: TableRoom): ReceivedTable {
  const choices = CHOICES.map((all) => ({ all, natural: naturalWidths(all, reports) }));
  const { all, natural } =
    choices.find(({ natural: widths }) => totalOf(widths) <= room.width) ?? choices.at(-1)!;
  const widths = room.isCut ? cutWidths(all, natural, room.width) : natural;
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

/** Takes from the widest of those that may be cut until all fit. */
function cutWidths(
  all: readonly Column[],
  natural: readonly number[],
  width: number,
): readonly number[] {
  const widths = [...natural];
  const cut = [...all.keys()].filter((index) => all[index]!.isCut === true);
  for (let over = totalOf(widths) - width; over > 0; over -= 1) {
    const widest = cut.reduce((a, b) => (widths[a]! >= widths[b]! ? a : b));
    if (widths[widest]! <= LEAST_CELLS) break;
    widths[widest]! -= 1;
  }
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
