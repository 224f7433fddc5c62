/**
 * Reading another's TLS report (RFC 8460 §4): strict about what must be known, tolerant of how it
 * is written, and outspoken about the difference.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '../errors.ts';
import type { Problem } from '../failure.ts';
import { quoted } from '../problems.ts';
import { type NoJson, noJsonText } from './no-json.ts';
import {
  domainIn,
  fileNameFacts,
  type FileNameFacts,
  type ReportHints,
} from './read-report-hints.ts';
import { type JsonTree, readJsonTree } from './read-report-json.ts';
import { type ReportCode, type ReportNotes, takeNotes } from './read-report-notes.ts';
import { readPolicies } from './read-report-policy.ts';
import { readRange, type ReportRange } from './read-report-time.ts';
import { type Fields, type Found, openFields, readWord } from './read-report-values.ts';
import type { ReceivedPolicyResult, ReceivedReport } from './report.ts';

export type { ReportHints } from './read-report-hints.ts';

/** What a report says, and all that is to be said of how it says it. */
export interface ReportReading {
  /** Absent where a problem of severity `error` was found. */
  readonly report?: ReceivedReport;
  readonly problems: readonly Problem[];
  /** The codes of everything that is not an error, each once. */
  readonly deviations: readonly ErrorCode[];
}

/** Far above any report that was ever seen, and little for a machine. */
const JSON_LIMITS = { depth: 32, values: 250_000 };

const REPORT_KEYS = {
  'organization-name': [],
  'date-range': [],
  'contact-info': [],
  'report-id': [],
  policies: [],
} as const;

/**
 * Reads the JSON of a report. Never throws; takes time in proportion to the length.
 *
 * @param hints what is known from outside; used only for what the report does not say (§5.6)
 */
export function readReport(json: Uint8Array, hints: ReportHints = {}): ReportReading {
  const notes = takeNotes();
  const text = decode(json, notes);
  const root = rootOf(text, hints, notes);
  const report = root === undefined ? undefined : readRoot(root, hints, notes);
  const problems = notes.problems(text);
  const deviations = notes.deviations();
  return report === undefined || notes.failed
    ? { problems, deviations }
    : { report, problems, deviations };
}

function decode(json: Uint8Array, notes: ReportNotes): string {
  const start = { path: '', at: 0 };
  if (!isUtf8(json)) notes.add('TLSRPT_REPORT_UTF8', start, 'the text is not valid UTF-8');
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8');
  if (!text.startsWith('\ufeff')) return text;
  notes.add('TLSRPT_REPORT_BOM', start, 'the text begins with a byte order mark');
  return text.slice(1);
}

function rootOf(text: string, { packedAs }: ReportHints, notes: ReportNotes): Found | undefined {
  const start = { path: '', at: 0 };
  if (text.trim() === '') {
    notes.add('TLSRPT_REPORT_EMPTY', start, 'there is nothing');
    return undefined;
  }
  const tree = readJsonTree(text, JSON_LIMITS);
  if (!tree.ok) {
    noteNoTree(tree, packedAs === undefined ? { text } : { text, packedAs }, notes);
    return undefined;
  }
  for (const { key, at } of tree.duplicates) {
    const what = `the key ${quoted(key)} stands twice; the last one counts`;
    notes.add('TLSRPT_REPORT_KEY_DUPLICATE', { path: '', at }, what);
  }
  if (tree.paddedAt !== undefined) {
    const place = { path: '', at: tree.paddedAt };
    notes.add('TLSRPT_REPORT_TRAILING_BYTES', place, 'NUL octets follow the report');
  }
  return unwrapped({ node: tree.root, ...start, at: tree.root.at }, notes);
}

const TREE_CODES: Readonly<Record<'syntax' | 'depth' | 'values', ReportCode>> = {
  syntax: 'TLSRPT_REPORT_JSON',
  depth: 'TLSRPT_REPORT_JSON_DEPTH',
  values: 'TLSRPT_REPORT_JSON_VALUES',
};

function noteNoTree(
  { why, at, expected }: Extract<JsonTree, { readonly ok: false }>,
  came: Pick<NoJson, 'text' | 'packedAs'>,
  notes: ReportNotes,
): void {
  const text = why === 'syntax' ? noJsonText({ ...came, at, expected }) : `expected ${expected}`;
  notes.add(TREE_CODES[why], { path: '', at }, text);
}

/** The object of the report: it may be the only entry of an array. */
function unwrapped(root: Found, notes: ReportNotes): Found | undefined {
  const { node } = root;
  const [only, ...more] = node.kind === 'array' ? node.items : [node];
  if (only?.kind !== 'object' || more.length > 0) {
    notes.add('TLSRPT_REPORT_NOT_A_REPORT', root, 'the JSON is not one object');
    return undefined;
  }
  if (only !== node) notes.add('TLSRPT_REPORT_WRAPPED', root, 'the report stands in an array');
  if (!Object.keys(REPORT_KEYS).some((key) => only.fields.has(key))) {
    notes.add('TLSRPT_REPORT_NOT_A_REPORT', root, 'the JSON has none of the keys of a report');
    return undefined;
  }
  return { node: only, path: '', at: only.at };
}

function readRoot(root: Found, hints: ReportHints, notes: ReportNotes): ReceivedReport | undefined {
  const fields = openFields(root, { parent: root, known: REPORT_KEYS, notes });
  const fromFileName = fileNameFacts(hints.fileName);
  const contactInfo = readWord(fields.get('contact-info'), notes);
  if (contactInfo === undefined) {
    notes.add('TLSRPT_REPORT_CONTACT_MISSING', fields, 'contact-info is missing');
  }
  const organizationName = readOrganization(fields, notes);
  const id = readWord(fields.get('report-id'), notes);
  const range = readRange(fields, { fromFileName, notes });
  const policies = readPolicies(fields, {
    hints: { headerDomain: hints.headerDomain, reportId: id ?? '', fromFileName },
    notes,
  });
  if (range === undefined) return undefined;
  noteHints({ fields, hints, fromFileName, contactInfo, range, policies, notes });
  return {
    organizationName,
    ...(contactInfo === undefined ? {} : { contactInfo }),
    reportId: id ?? madeUpId(fields, { range, policies, notes }),
    ...range,
    policies,
  };
}

function readOrganization(fields: Fields, notes: ReportNotes): string {
  const name = readWord(fields.get('organization-name'), notes);
  if (name !== undefined) return name;
  notes.add('TLSRPT_REPORT_ORGANIZATION_MISSING', fields, 'organization-name is missing');
  return '';
}

/** Two reports without an id must not pass for one and the same. */
function madeUpId(
  fields: Fields,
  {
    range,
    policies,
    notes,
  }: { range: ReportRange; policies: readonly ReceivedPolicyResult[]; notes: ReportNotes },
): string {
  const domain = policies[0]?.policy.domain ?? '';
  const id = `none ${new Date(range.start).toISOString()} ${domain}`.trim();
  notes.add('TLSRPT_REPORT_ID_MISSING', fields, `report-id is missing; it is called "${id}"`);
  return id;
}

interface Said {
  readonly fields: Fields;
  readonly hints: ReportHints;
  readonly fromFileName: FileNameFacts;
  readonly contactInfo: string | undefined;
  readonly range: ReportRange;
  readonly policies: readonly ReceivedPolicyResult[];
  readonly notes: ReportNotes;
}

/** Where the surroundings contradict the report: it is believed (§5.6), and that is said. */
function noteHints(said: Said): void {
  const { fields, hints, fromFileName, contactInfo, range, notes } = said;
  const differs = (what: string) => notes.add('TLSRPT_REPORT_HINT_DIFFERS', fields, what);
  const named = fromFileName.range;
  if (named !== undefined && (named.start !== range.start || named.end !== range.end)) {
    differs('the file name gives another range');
  }
  for (const domain of [domainIn(hints.headerDomain), fromFileName.domain]) {
    if (domain !== undefined && !isAbout(domain, said.policies)) {
      differs(`the report is not about ${domain}, as its surroundings say`);
    }
  }
  const submitter = domainIn(hints.headerSubmitter);
  const contact = domainIn(contactInfo?.split('@').at(-1));
  if (submitter !== undefined && contact !== undefined && submitter !== contact) {
    differs(`the header names ${submitter} as the submitter, contact-info ${contact}`);
  }
}

/** DANE policies bear the name of an MX host and say nothing here. */
function isAbout(domain: string, policies: readonly ReceivedPolicyResult[]): boolean {
  const named = policies.filter(({ policy }) => policy.type !== 'tlsa' && policy.domain !== '');
  return named.length === 0 || named.some(({ policy }) => policy.domain === domain);
}
