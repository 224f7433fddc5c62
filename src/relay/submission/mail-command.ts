/**
 * MAIL FROM: the sender and what the client wants of the message.
 *
 * @module
 */
import { parseMailbox } from '../../smtp/mailbox.ts';
import type { Envelope } from '../../smtp/types.ts';
import { readEnvid, readRet } from './dsn-parameters.ts';
import {
  malformed,
  readOk,
  readParameters,
  unknownParameter,
  type Parameters,
  type Read,
} from './parameters.ts';
import { readPath } from './path.ts';
import { REPLIES, type Reply } from './replies.ts';

/** What a MAIL command said. */
export type Sender = Omit<Envelope, 'recipients'>;

/** What may be asked for in this session. */
export interface MailAbilities {
  /** EHLO was said: parameters may be given. */
  readonly extended: boolean;
  readonly tls: boolean;
  /** AUTH is offered, so its parameter must be known (RFC 4954 §5). */
  readonly auth: boolean;
  readonly maxBytes: number;
}

type Fields = { -readonly [K in keyof Sender]: Sender[K] };
type ReadField = (
  value: string | undefined,
  fields: Fields,
  abilities: MailAbilities,
) => Reply | undefined;

const FROM = /^FROM:/i;
const NOT_ASCII = /[^\0-\x7f]/;

/** @param argument what follows `MAIL ` */
export function readMail(argument: string, abilities: MailAbilities): Read<Sender> {
  if (!FROM.test(argument)) return malformed('Say MAIL FROM:<address>');
  const path = readPath(argument.slice(5));
  if (path === undefined) return { ok: false, reply: REPLIES.badSender };
  const parameters = readParameters(path.rest);
  if (!parameters.ok) return parameters;
  const fields: Fields = { from: path.mailbox };
  const refused = readFields(parameters.value, fields, abilities) ?? senderFault(fields);
  return refused === undefined ? readOk(fields) : { ok: false, reply: refused };
}

function readFields(
  parameters: Parameters,
  fields: Fields,
  abilities: MailAbilities,
): Reply | undefined {
  for (const [keyword, value] of parameters) {
    const read = abilities.extended ? FIELDS.get(keyword) : undefined;
    if (read === undefined) return unknownParameter(keyword).reply;
    const refused = read(value, fields, abilities);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function senderFault({ from, smtpUtf8 }: Fields): Reply | undefined {
  if (from === '') return undefined;
  if (!from.includes('@')) return REPLIES.senderNoDomain;
  if (!parseMailbox(from).ok) return REPLIES.badSender;
  return NOT_ASCII.test(from) && smtpUtf8 !== true ? REPLIES.needsSmtpUtf8 : undefined;
}

const FIELDS: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['SIZE', readSize],
  ['BODY', readBody],
  ['SMTPUTF8', readFlag('smtpUtf8', 'SMTPUTF8')],
  ['REQUIRETLS', readRequireTls],
  [
    'RET',
    (value, fields) => {
      const ret = readRet(value);
      if (!ret.ok) return ret.reply;
      fields.ret = ret.value;
      return undefined;
    },
  ],
  [
    'ENVID',
    (value, fields) => {
      const envid = readEnvid(value);
      if (!envid.ok) return envid.reply;
      fields.envid = envid.value;
      return undefined;
    },
  ],
  // Who wrote it first is taken and not handed on: we vouch for nobody (RFC 4954 §5).
  [
    'AUTH',
    (value, _fields, { auth }) => {
      if (!auth) return unknownParameter('AUTH').reply;
      return value === undefined ? malformed('AUTH needs a value').reply : undefined;
    },
  ],
]);

function readSize(
  value: string | undefined,
  fields: Fields,
  { maxBytes }: MailAbilities,
): Reply | undefined {
  if (value === undefined || !/^\d{1,20}$/.test(value)) {
    return malformed('SIZE is 1 to 20 digits').reply;
  }
  if (Number(value) > maxBytes) return REPLIES.tooBig;
  fields.size = Number(value);
  return undefined;
}

function readBody(value: string | undefined, fields: Fields): Reply | undefined {
  const body = value?.toUpperCase();
  if (body !== '7BIT' && body !== '8BITMIME') return malformed('BODY is 7BIT or 8BITMIME').reply;
  fields.body = body;
  return undefined;
}

function readFlag(field: 'smtpUtf8' | 'requireTls', keyword: string): ReadField {
  return (value, fields) => {
    if (value !== undefined) return malformed(`${keyword} takes no value`).reply;
    fields[field] = true;
    return undefined;
  };
}

function readRequireTls(
  value: string | undefined,
  fields: Fields,
  abilities: MailAbilities,
): Reply | undefined {
  // Beyond TLS it was not offered (RFC 8689 §2): nothing can be promised any more.
  if (!abilities.tls) return REPLIES.needsTls;
  return readFlag('requireTls', 'REQUIRETLS')(value, fields, abilities);
}
