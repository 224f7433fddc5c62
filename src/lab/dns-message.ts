/**
 * Turns a question for the lab's DNS into the octets of its answer.
 *
 * @module
 */
import {
  AUTHENTIC_DATA,
  CHECKING_DISABLED,
  decode,
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { Answer, DecodedPacket, Packet } from 'dns-packet';
import type { LabRecord } from './types.ts';
import { labName } from './zone-data.ts';
import type { ZoneData } from './zone-data.ts';

/** Seconds, where a record names none. */
const DEFAULT_TTL = 300;
/** Seconds for which an empty answer may be kept (RFC 2308 §5). */
const NEGATIVE_TTL = 60;
/** RFC 8914 §4.7. */
const EDE_BOGUS = 6;
const EDE_OPTION = 15;

/** A question as it was understood. */
export interface LabQuestion {
  readonly name: string;
  readonly type: string;
}

/** What to send, if anything. */
export interface LabReply {
  readonly question: LabQuestion | undefined;
  /** Undefined: nothing is sent. */
  readonly bytes: Uint8Array | undefined;
}

type Transport = 'udp' | 'tcp';

interface Edns {
  readonly present: boolean;
  readonly dnssecOk: boolean;
  readonly payload: number;
}

/** Answers one message; never throws, whatever the octets are. */
export function answerMessage(zones: ZoneData, message: Buffer, transport: Transport): LabReply {
  const query = decodeQuery(message);
  if (query === 'ignore') return { question: undefined, bytes: undefined };
  if (query === 'malformed') return { question: undefined, bytes: formErr(message) };
  const [asked] = query.questions ?? [];
  if (asked === undefined) return { question: undefined, bytes: formErr(message) };
  const question = { name: labName(asked.name === '.' ? '' : asked.name), type: asked.type };
  return { question, bytes: replyTo({ zones, query, question, transport }) };
}

function decodeQuery(message: Buffer): DecodedPacket | 'ignore' | 'malformed' {
  if (message.length < 12) return 'ignore';
  // An answer is never answered: two servers would talk for ever.
  if ((message[2]! & 0x80) !== 0) return 'ignore';
  try {
    return decode(message);
  } catch {
    return 'malformed';
  }
}

/** The header alone, QR set, RCODE 1. */
function formErr(message: Buffer): Uint8Array {
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  header[2] = 0x80;
  header[3] = 0x01;
  return header;
}

function ednsOf(query: DecodedPacket): Edns {
  const opt = query.additionals?.find((record) => record.type === 'OPT');
  if (opt?.type !== 'OPT') return { present: false, dnssecOk: false, payload: 512 };
  return {
    present: true,
    dnssecOk: (opt.flags & 0x8000) !== 0,
    payload: Math.max(512, opt.udpPayloadSize),
  };
}

interface ReplyInput {
  readonly zones: ZoneData;
  readonly query: DecodedPacket;
  readonly question: LabQuestion;
  readonly transport: Transport;
}

function replyTo(input: ReplyInput): Uint8Array | undefined {
  const { zones, query, question, transport } = input;
  const queryFlags = query.flags ?? 0;
  const found = zones.answer(question.name, question.type, (queryFlags & CHECKING_DISABLED) !== 0);
  const edns = ednsOf(query);
  const flags = (queryFlags & (RECURSION_DESIRED | CHECKING_DISABLED)) | RECURSION_AVAILABLE;
  const base: Packet = {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags,
    ...(query.questions === undefined ? {} : { questions: query.questions }),
  };
  switch (found.kind) {
    case 'timeout':
      return undefined;
    case 'garbage':
      return Buffer.from('not a DNS message');
    case 'servfail':
      return pack(base, { rcode: 2, edns });
    case 'bogus':
      return pack(base, { rcode: 2, edns, ede: EDE_BOGUS });
    case 'records':
    case 'nodata':
    case 'nxdomain':
      break;
  }
  const adAsked = edns.dnssecOk || (queryFlags & AUTHENTIC_DATA) !== 0;
  const extra = found.kind === 'records' ? [] : made(zones, question);
  const empty = found.kind !== 'records' && extra.length === 0;
  const whole = pack(
    {
      ...base,
      flags: flags | (found.secure && adAsked ? AUTHENTIC_DATA : 0),
      answers: [...found.records.map(packetRecord), ...extra],
      authorities: empty ? [soa(found.apex)] : [],
    },
    { rcode: found.kind === 'nxdomain' ? 3 : 0, edns },
  );
  const fits = transport === 'tcp' || (!found.truncated && whole.length <= edns.payload);
  return fits ? whole : pack({ ...base, flags: flags | TRUNCATED_RESPONSE }, { rcode: 0, edns });
}

interface PackOptions {
  readonly rcode: number;
  readonly edns: Edns;
  readonly ede?: number;
}

function pack(packet: Packet, { rcode, edns, ede }: PackOptions): Uint8Array {
  const options = ede === undefined ? [] : [{ code: EDE_OPTION, data: Buffer.from([0, ede]) }];
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: edns.dnssecOk ? 0x8000 : 0,
    flag_do: edns.dnssecOk,
    options,
  } as unknown as Answer;
  return encode({
    ...packet,
    flags: (packet.flags ?? 0) | rcode,
    additionals: edns.present ? [opt] : [],
  });
}

/** Records that every zone has at its top although nobody wrote them down. */
function made(zones: ZoneData, { name, type }: LabQuestion): Answer[] {
  if (!zones.isApex(name)) return [];
  switch (type) {
    case 'SOA':
      return [soa(name)];
    case 'NS':
      return [{ type: 'NS', name, ttl: DEFAULT_TTL, data: wireName(`ns.${name}`) }];
    default:
      return [];
  }
}

function soa(apex: string): Answer {
  return {
    type: 'SOA',
    name: wireName(apex),
    ttl: NEGATIVE_TTL,
    data: {
      mname: wireName(`ns.${apex}`),
      rname: wireName(`hostmaster.${apex}`),
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: NEGATIVE_TTL,
    },
  };
}

function wireName(name: string): string {
  return name === '' ? '.' : labName(name);
}

function packetRecord(record: LabRecord): Answer {
  const common = { name: wireName(record.name), ttl: record.ttl ?? DEFAULT_TTL };
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { ...common, type: record.type, data: record.value };
    case 'CNAME':
    case 'NS':
      return { ...common, type: record.type, data: wireName(record.value) };
    case 'MX':
      return {
        ...common,
        type: 'MX',
        data: { preference: record.preference, exchange: wireName(record.exchange) },
      };
    case 'TXT': {
      const strings = typeof record.value === 'string' ? [record.value] : record.value;
      return { ...common, type: 'TXT', data: strings.map((text) => Buffer.from(text, 'latin1')) };
    }
    case 'TLSA':
      break;
  }
  return {
    ...common,
    type: 'TLSA',
    data: {
      usage: record.usage,
      selector: record.selector,
      matchingType: record.matchingType,
      certificate: Buffer.from(record.data),
    },
  };
}
