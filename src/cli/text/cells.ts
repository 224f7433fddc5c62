/**
 * How many cells of a terminal a text takes: a Japanese character takes two, a combining mark none.
 *
 * @module
 */

/** Ranges of code points that terminals show two cells wide (Unicode UAX #11, W and F), without emoji. */
const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];

/** Marks upon the character before, and what is not seen at all. */
const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** Cells that a text of one line takes; it has no control characters and no colours in it. */
export function cellWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
}

/** Blanks behind it, so that it takes so many cells; unchanged where it takes more. */
export function padCells(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cellWidth(text)));
}

/** Cut to so many cells, at least one; `…` stands for what is left out. */
export function cutCells(text: string, width: number): string {
  return cellWidth(text) <= width ? text : `${headOf(text, width - 1)}…`;
}

/** As much of its start as fits into so many cells, and one character at least. */
export function headCells(text: string, width: number): string {
  const [first = ''] = text;
  return headOf(text, Math.max(width, cellsOf(first)));
}

function headOf(text: string, width: number): string {
  let cells = 0;
  let head = '';
  for (const character of text) {
    cells += cellsOf(character);
    if (cells > width) break;
    head += character;
  }
  return head;
}

function cellsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return code === 0xad ? 0 : 1;
  if (NO_CELL.test(character)) return 0;
  const isWide = WIDE.some(([from, to]) => code >= from && code <= to);
  return isWide || EMOJI.test(character) ? 2 : 1;
}
