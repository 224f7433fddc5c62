/**
 * Tag lists, as signatures and keys of DKIM have them (RFC 6376 §3.2).
 *
 * @module
 */

/** Tag name, in lower case, to value without its blanks. Of two with one name the first counts. */
export type TagList = ReadonlyMap<string, string>;

/** Reads one leniently: what is no `name=value` is passed over. */
export function readTagList(text: string): TagList {
  const tags = new Map<string, string>();
  for (const item of text.split(';')) {
    const equals = item.indexOf('=');
    if (equals === -1) continue;
    const name = item.slice(0, equals).trim().toLowerCase();
    if (!tags.has(name)) tags.set(name, item.slice(equals + 1).replace(/\s+/g, ''));
  }
  return tags;
}

/** The parts of a value that is a list: `email:tlsrpt`; in lower case. */
export function listIn(value: string | undefined): readonly string[] {
  return (value ?? '')
    .toLowerCase()
    .split(':')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
