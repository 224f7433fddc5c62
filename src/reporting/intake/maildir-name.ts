/**
 * Names of messages in a Maildir: what a message is called for good, and its flags.
 *
 * @module
 */

/** `2,` begins flags; `1,` is reserved for experiments and has none that are known. */
const FLAGS = /:2,([^:]*)$/;

/** What stays the same when a mail program moves or flags the message. */
export function uniqueName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(0, colon);
}

/** Has somebody read it, or moved it to the wastebasket? */
export function isDone(name: string): boolean {
  const flags = FLAGS.exec(name)?.[1] ?? '';
  return flags.includes('S') || flags.includes('T');
}

/** The same message, flagged as read; flags stand in ASCII order. */
export function asRead(name: string): string {
  const flags = new Set(`${FLAGS.exec(name)?.[1] ?? ''}S`);
  return `${uniqueName(name)}:2,${[...flags].sort().join('')}`;
}
