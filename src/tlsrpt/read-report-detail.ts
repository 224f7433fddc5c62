/**
 * The failure details of a policy (RFC 8460 §4.4).
 *
 * @module
 */
import { RESULT_TYPES, type ResultType } from '../failure.ts';
import { quoted } from '../problems.ts';
import { readAddress, readHost } from './read-report-names.ts';
import type { ReportNotes } from './read-report-notes.ts';
import {
  type Fields,
  type Found,
  openFields,
  readCount,
  readItems,
  readWord,
  noteEmpty,
} from './read-report-values.ts';
import type { ReceivedDetail } from './report.ts';

/** How many details are kept of one report. */
export const MAX_DETAILS = 10_000;

const DETAIL_KEYS = {
  'result-type': [],
  'sending-mta-ip': [],
  'receiving-mx-hostname': ['receiving-mx-host-name'],
  'receiving-mx-helo': [],
  'receiving-ip': [],
  'failed-session-count': [],
  'additional-information': ['additional-info-uri'],
  'failure-reason-code': ['failure-error-code'],
} as const;

/** The details of one policy. */
export interface ReadDetails {
  readonly details: readonly ReceivedDetail[];
  /** The sum of all counts, also of what was not kept. */
  readonly sum: number;
}

/** Reads the details, keeping no more than `room`. */
export function readDetails(
  found: Found | undefined,
  { room, notes }: { room: number; notes: ReportNotes },
): ReadDetails {
  if (found === undefined) return { details: [], sum: 0 };
  const items = readItems(found, notes);
  if (found.node.kind === 'array' && items.length === 0) noteEmpty(found, notes);
  const details: ReceivedDetail[] = [];
  let sum = 0;
  for (const item of items) {
    const fields = openFields(item, { parent: item, known: DETAIL_KEYS, notes });
    if (!fields.isThere) continue;
    const count = readFailedCount(fields, notes);
    sum += count;
    if (count > 0 && details.length < room) details.push(readDetail(fields, count, notes));
  }
  if (items.length > room) {
    const text = `of ${items.length} details ${details.length} are kept`;
    notes.add('TLSRPT_REPORT_LIST_CUT', found, text);
  }
  return { details, sum };
}

/** What is not said is one session: a detail says that there was a failure. */
function readFailedCount(fields: Fields, notes: ReportNotes): number {
  const count = readCount(fields.get('failed-session-count'), notes);
  if (count === undefined) {
    const text = 'failed-session-count is missing; taken for 1';
    notes.add('TLSRPT_REPORT_COUNT_MISSING', fields, text);
    return 1;
  }
  if (count === 0) notes.add('TLSRPT_REPORT_DETAIL_ZERO', fields, 'it happened in no session');
  return count;
}

function readDetail(fields: Fields, count: number, notes: ReportNotes): ReceivedDetail {
  const type = readResultType(fields, notes);
  const optional = {
    sendingMtaIp: readAddress(fields.get('sending-mta-ip'), notes),
    receivingMxHostname: readHost(fields.get('receiving-mx-hostname'), notes),
    receivingMxHelo: readHelo(fields.get('receiving-mx-helo'), notes),
    receivingIp: readAddress(fields.get('receiving-ip'), notes),
    additionalInformation: readWord(fields.get('additional-information'), notes),
    reasonCode: readWord(fields.get('failure-reason-code'), notes),
  };
  if (isOfSession(type.resultType)) noteSparse(fields, optional, notes);
  return { ...type, count, ...present(optional) };
}

function readResultType(
  fields: Fields,
  notes: ReportNotes,
): Pick<ReceivedDetail, 'resultType' | 'rawResultType'> {
  const found = fields.get('result-type');
  const raw = readWord(found, notes) ?? '';
  if (isResultType(raw)) return { resultType: raw, rawResultType: raw };
  const place = found ?? fields;
  const known = TYPE_FORMS.get(raw.toLowerCase());
  if (known === undefined) {
    const text = raw === '' ? 'result-type is missing' : `${quoted(raw)} is no result type`;
    notes.add('TLSRPT_REPORT_RESULT_TYPE_UNKNOWN', place, text);
    return { resultType: 'unknown', rawResultType: raw };
  }
  notes.add('TLSRPT_REPORT_RESULT_TYPE_FORM', place, `${quoted(raw)} is read as ${quoted(known)}`);
  return { resultType: known, rawResultType: raw };
}

/** Every spelling that is taken for a result type: nothing is guessed. */
const TYPE_FORMS: ReadonlyMap<string, ResultType> = new Map(
  RESULT_TYPES.flatMap((type) => [
    [type, type],
    [type.replaceAll('-', '_'), type],
  ]),
);

function isResultType(text: string): text is ResultType {
  return (RESULT_TYPES as readonly string[]).includes(text);
}

/** Postfix hands the whole EHLO reply on; it is kept whole and shown escaped. */
function readHelo(found: Found | undefined, notes: ReportNotes): string | undefined {
  const helo = readWord(found, notes);
  if (found !== undefined && helo !== undefined && /[\r\n]/.test(helo)) {
    notes.add('TLSRPT_REPORT_HELO_LINES', found, 'a greeting of several lines, not a name');
  }
  return helo;
}

/** Failures that happen before there is a session have no addresses to tell. */
function isOfSession(type: ReceivedDetail['resultType']): boolean {
  switch (type) {
    case 'starttls-not-supported':
    case 'certificate-host-mismatch':
    case 'certificate-expired':
    case 'certificate-not-trusted':
    case 'validation-failure':
      return true;
    case 'tlsa-invalid':
    case 'dnssec-invalid':
    case 'dane-required':
    case 'sts-policy-fetch-error':
    case 'sts-policy-invalid':
    case 'sts-webpki-invalid':
    case 'unknown':
      return false;
  }
}

function noteSparse(
  fields: Fields,
  detail: {
    readonly sendingMtaIp: string | undefined;
    readonly receivingMxHostname: string | undefined;
  },
  notes: ReportNotes,
): void {
  const missing = [
    detail.sendingMtaIp === undefined ? 'sending-mta-ip' : '',
    detail.receivingMxHostname === undefined ? 'receiving-mx-hostname' : '',
  ].filter((key) => key !== '');
  if (missing.length === 0) return;
  notes.add('TLSRPT_REPORT_DETAIL_SPARSE', fields, `nothing usable in ${missing.join(', ')}`);
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that have no value: absent is absent. */
function present<T extends object>(values: T): Present<T> {
  const found: Present<T> = {};
  for (const key in values) if (values[key] !== undefined) found[key] = values[key] as never;
  return found;
}
