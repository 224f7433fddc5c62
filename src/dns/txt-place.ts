/**
 * A text put together from pieces of a file, and the place in the file where each piece stands.
 *
 * @module
 */
import type { Problem } from '../failure.ts';
import { columnAt } from '../problems.ts';

/** Says a fault at a UTF-16 offset of a line. */
export type SayAt = (at: number, fault: Omit<Problem, 'line' | 'column'>) => void;

/** A place in a file. */
export interface Place {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
}

/** One line of a file without its end. */
export interface FileLine {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
}

/** A text whose offsets lead back to the file. */
export interface PlacedText {
  readonly text: string;
  /** Where the UTF-16 offset `at` of {@link PlacedText.text} stands; its length: just behind its last piece. */
  placeOf(at: number): Place;
}

/** Puts a text together; see {@link createPlacedText}. */
export interface PlacedTextBuilder {
  /** Adds `text`, which stands at UTF-16 offset `from` of `line`. `raw`: how many units it takes there. */
  add(text: string, line: FileLine, from: number, raw?: number): void;
  done(): PlacedText;
}

interface Piece {
  readonly at: number;
  readonly length: number;
  readonly line: FileLine;
  readonly from: number;
  readonly raw: number;
}

/** A text of no pieces yet, which begins at `line`, offset `from`. */
export function createPlacedText(line: FileLine, from: number): PlacedTextBuilder {
  const pieces: Piece[] = [{ at: 0, length: 0, line, from, raw: 0 }];
  const texts: string[] = [];
  let length = 0;
  return {
    add(text, line, from, raw = text.length) {
      pieces.push({ at: length, length: text.length, line, from, raw });
      texts.push(text);
      length += text.length;
    },
    done: () => ({ text: texts.join(''), placeOf: (at) => placeIn(pieces, at) }),
  };
}

/** The piece that holds the offset; behind the end, the end of the last one. */
function placeIn(pieces: readonly Piece[], at: number): Place {
  const piece =
    pieces.find((each) => at >= each.at && at < each.at + each.length) ?? pieces.at(-1)!;
  const inside = Math.max(0, at - piece.at);
  const offset = inside >= piece.length ? piece.raw : inside;
  return { line: piece.line.number, column: columnAt(piece.line.text, piece.from + offset) };
}
