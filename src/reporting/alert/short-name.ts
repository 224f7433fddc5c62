/**
 * Names of senders in one line among other words.
 *
 * @module
 */

/** Longer than nearly every domain. */
const LONGEST = 60;

/** Cut where it is longer than a line has room for; still a stranger's text. */
export function shortName(sender: string): string {
  const letters = Array.from(sender);
  return letters.length <= LONGEST ? sender : `${letters.slice(0, LONGEST - 1).join('')}…`;
}

/** The one sender, or how many. */
export function whoOf(senders: readonly string[]): string {
  return senders.length === 1 ? shortName(senders[0]!) : `${senders.length} senders`;
}
