/**
 * Reading and writing the `_smtp._tls` TXT record (RFC 8460 §3).
 *
 * @module
 */
import { checkTxtValue, scanTxtFields, type TxtField, type TxtForm } from '../dns/txt-fields.ts';
import type { Problem, Reading } from '../failure.ts';
import { collectProblems, didYouMean, quoted, readingOf, type ProblemList } from '../problems.ts';
import { readReportTarget } from './report-target.ts';
import type { ReportTarget, TlsrptDiscovery, TlsrptRecord } from './types.ts';

const RULE = 'RFC 8460 §3';

/** How many places for reports are served; a record that names more could turn us into a flood. */
export const MAX_TARGETS = 5;

const FORM: TxtForm = {
  version: 'v=TLSRPTv1',
  rule: RULE,
  example: 'v=TLSRPTv1; rua=mailto:reports@example.com',
  keeps: {
    name: 'rua',
    found: /(?:^|[^A-Za-z0-9])rua[ \t]{0,9}=[ \t]{0,9}((?:mailto|https):[^\s;"'\\]{1,200})/i,
  },
  stray: { looks: /^(?:mailto|https?):/i, fix: 'use a comma between the places of one rua' },
  codes: {
    version: 'TLSRPT_RECORD_VERSION',
    notAscii: 'TLSRPT_RECORD_NOT_ASCII',
    space: 'TLSRPT_RECORD_SPACE',
    spaceBeforeDelimiter: 'TLSRPT_RECORD_SPACE_BEFORE_DELIMITER',
    emptyField: 'TLSRPT_RECORD_EMPTY_FIELD',
    noFields: 'TLSRPT_RECORD_NO_FIELDS',
    field: 'TLSRPT_RECORD_FIELD',
    fieldName: 'TLSRPT_RECORD_FIELD_NAME',
    fieldValue: 'TLSRPT_RECORD_FIELD_VALUE',
  },
};

/**
 * Reads the text of one record: its character-strings joined with nothing between. Several `rua`
 * fields make one list. A place that cannot be used is left out with a warning; a record without
 * a usable one has no value.
 */
export function readTlsrptRecord(text: string): Reading<TlsrptRecord> {
  const problems = collectProblems('TLSRPT_PROBLEMS_CUT');
  const fields = scanTxtFields(text, FORM, problems);
  const extensions = new Map<string, string>();
  const targets = new Map<string, ReportTarget>();
  let ruaFields = 0;
  for (const field of fields) {
    if (field.name === 'rua') {
      ruaFields += 1;
      if (ruaFields === 2) problems.add(duplicate(field, 'they are read as one list'));
      readRua(field, targets, problems);
    } else {
      readExtension(field, extensions, problems);
    }
  }
  if (fields.length > 0 && targets.size === 0) problems.add(noTarget(text, ruaFields));
  return readingOf(problems, () => ({
    rua: Array.from(targets.values()),
    extensions: Array.from(extensions),
  }));
}

/** The text of a record, as it is published. */
export function tlsrptRecordText(record: TlsrptRecord): string {
  const rua = ['rua', record.rua.map((target) => target.uri).join(',')] as const;
  const fields = [rua, ...record.extensions].map(([name, value]) => `${name}=${value};`);
  return `v=TLSRPTv1; ${fields.join(' ')}`;
}

/**
 * Picks the one valid record among the TXT records of a name: of several only those that begin
 * with `v=TLSRPTv1;` count, and any other number than one means that the domain wants no reports.
 */
export function selectTlsrptRecord(
  records: readonly string[],
): Exclude<TlsrptDiscovery, { readonly kind: 'failed' }> {
  const candidates =
    records.length === 1
      ? records.filter((text) => /v[ \t]*=[ \t]*(?:tlsrpt|tslrpt)/i.test(text))
      : records.filter((text) => text.startsWith('v=TLSRPTv1;'));
  const [text] = candidates;
  if (text === undefined) {
    const detail = `none of ${records.length} TXT records begins with v=TLSRPTv1;`;
    return { kind: 'absent', failure: { code: 'TLSRPT_RECORD_NONE', detail } };
  }
  if (candidates.length > 1) {
    const detail = `${candidates.length} records begin with v=TLSRPTv1;`;
    return { kind: 'absent', failure: { code: 'TLSRPT_RECORD_SEVERAL', detail } };
  }
  const { value, problems } = readTlsrptRecord(text);
  if (value !== undefined) return { kind: 'record', record: value, text };
  const fault = problems.find((problem) => problem.severity === 'error');
  const detail = `the record ${quoted(text)} is not valid: ${fault?.message ?? ''}, column ${fault?.column ?? 1}`;
  return { kind: 'absent', failure: { code: 'TLSRPT_RECORD_INVALID', detail } };
}

function readRua(field: TxtField, targets: Map<string, ReportTarget>, problems: ProblemList): void {
  // An empty list is reported once, for the record as a whole.
  if (field.value === '') return;
  let offset = 0;
  for (const piece of field.value.split(',')) {
    const uri = piece.trim();
    const column = field.valueColumn + offset + Math.max(0, piece.indexOf(uri));
    offset += piece.length + 1;
    const reading = readReportTarget(uri);
    if (!('target' in reading)) {
      problems.add(atColumn(column, { severity: 'warning', ...reading }));
    } else {
      if (reading.trap !== undefined) {
        problems.add(atColumn(column, { severity: 'warning', ...reading.trap }));
      }
      addTarget(reading.target, column, { targets, problems });
    }
  }
}

function addTarget(
  target: ReportTarget,
  column: number,
  { targets, problems }: { targets: Map<string, ReportTarget>; problems: ProblemList },
): void {
  const key = target.kind === 'mailto' ? `mailto:${target.address}` : target.url;
  if (targets.has(key)) {
    problems.add(
      atColumn(column, {
        code: 'TLSRPT_RUA_DUPLICATE',
        message: `${quoted(target.uri)} stands twice`,
        fix: 'remove one',
        severity: 'warning',
      }),
    );
  } else if (targets.size >= MAX_TARGETS) {
    problems.add(
      atColumn(column, {
        code: 'TLSRPT_RUA_TOO_MANY',
        message: `${quoted(target.uri)} is ignored: only ${MAX_TARGETS} places are served`,
        fix: 'name fewer',
        severity: 'warning',
      }),
    );
  } else {
    targets.set(key, target);
  }
}

function readExtension(
  field: TxtField,
  extensions: Map<string, string>,
  problems: ProblemList,
): void {
  checkTxtValue(field, FORM, problems);
  const meant = didYouMean(field.name, ['rua']);
  problems.add(
    atColumn(field.column, {
      code: 'TLSRPT_RECORD_FIELD_UNKNOWN',
      message: `the field ${quoted(field.name)} is unknown and ignored`,
      fix: meant === undefined ? 'nothing, if it is meant to be there' : `did you mean "${meant}"?`,
      severity: 'info',
    }),
  );
  if (extensions.has(field.name)) problems.add(duplicate(field, 'only the first counts'));
  else extensions.set(field.name, field.value);
}

function duplicate(field: TxtField, effect: string): Problem {
  return atColumn(field.column, {
    code: 'TLSRPT_RECORD_FIELD_DUPLICATE',
    message: `a second ${quoted(field.name)}: ${effect}`,
    fix: field.name === 'rua' ? 'write one rua with commas between the places' : 'remove it',
    severity: 'warning',
  });
}

function noTarget(text: string, ruaFields: number): Problem {
  const isThere = ruaFields > 0 && /rua=[^;\s]/.test(text);
  return atColumn(text.length + 1, {
    code: isThere ? 'TLSRPT_RUA_NONE_USABLE' : 'TLSRPT_RUA_MISSING',
    message: isThere
      ? 'none of the places for reports can be used'
      : `the record has ${ruaFields === 0 ? 'no rua' : 'an empty rua'}`,
    fix: isThere
      ? 'mend the places as it is said of each'
      : 'add e.g. rua=mailto:reports@example.com',
    severity: 'error',
  });
}

function atColumn(column: number, fault: Omit<Problem, 'line' | 'column'>): Problem {
  return { ...fault, message: `${fault.message} (${RULE})`, line: 1, column };
}
