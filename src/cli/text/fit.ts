/**
 * Text that fits the width of a terminal.
 *
 * @module
 */
import type { Io } from '../io.ts';
import { cellWidth, headCells, padCells } from './cells.ts';

/** What is written where there is no terminal, or it does not say how wide it is. */
const USUAL_WIDTH = 80;
/** On less nothing can be read any more. */
const LEAST_WIDTH = 40;
/** A last column that is narrower goes below its row. */
const NARROWEST = 24;
/** What is wider shifts its own row, and not all others. */
const WIDEST_CELL = 40;
const BELOW = '    ';

/** Columns of the terminal, at least 40; 80 where there is none. */
export function widthOf({ stdout }: Pick<Io, 'stdout'>): number {
  return columnsOf(stdout) ?? USUAL_WIDTH;
}

function columnsOf({ isTTY, columns = 0 }: Io['stdout'] | Io['stderr']): number | undefined {
  // A terminal that does not know says 0.
  return isTTY === true && columns > 0 ? Math.max(LEAST_WIDTH, columns) : undefined;
}

/** A text for standard error: broken into lines where it is a terminal, else one line for tools. */
export function errorLines(text: string, { stderr }: Pick<Io, 'stderr'>): readonly string[] {
  const width = columnsOf(stderr);
  return width === undefined ? [text] : hanging(text, width, { indent: BELOW });
}

/** Lines of at most `width` cells, broken at spaces, and inside a word that is longer itself. */
export function wrapped(text: string, width: number): readonly string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (cellWidth(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (cellWidth(line) > room) {
      const head = headCells(line, room);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

/** The same, each line behind `indent`. */
export function indented(text: string, width: number, indent: string): readonly string[] {
  return wrapped(text, width - indent.length).map((line) => `${indent}${line}`);
}

/** The same, the first line behind another text: blanks, or what the others stand below. */
export function hanging(
  text: string,
  width: number,
  { first = '', indent }: { readonly first?: string; readonly indent: string },
): readonly string[] {
  const trimmed = text.trimStart();
  const [head = '', ...more] = wrapped(trimmed, width - cellWidth(first));
  const rest = trimmed.slice(head.length).trimStart();
  return [`${first}${head}`, ...(more.length === 0 ? [] : indented(rest, width, indent))];
}

/** A row: short cells, and what stands behind them, each from a line of its own. */
export interface FitRow {
  readonly cells: readonly string[];
  readonly last: readonly string[];
}

/** Aligned columns; the last one is broken into lines, or stands below where it has no room. */
export function fitted(rows: readonly FitRow[], width: number): readonly string[] {
  const widths: number[] = [];
  for (const { cells } of rows) {
    for (const [index, cell] of cells.entries()) {
      const taken = cellWidth(cell);
      if (taken <= WIDEST_CELL) widths[index] = Math.max(widths[index] ?? 0, taken);
    }
  }
  return rows.flatMap(({ cells, last }) => {
    const lead = cells.map((cell, index) => padCells(cell, widths[index] ?? 0)).join('  ');
    const leadWidth = cellWidth(lead);
    const room = width - leadWidth - 2;
    if (room < NARROWEST) {
      return [
        ...wrapped(lead.trimEnd(), width),
        ...last.flatMap((each) => indented(each, width, BELOW)),
      ];
    }
    const lines = last.flatMap((each) => wrapped(each, room));
    return lines.map((line, index) =>
      `${index === 0 ? lead : ' '.repeat(leadWidth)}  ${line}`.trimEnd(),
    );
  });
}
