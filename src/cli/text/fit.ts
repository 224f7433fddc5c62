/**
 * Text that fits the width of a terminal.
 *
 * @module
 */
import type { Io } from '../io.ts';

/** What every terminal shows, and what is written where there is none. */
const USUAL_WIDTH = 80;
/** A last column that is narrower goes below its row. */
const NARROWEST = 24;
/** What is wider shifts its own row, and not all others. */
const WIDEST_CELL = 40;
const BELOW = '    ';

/** Columns of the terminal, at least 80. */
export function widthOf({ stdout }: Pick<Io, 'stdout'>): number {
  return stdout.isTTY === true ? Math.max(USUAL_WIDTH, stdout.columns ?? 0) : USUAL_WIDTH;
}

/** Lines of at most `width` characters, broken at spaces, and inside a word that is longer itself. */
export function wrapped(text: string, width: number): readonly string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > room) {
      const end = cutAt(line, room);
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

/** Never between the halves of one character. */
function cutAt(text: string, at: number): number {
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(at - 1));
  return isHalf && at > 1 ? at - 1 : at;
}

/** The same, each line behind `indent`. */
export function indented(text: string, width: number, indent: string): readonly string[] {
  return wrapped(text, width - indent.length).map((line) => `${indent}${line}`);
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
    for (const [index, { length }] of cells.entries()) {
      if (length <= WIDEST_CELL) widths[index] = Math.max(widths[index] ?? 0, length);
    }
  }
  return rows.flatMap(({ cells, last }) => {
    const lead = cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ');
    const room = width - lead.length - 2;
    if (room < NARROWEST) {
      return [
        ...wrapped(lead.trimEnd(), width),
        ...last.flatMap((each) => indented(each, width, BELOW)),
      ];
    }
    const lines = last.flatMap((each) => wrapped(each, room));
    return lines.map((line, index) =>
      `${index === 0 ? lead : ' '.repeat(lead.length)}  ${line}`.trimEnd(),
    );
  });
}
