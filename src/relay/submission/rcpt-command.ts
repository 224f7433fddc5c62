/**
 * RCPT TO: one recipient and its wishes about notifications.
 *
 * @module
 */
import { parseMailbox } from '../../smtp/mailbox.ts';
import type { Recipient } from '../../smtp/types.ts';
import { readNotify, readOrcpt } from './dsn-parameters.ts';
import {
  malformed,
  readOk,
  readParameters,
  unknownParameter,
  type Parameters,
  type Read,
} from './parameters.ts';
import { readPath } from './path.ts';
import { REPLIES } from './replies.ts';

/** What holds for the message. */
export interface RcptAbilities {
  readonly extended: boolean;
  readonly smtpUtf8: boolean;
}

/** A recipient, and the one spelling by which it is found again. */
export interface ReadRecipient {
  readonly recipient: Recipient;
  readonly key: string;
}

type Wishes = Omit<Recipient, 'address'>;

const TO = /^TO:/i;
const NOT_ASCII = /[^\0-\x7f]/;
const NO_WISHES: Wishes = {};

/** @param argument what follows `RCPT ` */
export function readRcpt(argument: string, abilities: RcptAbilities): Read<ReadRecipient> {
  if (!TO.test(argument)) return malformed('Say RCPT TO:<address>');
  const path = readPath(argument.slice(3));
  if (path === undefined || path.mailbox === '') return { ok: false, reply: REPLIES.badRecipient };
  const { mailbox: address } = path;
  if (!address.includes('@')) {
    const isPostmaster = address.toLowerCase() === 'postmaster';
    return { ok: false, reply: isPostmaster ? REPLIES.noPostmaster : REPLIES.recipientNoDomain };
  }
  const mailbox = parseMailbox(address);
  if (!mailbox.ok) return { ok: false, reply: REPLIES.badRecipient };
  if (NOT_ASCII.test(address) && !abilities.smtpUtf8) {
    return { ok: false, reply: REPLIES.needsSmtpUtf8 };
  }
  const parameters = readParameters(path.rest);
  if (!parameters.ok) return parameters;
  const wishes = readWishes(parameters.value, abilities);
  if (!wishes.ok) return wishes;
  const { localPart, domain } = mailbox.value;
  return readOk({ recipient: { address, ...wishes.value }, key: `${localPart}@${domain}` });
}

function readWishes(parameters: Parameters, abilities: RcptAbilities): Read<Wishes> {
  let wishes = NO_WISHES;
  for (const [keyword, value] of parameters) {
    const read = abilities.extended ? readWish(keyword, value, abilities) : undefined;
    if (read === undefined) return unknownParameter(keyword);
    if (!read.ok) return read;
    wishes = { ...wishes, ...read.value };
  }
  return readOk(wishes);
}

function readWish(
  keyword: string,
  value: string | undefined,
  { smtpUtf8 }: RcptAbilities,
): Read<Wishes> | undefined {
  if (keyword === 'NOTIFY') {
    const notify = readNotify(value);
    return notify.ok ? readOk({ notify: notify.value }) : notify;
  }
  if (keyword !== 'ORCPT') return undefined;
  const orcpt = readOrcpt(value, smtpUtf8);
  return orcpt.ok ? readOk({ orcpt: orcpt.value }) : orcpt;
}
