/**
 * A Maildir, read.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The message with this text in its first lines. */
export function findInMaildir(folder: string, text: string): Buffer | undefined {
  const mails = join(folder, 'new');
  if (!existsSync(mails)) return undefined;
  return readdirSync(mails)
    .map((name) => readFileSync(join(mails, name)))
    .find((mail) => mail.subarray(0, 4_000).includes(text));
}
