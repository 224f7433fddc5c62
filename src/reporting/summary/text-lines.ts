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
  return safe.length <= limit ? safe : `${safe.slice(0, limit - 1)}…`;
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
}

/** Aligned columns with a line of heads, two spaces apart. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = columns.map((_, index) =>
    all.reduce((so, row) => Math.max(so, row[index]!.length), 0),
  );
  return all.map((row) =>
    row
      .map((cell, index) =>
        columns[index]!.align === 'right'
          ? cell.padStart(widths[index]!)
          : cell.padEnd(widths[index]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
