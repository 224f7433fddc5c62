/**
 * Takes from a message what answers the question: the CNAME chain, and the records at its end.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { MalformedMessage } from './message.ts';
import type { WireMessage, WireRecord } from './message.ts';
import { isAtOrUnder, isNormalName } from './name.ts';
import { IN, TYPE_NUMBERS, readData, readSoaMinimum } from './rdata.ts';
import { RCODE } from './reply.ts';
import type { Mx, RecordOf, RrType } from './types.ts';

/** One CNAME record that was followed. */
export interface Hop {
  readonly from: string;
  readonly to: string;
}

/** What a message says about a question. */
export type Found<T extends RrType> = {
  readonly hops: readonly Hop[];
  /** Where the hops lead. */
  readonly finalName: string;
  /** Seconds; the least of the hops and the end. */
  readonly ttl: number;
} & (
  | { readonly kind: 'records'; readonly records: readonly RecordOf[T][] }
  /** Without a SOA the TTL is 0: it must not be kept (RFC 2308 §5). */
  | { readonly kind: 'nodata' | 'nxdomain' }
  /** The chain leads out of the message: ask again for `finalName`. */
  | { readonly kind: 'continues' }
  | { readonly kind: 'failure'; readonly failure: Failure }
);

/** What to look for. */
export interface Sought<T extends RrType> {
  readonly name: string;
  readonly type: T;
  /** Names from which the chain came here: none may come again. */
  readonly passed: readonly string[];
}

/** RFC 7672 §2.1.3 wants a limit. Longer chains than this are not met in practice. */
export const MAX_HOPS = 8;

/** Looks the answer up in a message whose response code is NOERROR or NXDOMAIN. Never throws. */
export function findAnswer<T extends RrType>(message: WireMessage, sought: Sought<T>): Found<T> {
  const hops: Hop[] = [];
  const state = { hops, finalName: sought.name, ttl: Number.POSITIVE_INFINITY };
  const failed = (failure: Failure): Found<T> => ({ ...state, ttl: 0, kind: 'failure', failure });
  try {
    for (;;) {
      const records = recordsAt(message, state.finalName, sought.type);
      const cnames = sought.type === 'CNAME' ? [] : recordsAt(message, state.finalName, 'CNAME');
      if (records.length > 0 && cnames.length > 0) {
        throw new MalformedMessage('there are records beside a CNAME');
      }
      if (cnames.length === 0) return { ...state, ...readEnd(message, state, sought, records) };
      const to = onlyTarget(message, cnames);
      const failure = hopFailure(state.finalName, to, [...sought.passed, ...hops.map(fromOf)]);
      if (failure !== undefined) return failed(failure);
      state.ttl = Math.min(state.ttl, ...cnames.map(ttlOf));
      hops.push({ from: state.finalName, to });
      state.finalName = to;
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    const detail = `${sought.name} ${sought.type}: ${error.message}`;
    return failed({ code: 'DNS_ANSWER_MALFORMED', detail });
  }
}

type End<T extends RrType> =
  | { readonly kind: 'records'; readonly records: readonly RecordOf[T][]; readonly ttl: number }
  | { readonly kind: 'nodata' | 'nxdomain' | 'continues'; readonly ttl: number }
  | { readonly kind: 'failure'; readonly failure: Failure };

function readEnd<T extends RrType>(
  message: WireMessage,
  at: { readonly hops: readonly Hop[]; readonly finalName: string; readonly ttl: number },
  sought: Sought<T>,
  records: readonly WireRecord[],
): End<T> {
  const denied = message.header.rcode === RCODE.NXDOMAIN;
  if (records.length > 0) {
    if (denied) throw new MalformedMessage('NXDOMAIN comes with records');
    return readRecords(message, at, sought, records);
  }
  const soaTtl = negativeTtl(message, at.finalName);
  if (denied || soaTtl !== undefined) {
    return { kind: denied ? 'nxdomain' : 'nodata', ttl: Math.min(at.ttl, soaTtl ?? 0) };
  }
  if (at.hops.length > 0) return { kind: 'continues', ttl: at.ttl };
  // RFC 2308 §2.2: NS without SOA and without authority is a referral, which says nothing.
  const refers = message.authorities.some((record) => record.type === TYPE_NUMBERS.NS);
  if (refers && !message.header.authoritative) {
    const detail = `${sought.name} ${sought.type}: the resolver refers to other servers`;
    return { kind: 'failure', failure: { code: 'DNS_NOT_RECURSIVE', detail } };
  }
  return { kind: 'nodata', ttl: 0 };
}

/**
 * How many records of a set are read. More than these nobody has for a reason: a stranger's zone
 * must not fill memory with them. Whoever delivers tries fewer.
 */
const MOST_RECORDS: Readonly<Record<RrType, number>> = {
  A: 64,
  AAAA: 64,
  CNAME: 8,
  MX: 256,
  TXT: 1_024,
  TLSA: 128,
  SOA: 8,
  NS: 64,
  DS: 64,
};

function readRecords<T extends RrType>(
  message: WireMessage,
  at: { readonly finalName: string; readonly ttl: number },
  sought: Sought<T>,
  wire: readonly WireRecord[],
): End<T> {
  const records = wire
    .slice(0, MOST_RECORDS[sought.type])
    .map((record) => readData(message.octets, record, sought.type))
    .filter((record) => hasUsableName(sought.type, record));
  if (records.length === 0) {
    const detail = `${at.finalName} ${sought.type}: no record leads to a name that can be used`;
    return { kind: 'failure', failure: { code: 'DNS_ANSWER_NAME', detail } };
  }
  return { kind: 'records', records, ttl: Math.min(at.ttl, ...wire.map(ttlOf)) };
}

/** One unusable mail exchanger among good ones does not keep the mail; `''` is the root. */
function hasUsableName<T extends RrType>(type: T, record: RecordOf[T]): boolean {
  if (type === 'CNAME' || type === 'NS') return isNormalName(record as string);
  if (type !== 'MX') return true;
  const { exchange } = record as Mx;
  return exchange === '' || isNormalName(exchange);
}

function recordsAt(message: WireMessage, name: string, type: RrType): readonly WireRecord[] {
  const number = TYPE_NUMBERS[type];
  return message.answers.filter(
    (record) => record.type === number && record.class === IN && record.name === name,
  );
}

/** RFC 2181 §10.1: a name has one CNAME. */
function onlyTarget(message: WireMessage, cnames: readonly WireRecord[]): string {
  const targets = new Set(cnames.map((record) => readData(message.octets, record, 'CNAME')));
  if (targets.size > 1) throw new MalformedMessage('a name has more than one CNAME');
  return targets.values().next().value!;
}

function hopFailure(from: string, to: string, passed: readonly string[]): Failure | undefined {
  if (!isNormalName(to)) {
    return { code: 'DNS_ANSWER_NAME', detail: `${from}: its CNAME leads to ${JSON.stringify(to)}` };
  }
  if (to === from || passed.includes(to)) {
    return { code: 'DNS_CNAME_LOOP', detail: `${from}: its CNAME leads back to ${to}` };
  }
  if (passed.length >= MAX_HOPS) {
    return {
      code: 'DNS_CNAME_TOO_LONG',
      detail: `${passed[0] ?? from}: more than ${MAX_HOPS} CNAME records in a row`,
    };
  }
  return undefined;
}

/** RFC 2308 §5: the lesser of the SOA's own TTL and its MINIMUM field. */
function negativeTtl(message: WireMessage, name: string): number | undefined {
  const soa = message.authorities.find(
    (record) =>
      record.type === TYPE_NUMBERS.SOA && record.class === IN && isAtOrUnder(name, record.name),
  );
  return soa && Math.min(soa.ttl, readSoaMinimum(message.octets, soa));
}

function ttlOf(record: WireRecord): number {
  return record.ttl;
}

function fromOf(hop: Hop): string {
  return hop.from;
}
