/**
 * Columns for a terminal.
 *
 * @module
 */
import { cellWidth, padCells } from './cells.ts';

/** Lines of aligned columns, two spaces apart; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], indent = ''): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cellWidth(cell));
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : padCells(cell, widths[index] ?? 0),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}
