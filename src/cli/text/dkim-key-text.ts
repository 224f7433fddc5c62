/**
 * The record of a DKIM key as it goes into DNS.
 *
 * @module
 */

/** A key that is to be published. */
export interface KeyToPublish {
  readonly domain: string;
  readonly selector: string;
  /** The whole record. */
  readonly record: string;
}

/** The longest character-string, in octets (RFC 1035 §3.3). */
const LONGEST_STRING = /.{1,255}/g;

/** The record in character-strings: verifiers join them with nothing between (RFC 6376 §3.6.2.2). */
export function characterStrings(record: string): readonly string[] {
  return record.match(LONGEST_STRING) ?? [];
}

/** As a zone file has it (RFC 1035 §5.1). */
export function zoneLines({ domain, selector, record }: KeyToPublish): readonly string[] {
  const strings = characterStrings(record).map((text) => `"${text}"`);
  const owner = `${selector}._domainkey.${domain}. IN TXT`;
  if (strings.length === 1) return [`${owner} ${strings[0]!}`];
  return [`${owner} (`, ...strings.map((text) => `    ${text}`), '    )'];
}
