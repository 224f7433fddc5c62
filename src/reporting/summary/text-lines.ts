/**
 * Lines of text for a terminal of 80 columns.
 *
 * @module
 */
import { printable } from '../../printable.ts';

/** Emphasis where the terminal has it. */
export type Emphasis = (style: 'good' | 'bad' | 'warn' | 'dim' | 'bold', text: string) => string;

/** Columns of a terminal that nobody has made wider. */
export const WIDTH = 80;

/** `1,234,567`. */
export function numberText(value: number): string {
  return value.toString().replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `99.4 %`, rounded, but 100 % means all and 0 % none; `-` where there is nothing to share. */
export function percentText(part: number, whole: number): string {
  if (whole === 0) return '-';
  const tenths = Math.round((part / whole) * 1000);
  const shown = part === 0 || part === whole ? tenths : Math.min(999, Math.max(1, tenths));
  return `${(shown / 10).toFixed(1)} %`;
}

/** A stranger's text as one word or line of at most `limit` characters, fit for a terminal. */
export function harmless(text: string, limit: number): string {
  const safe = printable(text, limit);
  return shortened(safe, limit);
}

/** A domain; some reports do not say which. */
export function domainText(domain: string, limit: number): string {
  return domain === '' ? 'domain not said' : harmless(domain, limit);
}

/** Breaks a text at spaces; continued lines begin with `indent` spaces. */
export function wrapped(text: string, indent: number, width: number = WIDTH): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    // A word that fills the line is broken, or it would go on for ever.
    const cut = space > indent + 10 ? space : width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = ' '.repeat(indent) + rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

/** A column of {@link table}. */
export interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** The first to be left out where there is no room has the lowest number; without one it stays. */
  readonly leaveOut?: number;
}

/** Cells of the first column before any other is left out. */
const LEAST_FIRST = 10;

/**
 * Aligned columns with a line of heads, two spaces apart. Where there is no room, the first column is
 * cut, then others are left out.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = WIDTH,
): readonly string[] {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = columns.map((_, index) =>
    all.reduce((so, row) => Math.max(so, row[index]!.length), 0),
  );
  const shown = columnsShown(columns, widths, width);
  const others = shown.reduce((sum, index) => sum + (index === 0 ? 0 : widths[index]! + 2), 0);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(LEAST_FIRST, width - others));
  return all.map((row) =>
    shown
      .map((index) => {
        const cell = index === 0 ? shortened(row[0]!, widths[0]!) : row[index]!;
        return columns[index]!.align === 'right'
          ? cell.padStart(widths[index]!)
          : cell.padEnd(widths[index]!);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** The places of those that have room where the first is cut. */
function columnsShown(
  columns: readonly Column[],
  widths: readonly number[],
  width: number,
): readonly number[] {
  const shown = [...columns.keys()];
  const least = (index: number): number =>
    index === 0 ? Math.min(widths[0]!, LEAST_FIRST) : widths[index]! + 2;
  const rank = (index: number): number => columns[index]!.leaveOut ?? Number.POSITIVE_INFINITY;
  while (shown.reduce((sum, index) => sum + least(index), 0) > width) {
    const next = shown.reduce((a, b) => (rank(b) < rank(a) ? b : a));
    if (rank(next) === Number.POSITIVE_INFINITY) break;
    shown.splice(shown.indexOf(next), 1);
  }
  return shown;
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
