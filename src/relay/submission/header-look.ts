/**
 * One look at the header of a message that comes in: what the relay itself must know of it.
 *
 * @module
 */
import { printable } from '../../printable.ts';
import { readHeaders, tlsRequiredNo } from '../../smtp/message.ts';

/** Octets of the header that are looked at. */
export const MAX_LOOK = 65_536;

/** What was seen. */
export interface HeaderLook {
  /** `Received` fields: how often the message has been handed on. */
  readonly received: number;
  readonly hasDate: boolean;
  /** One line; '' where there is none. */
  readonly messageId: string;
  /** The header says `TLS-Required: No` (RFC 8689 §3). */
  readonly tlsRequiredNo: boolean;
}

/** A field begins a line; a folded line begins with a blank and can never be taken for one. */
const FIELDS = /^(received|date|message-id|tls-required)[ \t]*:/gim;
/** A value with its folded lines. */
const VALUE = /^[^\n]*(?:\n[ \t][^\n]*)*/;
const MAX_VALUE = 2_000;
const MAX_MESSAGE_ID = 250;

/** @param head the header with CR LF line ends, at most {@link MAX_LOOK} octets of it */
export function lookAtHeader(head: Buffer): HeaderLook {
  const text = head.toString('latin1', 0, Math.min(head.length, MAX_LOOK));
  let received = 0;
  let hasDate = false;
  let messageId = '';
  let tlsRequired = false;
  for (const match of text.matchAll(FIELDS)) {
    const name = match[1]!.toLowerCase();
    if (name === 'received') received += 1;
    else if (name === 'date') hasDate = true;
    else if (name === 'tls-required') tlsRequired = true;
    else if (messageId === '') messageId = valueAt(text, match.index + match[0].length);
  }
  return { received, hasDate, messageId, tlsRequiredNo: tlsRequired && saysNo(head) };
}

function valueAt(text: string, start: number): string {
  const octets = VALUE.exec(text.slice(start, start + MAX_VALUE))?.[0] ?? '';
  const value = Buffer.from(octets, 'latin1').toString('utf8');
  return printable(value.replaceAll(/\s+/g, ' ').trim(), MAX_MESSAGE_ID);
}

/** Rare, so it may cost: the same reading as everywhere else. */
function saysNo(head: Buffer): boolean {
  const headers = readHeaders(head.subarray(0, MAX_LOOK));
  return headers.ok && tlsRequiredNo(headers.value);
}
