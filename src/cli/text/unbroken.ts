/**
 * Text of help without the line ends of its source: the terminal decides where lines end.
 *
 * @module
 */

/** A line that stands by itself: empty, or indented as part of a list. */
const STANDS_ALONE = /^(?:\s|$)/;
/** Joins the lines of each paragraph. */
export function unbroken(text: string): string {
  const lines = text.split('\n');
  return lines.slice(1).reduce((joined, line) => {
    const last = joined.slice(joined.lastIndexOf('\n') + 1);
    const goesOn = !STANDS_ALONE.test(line) && !STANDS_ALONE.test(last);
    return `${joined}${goesOn ? ' ' : '\n'}${line}`;
  }, lines[0] ?? '');
}
