/**
 * From a message in a file to an envelope: who it is for, who it is from, what it needs.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../failure.ts';
import { parseMailbox } from '../smtp/mailbox.ts';
import {
  fieldValues,
  headerRecipients,
  measureContent,
  type MessageHeaders,
  readHeaders,
  tlsRequiredNo,
} from '../smtp/message.ts';
import { readAddressList } from '../smtp/address-list.ts';
import type { Envelope } from '../smtp/types.ts';

/** What the command line says beside the message. */
export interface SubmissionOptions {
  /** Absent: the address in From. `<>`: the null reverse-path. */
  readonly from?: string;
  /** Empty: the addresses in To, Cc and Bcc. */
  readonly to: readonly string[];
  /** RFC 8689. */
  readonly requireTls: boolean;
}

/** A message ready to go. */
export interface Submission {
  readonly envelope: Envelope;
  readonly content: Uint8Array;
  /** The header says `TLS-Required: No` (RFC 8689 §3). */
  readonly tlsRequiredNo: boolean;
}

/** Reads the message's header and makes its envelope. Bcc never leaves (RFC 5322 §3.6.3). */
export async function submissionOf(
  message: Uint8Array,
  options: SubmissionOptions,
): Promise<Outcome<Submission>> {
  const headers = readHeaders(message);
  if (!headers.ok) return headers;
  if (headers.value.fields.length === 0) {
    return fail(
      'SUBMISSION_NO_HEADER',
      'the message does not begin with a header field, e.g. From:',
    );
  }
  const from = senderOf(headers.value, options.from);
  if (!from.ok) return from;
  const to =
    options.to.length > 0 ? mailboxes(options.to, 'each --to') : headerRecipients(headers.value);
  if (!to.ok) return to;
  if (to.value.length === 0) {
    return fail('SUBMISSION_NO_RECIPIENT', 'no recipient: name one with --to, or in To, Cc or Bcc');
  }
  const content = withoutBcc(message, headers.value.bodyStart);
  const needs = await measureContent([content]);
  const addressed = [from.value, ...to.value].some(needsSmtpUtf8);
  return ok({
    content,
    tlsRequiredNo: tlsRequiredNo(headers.value),
    envelope: {
      from: from.value,
      recipients: withoutDoubles(to.value).map((address) => ({ address })),
      size: needs.size,
      body: needs.eightBit ? '8BITMIME' : '7BIT',
      ...(headers.value.utf8 || addressed ? { smtpUtf8: true } : {}),
      ...(options.requireTls ? { requireTls: true } : {}),
    },
  });
}

function senderOf(headers: MessageHeaders, from: string | undefined): Outcome<string> {
  if (from === '<>') return ok('');
  if (from === '') {
    return fail('SMTP_ADDRESS_INVALID', '--from is empty; for no sender write --from "<>"');
  }
  if (from !== undefined) {
    const one = mailboxes([from], '--from');
    return one.ok ? ok(one.value[0] ?? '') : one;
  }
  const field = fieldValues(headers, 'From')[0];
  const list = field === undefined ? ok([]) : readAddressList(field);
  if (!list.ok) return list;
  const [first] = list.value;
  return first === undefined
    ? fail('SUBMISSION_NO_SENDER', 'no sender: the message has no From; name one with --from')
    : ok(first);
}

/** A domain is the same in any spelling, a local part is not (RFC 5321 §2.4). */
function withoutDoubles(addresses: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return addresses.filter((address) => {
    const mailbox = parseMailbox(address);
    const key = mailbox.ok ? `${mailbox.value.localPart}@${mailbox.value.domain}` : address;
    return !seen.has(key) && seen.add(key);
  });
}

/** A domain alone can be written in A-labels; a local part cannot. */
function needsSmtpUtf8(address: string): boolean {
  const mailbox = parseMailbox(address);
  return mailbox.ok && mailbox.value.smtpUtf8;
}

function mailboxes(texts: readonly string[], option: string): Outcome<readonly string[]> {
  const addresses: string[] = [];
  for (const text of texts) {
    const mailbox = parseMailbox(text.replace(/^<(.*)>$/, '$1'));
    if (!mailbox.ok) {
      const { code, detail } = mailbox.failure;
      return fail(code, `${detail}; write one plain address for ${option}`);
    }
    addresses.push(mailbox.value.address);
  }
  return ok(addresses);
}

/** The message without its Bcc fields and their folded lines. */
function withoutBcc(message: Uint8Array, bodyStart: number): Uint8Array {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const header = bytes.subarray(0, bodyStart).toString('latin1');
  const kept = header.replaceAll(/^bcc[ \t]*:[^\n]*(?:\n|$)(?:[ \t][^\n]*(?:\n|$))*/gim, '');
  return kept.length === header.length
    ? message
    : Buffer.concat([Buffer.from(kept, 'latin1'), bytes.subarray(bodyStart)]);
}
