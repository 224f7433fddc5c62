/**
 * Reading and writing the `_mta-sts` TXT record (RFC 8461 §3.1).
 *
 * @module
 */
import { checkTxtValue, scanTxtFields, type TxtField, type TxtForm } from '../dns/txt-fields.ts';
import type { Reading } from '../failure.ts';
import { collectProblems, didYouMean, quoted, readingOf, type ProblemList } from '../problems.ts';
import type { StsRecord } from './types.ts';

const RULE = 'RFC 8461 §3.1';

const FORM: TxtForm = {
  version: 'v=STSv1',
  rule: RULE,
  example: 'v=STSv1; id=20260101000000Z;',
  keeps: {
    name: 'id',
    found: /(?:^|[^A-Za-z0-9])id[ \t]{0,9}=[ \t]{0,9}([A-Za-z0-9]{1,32})(?![^\s;,"'\\])/i,
  },
  codes: {
    version: 'STS_RECORD_VERSION',
    notAscii: 'STS_RECORD_NOT_ASCII',
    space: 'STS_RECORD_SPACE',
    spaceBeforeDelimiter: 'STS_RECORD_SPACE_BEFORE_DELIMITER',
    emptyField: 'STS_RECORD_EMPTY_FIELD',
    noFields: 'STS_RECORD_NO_FIELDS',
    field: 'STS_RECORD_FIELD',
    fieldName: 'STS_RECORD_FIELD_NAME',
    fieldValue: 'STS_RECORD_FIELD_VALUE',
  },
};

const ID = /^[A-Za-z0-9]{1,32}$/;

/**
 * Reads the text of one record: its character-strings joined with nothing between.
 * Gives every fault; a value only if none is an error. The grammar is taken strictly
 * (RFC 8461 §3.1), and the first of two fields with one name counts (§3.2).
 */
export function readStsRecord(text: string): Reading<StsRecord> {
  const problems = collectProblems('STS_PROBLEMS_CUT');
  const fields = scanTxtFields(text, FORM, problems);
  const firsts = new Map<string, string>();
  for (const field of fields) {
    checkField(field, problems);
    if (firsts.has(field.name)) reportDuplicate(field, problems);
    else firsts.set(field.name, field.value);
  }
  const isOurs = fields.length > 0;
  if (isOurs && !firsts.has('id')) reportMissingId(text, problems);
  return readingOf(problems, () => ({
    id: firsts.get('id')!,
    extensions: Array.from(firsts).filter(([name]) => name !== 'id'),
  }));
}

/** The text of a record, as it is published. */
export function stsRecordText(record: StsRecord): string {
  const fields = [['id', record.id] as const, ...record.extensions];
  return `v=STSv1; ${fields.map(([name, value]) => `${name}=${value};`).join(' ')}`;
}

function checkField(field: TxtField, problems: ProblemList): void {
  if (field.name === 'id') {
    checkId(field, problems);
    return;
  }
  checkTxtValue(field, FORM, problems);
  const meant = didYouMean(field.name, ['id']);
  problems.add({
    code: 'STS_RECORD_FIELD_UNKNOWN',
    line: 1,
    column: field.column,
    message: `the field ${quoted(field.name)} is unknown and ignored (${RULE})`,
    fix: meant === undefined ? 'nothing, if it is meant to be there' : `did you mean "${meant}"?`,
    severity: 'info',
  });
}

/** A bad `id` also fits the grammar of an unknown field, but nobody means that. */
function checkId(field: TxtField, problems: ProblemList): void {
  if (ID.test(field.value)) return;
  const wrong =
    field.value.length > 32 && /^[A-Za-z0-9]+$/.test(field.value)
      ? `has ${field.value.length} characters, 32 are allowed`
      : `is ${field.value === '' ? 'empty' : `${quoted(field.value)}, not letters and digits only`}`;
  const bare = field.value.replace(/^"/, '').replace(/"$/, '');
  problems.add({
    code: 'STS_RECORD_ID_INVALID',
    line: 1,
    column: field.valueColumn,
    message: `the id ${wrong} (${RULE})`,
    fix: ID.test(bare)
      ? `write id=${bare} without quotes`
      : 'write 1 to 32 letters and digits, e.g. id=20260101000000Z',
    severity: 'error',
  });
}

function reportMissingId(text: string, problems: ProblemList): void {
  problems.add({
    code: 'STS_RECORD_ID_MISSING',
    line: 1,
    column: text.length + 1,
    message: `the record has no id (${RULE})`,
    fix: 'add e.g. id=20260101000000Z',
    severity: 'error',
  });
}

function reportDuplicate(field: TxtField, problems: ProblemList): void {
  problems.add({
    code: 'STS_RECORD_FIELD_DUPLICATE',
    line: 1,
    column: field.column,
    message: `a second ${quoted(field.name)}: only the first counts (RFC 8461 §3.2)`,
    fix: 'remove it',
    severity: 'warning',
  });
}
