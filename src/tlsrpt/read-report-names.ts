/**
 * Names and addresses in a report, in the one form in which they are compared.
 *
 * @module
 */
import { isIPv4 } from 'node:net';
import { ipv4Text, ipv6Text } from '../dns/address.ts';
import { normalizeName } from '../dns/name.ts';
import { addressBytes } from '../http/cidr.ts';
import { quoted } from '../problems.ts';
import type { Place, ReportNotes } from './read-report-notes.ts';
import { type Found, readWord } from './read-report-values.ts';

/** The domain of a policy as lower-case A-labels; undefined where there is none. */
export function readDomain(found: Found | undefined, notes: ReportNotes): string | undefined {
  const word = readWord(found, notes);
  if (found === undefined || word === undefined) return undefined;
  const name = normalizeName(word);
  if (name.ok) {
    noteForm(word, name.value, found, notes);
    return name.value;
  }
  notes.add('TLSRPT_REPORT_DOMAIN_INVALID', found, `${quoted(word)} is no domain name`);
  return undefined;
}

/** The name of a host, normal where it is one, else as it is. */
export function readHost(found: Found | undefined, notes: ReportNotes): string | undefined {
  const word = readWord(found, notes);
  return found === undefined || word === undefined ? undefined : hostName(word, found, notes);
}

/** An MX pattern: a host name, or `*.` and one. */
export function mxPattern(text: string, place: Place, notes: ReportNotes): string {
  const word = text.trim();
  if (!word.startsWith('*.')) return hostName(word, place, notes);
  return `*.${hostName(word.slice(2), place, notes)}`;
}

function hostName(word: string, place: Place, notes: ReportNotes): string {
  const name = normalizeName(word);
  if (name.ok) {
    noteForm(word, name.value, place, notes);
    return name.value;
  }
  notes.add('TLSRPT_REPORT_NAME_INVALID', place, `${quoted(word)} is no name of a host`);
  return word;
}

function noteForm(written: string, normal: string, place: Place, notes: ReportNotes): void {
  if (written === normal) return;
  notes.add('TLSRPT_REPORT_NAME_FORM', place, `${quoted(written)} is read as ${quoted(normal)}`);
}

/** An address as RFC 5952 §4 writes it, mapped IPv4 as IPv4; undefined where it is none. */
export function readAddress(found: Found | undefined, notes: ReportNotes): string | undefined {
  const word = readWord(found, notes);
  if (found === undefined || word === undefined) return undefined;
  // There is no other way to write it.
  if (isIPv4(word)) return word;
  const bare = word.replace(/^\[(.*)\]$/s, '$1').replace(/^ipv6:/i, '');
  const octets = addressBytes(bare);
  if (octets === undefined) {
    notes.add('TLSRPT_REPORT_ADDRESS_INVALID', found, `${quoted(word)} is no address`);
    return undefined;
  }
  const address = addressText(octets);
  if (address !== word) {
    const text = `${quoted(word)} is read as ${quoted(address)}`;
    notes.add('TLSRPT_REPORT_ADDRESS_FORM', found, text);
  }
  return address;
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return ipv4Text(octets);
  const text = ipv6Text(octets);
  return text.startsWith('::ffff:') && text.includes('.') ? ipv4Text(octets.subarray(12)) : text;
}
