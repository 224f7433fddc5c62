/**
 * Judges what came back for a question: is it the answer, and what does its response code mean.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { MalformedMessage, readHeader, readMessage, readQuestions } from './message.ts';
import type { WireHeader, WireMessage } from './message.ts';
import type { Query } from './query.ts';
import { IN, OPT, TYPE_NUMBERS, readExtendedErrors } from './rdata.ts';
import type { ExtendedError } from './types.ts';

/** What octets that came back are. */
export type Reply =
  /** An answer to another question, or none at all. Over UDP the wait goes on. */
  | { readonly kind: 'mismatch'; readonly why: string }
  /** Ask again over TCP (RFC 7766 §5). */
  | { readonly kind: 'truncated' }
  /** Ours by identifier and question, but not readable. */
  | { readonly kind: 'malformed'; readonly why: string }
  | {
      readonly kind: 'message';
      readonly message: WireMessage;
      /** With the upper bits from OPT (RFC 6891 §6.1.3). */
      readonly rcode: number;
      readonly extendedErrors: readonly ExtendedError[];
    };

/** Response codes (RFC 1035 §4.1.1, RFC 6891 §9). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

/** Reads octets that came back for `query`. Never throws. */
export function readReply(octets: Uint8Array, query: Query): Reply {
  let header: WireHeader;
  try {
    header = readHeader(octets);
  } catch (error) {
    return { kind: 'mismatch', why: reasonOf(error) };
  }
  if (header.id !== query.id) return { kind: 'mismatch', why: 'another identifier' };
  if (!header.isResponse || header.opcode !== 0) return { kind: 'mismatch', why: 'no response' };
  try {
    if (!repeatsQuestion(octets, header, query)) {
      return { kind: 'mismatch', why: 'another question' };
    }
    // RFC 2181 §9: a truncated answer is not used, so what is left of it need not be read.
    if (header.truncated) return { kind: 'truncated' };
    return readWhole(octets, header);
  } catch (error) {
    return { kind: 'malformed', why: reasonOf(error) };
  }
}

/** Whether a server that does not know EDNS could answer so (RFC 6891 §7). */
export function mayDislikeEdns(rcode: number): boolean {
  return rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP || rcode === RCODE.BADVERS;
}

/** RFC 8914: 5 is indeterminate, 6 to 12 are ways of being bogus. */
const VALIDATION_ERRORS: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10, 11, 12]);
const INDETERMINATE_OR_BOGUS: ReadonlySet<number> = new Set([5, 6]);

/**
 * The failure that a message is; undefined if it is an answer, which NXDOMAIN is too.
 *
 * @param where what was asked of whom, for the detail
 */
export function failureOf(reply: Reply & { kind: 'message' }, where: string): Failure | undefined {
  const { rcode, extendedErrors, message } = reply;
  const because = extendedErrors.map(extendedErrorText).join(', ');
  const detail = (what: string): string => `${where}: ${what}${because && ` (${because})`}`;
  switch (rcode) {
    case RCODE.NOERROR:
    case RCODE.NXDOMAIN: {
      // RFC 7672 §2.1.1: a resolver that lets bogus or indeterminate answers pass says so here.
      const doubtful = extendedErrors.some((error) => INDETERMINATE_OR_BOGUS.has(error.code));
      if (!doubtful || message.header.authentic) return undefined;
      return bogus(detail('the answer is not validated'));
    }
    case RCODE.SERVFAIL: {
      const invalid = extendedErrors.some((error) => VALIDATION_ERRORS.has(error.code));
      if (invalid) return bogus(detail('DNSSEC validation failed'));
      return { code: 'DNS_SERVFAIL', detail: detail('SERVFAIL') };
    }
    case RCODE.REFUSED:
      return { code: 'DNS_REFUSED', detail: detail('REFUSED') };
    case RCODE.NOTIMP:
      return { code: 'DNS_NOTIMP', detail: detail('NOTIMP') };
    case RCODE.FORMERR:
    case RCODE.BADVERS:
      return {
        code: 'DNS_FORMERR',
        detail: detail(rcode === RCODE.FORMERR ? 'FORMERR' : 'BADVERS'),
      };
    default:
      return { code: 'DNS_RCODE', detail: detail(`response code ${rcode}`) };
  }
}

/** A validation failure, as TLS reports name it (RFC 8460 §4.3.2). */
export function bogus(detail: string): Failure {
  return { code: 'DNS_BOGUS', detail, resultType: 'dnssec-invalid' };
}

function extendedErrorText(error: ExtendedError): string {
  return `EDE ${error.code}${error.text && `: ${error.text}`}`;
}

function readWhole(octets: Uint8Array, header: WireHeader): Reply {
  const message = readMessage(octets);
  const opts = message.additionals.filter((record) => record.type === OPT);
  if (opts.length > 1) throw new MalformedMessage('there is more than one OPT record');
  const [opt] = opts;
  const upper = opt === undefined ? 0 : Math.floor(opt.rawTtl / 0x100_0000);
  return {
    kind: 'message',
    message,
    rcode: upper * 16 + header.rcode,
    extendedErrors: opt === undefined ? [] : readExtendedErrors(octets, opt),
  };
}

/** RFC 5452 §9.1. Some servers leave the question out of an error; an error can be no false record. */
function repeatsQuestion(octets: Uint8Array, header: WireHeader, query: Query): boolean {
  if (header.questionCount === 0) {
    return header.rcode !== RCODE.NOERROR && header.rcode !== RCODE.NXDOMAIN;
  }
  if (header.questionCount !== 1) return false;
  const question = readQuestions(octets, header).questions[0]!;
  const type = TYPE_NUMBERS[query.type];
  return question.name === query.name && question.type === type && question.class === IN;
}

function reasonOf(error: unknown): string {
  if (error instanceof MalformedMessage) return error.message;
  throw error;
}
