/**
 * The parameters of delivery status notifications, decoded and checked (RFC 3461 §4, RFC 6533 §3).
 *
 * @module
 */
import type { Envelope, Recipient } from '../../smtp/types.ts';
import { decodeXtext } from '../../smtp/xtext.ts';
import { malformed, readOk, type Read } from './parameters.ts';

/** RFC 3461 §4.4. */
const MAX_ENVID = 100;
/** RFC 3461 §4.2. */
const MAX_ORCPT = 500;

const ADDRESS_TYPE = /^[A-Za-z0-9-]+$/;
const PRINTABLE = /^[ -~]+$/;
/** `utf-8-addr-xtext` and, with SMTPUTF8, `utf-8-addr-unitext`. */
const UTF8_ADDRESS = /^(?:[!-*,-<>-[\]-~]|\\x\{[0-9A-F]{2,6}\})+$/;
const UTF8_ADDRESS_RAW = /^(?:[!-*,-<>-[\]-~\u{a0}-\u{10ffff}]|\\x\{[0-9A-F]{2,6}\})+$/u;
const EMBEDDED = /\\x\{([0-9A-F]{2,6})\}/g;
/** What must never stand in a header field or a log. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** `RET=FULL` or `RET=HDRS`. */
export function readRet(value: string | undefined): Read<NonNullable<Envelope['ret']>> {
  const ret = value?.toUpperCase();
  if (ret === 'FULL' || ret === 'HDRS') return readOk(ret);
  return malformed('RET is FULL or HDRS');
}

/** `ENVID=xtext`: printable ASCII once decoded. */
export function readEnvid(value: string | undefined): Read<string> {
  if (value === undefined || value.length > MAX_ENVID) {
    return malformed(`ENVID is 1 to ${MAX_ENVID} characters of xtext`);
  }
  const decoded = decodeXtext(value);
  if (!decoded.ok || !PRINTABLE.test(decoded.value)) {
    return malformed('ENVID is xtext of printable ASCII');
  }
  return readOk(decoded.value);
}

/** `NOTIFY=NEVER`, or a list of SUCCESS, FAILURE, DELAY. */
export function readNotify(value: string | undefined): Read<NonNullable<Recipient['notify']>> {
  const words = (value ?? '').toUpperCase().split(',');
  if (!words.every(isNotify))
    return malformed('NOTIFY is NEVER or a list of SUCCESS,FAILURE,DELAY');
  const notify = [...new Set(words)];
  if (notify.includes('NEVER') && words.length > 1) return malformed('NOTIFY=NEVER stands alone');
  return readOk(notify);
}

function isNotify(word: string): word is NonNullable<Recipient['notify']>[number] {
  return word === 'NEVER' || word === 'SUCCESS' || word === 'FAILURE' || word === 'DELAY';
}

/** `ORCPT=addr-type;address`, decoded as its type says. */
export function readOrcpt(value: string | undefined, smtpUtf8: boolean): Read<string> {
  if (value === undefined || value.length > MAX_ORCPT) {
    return malformed(`ORCPT is TYPE;ADDRESS of at most ${MAX_ORCPT} characters`);
  }
  const split = value.indexOf(';');
  const type = value.slice(0, split);
  if (split < 1 || !ADDRESS_TYPE.test(type)) return malformed('ORCPT is TYPE;ADDRESS');
  const address =
    type.toLowerCase() === 'utf-8'
      ? decodeUtf8Address(value.slice(split + 1), smtpUtf8)
      : decodedXtext(value.slice(split + 1));
  if (address === undefined || address === '' || UNFIT.test(address)) {
    return malformed('The address of ORCPT is not encoded as its type demands');
  }
  return readOk(`${type};${address}`);
}

function decodedXtext(text: string): string | undefined {
  const decoded = decodeXtext(text);
  return decoded.ok ? decoded.value : undefined;
}

function decodeUtf8Address(text: string, smtpUtf8: boolean): string | undefined {
  if (!(smtpUtf8 ? UTF8_ADDRESS_RAW : UTF8_ADDRESS).test(text)) return undefined;
  let isValid = true;
  const address = text.replace(EMBEDDED, (_whole, hex: string) => {
    const point = Number.parseInt(hex, 16);
    if (point > 0x10_ff_ff) isValid = false;
    return isValid ? String.fromCodePoint(point) : '';
  });
  return isValid ? address : undefined;
}
