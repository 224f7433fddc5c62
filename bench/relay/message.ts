/**
 * The messages of the benchmark.
 *
 * @module
 */

/** The field that names a message: the run, then its number in it. */
export const ID_FIELD = 'X-Bench: ';

const LINE = `${'The quick brown fox jumps over the lazy dog, and then it takes a rest. '.padEnd(76, '.')}\r\n`;

/** Everything behind the field that names it, up to the last line; all messages share it. */
export function bodyOf(octets: number): string {
  const head = [
    'From: <alice@sender.lab.test>',
    'To: <bob@bench.test>',
    'Subject: a message of a benchmark',
    'Date: Mon, 02 Mar 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    '',
  ].join('\r\n');
  return head + LINE.repeat(Math.max(1, Math.ceil((octets - head.length) / LINE.length)));
}

/** What comes before the body. */
export function headOf(run: string, number: number): string {
  return `${ID_FIELD}${run}.${number}\r\nMessage-ID: <${run}.${number}@sender.lab.test>\r\n`;
}
