/**
 * The policies of a report (RFC 8460 §4.4), each once.
 *
 * @module
 */
import { quoted } from '../problems.ts';
import { MAX_DETAILS, readDetails } from './read-report-detail.ts';
import { domainIn, domainOfReportId, type FileNameFacts } from './read-report-hints.ts';
import { mxPattern, readDomain } from './read-report-names.ts';
import type { ReportNotes } from './read-report-notes.ts';
import { mergeSplit } from './read-report-merge.ts';
import { policyStrings } from './read-report-strings.ts';
import {
  type Fields,
  type Found,
  openFields,
  readCount,
  readItems,
  readTexts,
  readWord,
} from './read-report-values.ts';
import {
  POLICY_TYPES,
  type PolicyType,
  type ReceivedPolicy,
  type ReceivedPolicyResult,
} from './report.ts';

/** How many policies one report may have. */
export const MAX_POLICIES = 1000;

/** Where the domain of a policy may be taken from if the policy does not say it. */
export interface DomainHints {
  readonly headerDomain: string | undefined;
  readonly reportId: string;
  readonly fromFileName: FileNameFacts;
}

const ENTRY_KEYS = { policy: [], summary: [], 'failure-details': [] } as const;
const POLICY_KEYS = {
  'policy-type': [],
  'policy-string': [],
  'policy-domain': [],
  'mx-host': ['mx-host-pattern'],
} as const;
const SUMMARY_KEYS = {
  'total-successful-session-count': [],
  'total-failure-session-count': [],
} as const;

/** Reads all policies; what was split is put together, what differs is kept apart. */
export function readPolicies(
  report: Fields,
  { hints, notes }: { hints: DomainHints; notes: ReportNotes },
): readonly ReceivedPolicyResult[] {
  const found = report.get('policies');
  if (found === undefined) {
    notes.add('TLSRPT_REPORT_POLICIES_MISSING', report, 'policies is missing');
    return [];
  }
  const items = readItems(found, notes);
  if (items.length === 0) {
    notes.add('TLSRPT_REPORT_POLICIES_EMPTY', found, 'the report has no policies');
  }
  if (items.length > MAX_POLICIES) {
    const text = `${items.length} policies; ${MAX_POLICIES} are the most`;
    notes.add('TLSRPT_REPORT_POLICIES_TOO_MANY', found, text);
    return [];
  }
  const results: { result: ReceivedPolicyResult; at: Found }[] = [];
  let room = MAX_DETAILS;
  for (const item of items) {
    const fields = openFields(item, { parent: item, known: ENTRY_KEYS, notes });
    if (!fields.isThere) continue;
    const result = readResult(fields, { hints, room, notes });
    room -= result.details.length;
    results.push({ result, at: item });
  }
  return mergeSplit(results, notes);
}

interface Surroundings {
  readonly hints: DomainHints;
  readonly room: number;
  readonly notes: ReportNotes;
}

function readResult(entry: Fields, { hints, room, notes }: Surroundings): ReceivedPolicyResult {
  const policy = readPolicy(entry, hints, notes);
  const summary = openFields(entry.get('summary'), { parent: entry, known: SUMMARY_KEYS, notes });
  const { details, sum } = readDetails(entry.get('failure-details'), { room, notes });
  const successes = readTotal(summary, { key: 'total-successful-session-count', notes });
  const failures = readTotal(summary, { key: 'total-failure-session-count', instead: sum, notes });
  noteSum(entry, { failures, sum, details: details.length, notes });
  return { policy, successes, failures, details };
}

/** A missing total is what the details add up to. */
function readTotal(
  summary: Fields,
  {
    key,
    instead = 0,
    notes,
  }: { key: keyof typeof SUMMARY_KEYS; instead?: number; notes: ReportNotes },
): number {
  const count = readCount(summary.get(key), notes);
  if (count !== undefined) return count;
  const total = Math.min(instead, Number.MAX_SAFE_INTEGER);
  notes.add('TLSRPT_REPORT_COUNT_MISSING', summary, `${key} is missing; taken for ${total}`);
  return total;
}

function noteSum(
  entry: Fields,
  {
    failures,
    sum,
    details,
    notes,
  }: { failures: number; sum: number; details: number; notes: ReportNotes },
): void {
  if (sum > failures) {
    const text = `the details add up to ${sum}, the total is ${failures}`;
    notes.add('TLSRPT_REPORT_OVER_ITEMISED', entry, text);
  } else if (sum < failures) {
    const text = `of ${failures} failed sessions ${details} details explain ${sum}`;
    notes.add('TLSRPT_REPORT_NOT_ITEMISED', entry, text);
  }
}

function readPolicy(entry: Fields, hints: DomainHints, notes: ReportNotes): ReceivedPolicy {
  const fields = openFields(entry.get('policy'), { parent: entry, known: POLICY_KEYS, notes });
  const type = readType(fields, notes);
  const strings = policyStrings(fields.get('policy-string'), notes);
  const patterns = fields.get('mx-host');
  const mxHosts = readTexts(patterns, { alone: 'TLSRPT_REPORT_MX_HOST_NOT_ARRAY', notes }).map(
    (pattern) => mxPattern(pattern, patterns!, notes),
  );
  if (type.type === 'sts' && strings.length > 0 && mxHosts.length === 0) {
    notes.add('TLSRPT_REPORT_MX_HOST_MISSING', fields, 'mx-host is missing');
  }
  return { ...type, ...domainOf(fields, hints, notes), strings, mxHosts };
}

function readType(fields: Fields, notes: ReportNotes): Pick<ReceivedPolicy, 'type' | 'rawType'> {
  const found = fields.get('policy-type');
  const rawType = readWord(found, notes) ?? '';
  if (isPolicyType(rawType)) return { type: rawType, rawType };
  const place = found ?? fields;
  const type = rawType.toLowerCase();
  if (!isPolicyType(type)) {
    const text = rawType === '' ? 'policy-type is missing' : `${quoted(rawType)} is no policy type`;
    notes.add('TLSRPT_REPORT_POLICY_TYPE_UNKNOWN', place, text);
    return { type: 'other', rawType };
  }
  notes.add('TLSRPT_REPORT_POLICY_TYPE_FORM', place, `${quoted(rawType)} is read as ${type}`);
  return { type, rawType };
}

function isPolicyType(text: string): text is PolicyType {
  return (POLICY_TYPES as readonly string[]).includes(text);
}

function domainOf(
  fields: Fields,
  hints: DomainHints,
  notes: ReportNotes,
): Pick<ReceivedPolicy, 'domain' | 'domainFrom'> {
  const domain = readDomain(fields.get('policy-domain'), notes);
  if (domain !== undefined) return { domain, domainFrom: 'report' };
  const guess = guessDomain(hints);
  const text =
    guess.domain === '' ? 'not known' : `${guess.domain} is taken from ${guess.domainFrom}`;
  notes.add('TLSRPT_REPORT_DOMAIN_MISSING', fields, `policy-domain is missing; ${text}`);
  return guess;
}

function guessDomain(hints: DomainHints): Pick<ReceivedPolicy, 'domain' | 'domainFrom'> {
  const header = domainIn(hints.headerDomain);
  if (header !== undefined) return { domain: header, domainFrom: 'header' };
  const fromId = domainOfReportId(hints.reportId);
  if (fromId !== undefined) return { domain: fromId, domainFrom: 'report-id' };
  const fromName = hints.fromFileName.domain;
  if (fromName !== undefined) return { domain: fromName, domainFrom: 'file-name' };
  return { domain: '', domainFrom: 'unknown' };
}
