/**
 * What the header of a mail says about a report: hints, nothing more (RFC 8460 §5.6).
 *
 * @module
 */
import { addressParser } from 'postal-mime';
import { normalizeName } from '../../dns/name.ts';
import { decodedText, firstOf, type MailField } from './mime-header.ts';
import type { MailFacts } from './types.ts';

/** Longest subject and message id that are kept, in characters. */
const MAX_TEXT = 1000;
/** Longest `From` that is read: an honest one is far shorter. */
const MAX_FROM = 10_000;

/** Reads them. */
export function mailFacts(message: Uint8Array, fields: readonly MailField[]): MailFacts {
  const headerDomain = nameIn(fields, 'tls-report-domain');
  const headerSubmitter = nameIn(fields, 'tls-report-submitter');
  const messageId = firstOf(fields, 'message-id')?.slice(0, MAX_TEXT);
  const authors = authorsIn(fields.filter(({ key }) => key === 'from').map(({ value }) => value));
  const fromDomain = authors.length === 1 ? domainOf(authors[0]!) : undefined;
  return {
    message,
    ...(headerDomain === undefined ? {} : { headerDomain }),
    ...(headerSubmitter === undefined ? {} : { headerSubmitter }),
    ...(fromDomain === undefined ? {} : { fromDomain }),
    fromCount: authors.length,
    subject: decodedText(firstOf(fields, 'subject') ?? '').slice(0, MAX_TEXT),
    ...(messageId === undefined || messageId === '' ? {} : { messageId }),
  };
}

/** The addresses in the values of all `From` fields. */
export function authorsIn(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => addressesIn(value.slice(0, MAX_FROM)));
}

/** One address, alone or behind a plain name: nearly every `From` is so. */
const PLAIN =
  /^(?:[A-Za-z0-9 ]{0,200}<([\w.+=-]{1,64}@[\w.-]{1,255})>|([\w.+=-]{1,64}@[\w.-]{1,255}))$/;

function addressesIn(value: string): readonly string[] {
  const plain = PLAIN.exec(value);
  if (plain !== null) return [plain[1] ?? plain[2]!];
  return addressParser(value, { flatten: true })
    .map(({ address }) => address ?? '')
    .filter((address) => address !== '');
}

function domainOf(address: string): string | undefined {
  const name = normalizeName(address.slice(address.lastIndexOf('@') + 1));
  return address.includes('@') && name.ok ? name.value : undefined;
}

function nameIn(fields: readonly MailField[], key: string): string | undefined {
  const name = normalizeName((firstOf(fields, key) ?? '').trim());
  return name.ok ? name.value : undefined;
}
