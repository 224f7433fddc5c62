/**
 * Colour, where the stream is a terminal that wants it.
 *
 * @module
 */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

/** Colours a text or leaves it as it is. */
export type Paint = (style: 'good' | 'bad' | 'warn' | 'dim' | 'bold', text: string) => string;

const STYLES = {
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  dim: 'dim',
  bold: 'bold',
} as const;

/** Paints for `stream`: plain when it is no terminal or `NO_COLOR` is set. */
export function paintFor(stream: Writable): Paint {
  return (style, text) =>
    styleText(STYLES[style], text, {
      stream,
      validateStream: true,
    });
}
