/**
 * The form that MTA-STS and TLS reporting give their TXT records: a version, then `name=value` fields, `;` between.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Problem } from '../failure.ts';
import { quoted, type ProblemList } from '../problems.ts';

/** What differs from one standard to the other. */
export interface TxtForm {
  /** E.g. `v=STSv1`. */
  readonly version: string;
  /** E.g. `RFC 8461 §3.1`. */
  readonly rule: string;
  /** A whole record, for the fix of a fault. */
  readonly example: string;
  /** The field that a mended record keeps, found in a text of any shape; its first group is the value. */
  readonly keeps: { readonly name: string; readonly found: RegExp };
  /** What to say of a piece that looks as if it belonged to the field before it. */
  readonly stray?: { readonly looks: RegExp; readonly fix: string };
  readonly codes: {
    readonly version: ErrorCode;
    readonly notAscii: ErrorCode;
    readonly space: ErrorCode;
    readonly spaceBeforeDelimiter: ErrorCode;
    readonly emptyField: ErrorCode;
    readonly noFields: ErrorCode;
    readonly field: ErrorCode;
    readonly fieldName: ErrorCode;
    readonly fieldValue: ErrorCode;
  };
}

/** One field whose name is sound. The value is not yet looked at. */
export interface TxtField {
  readonly name: string;
  readonly value: string;
  /** 1-based column of the name. */
  readonly column: number;
  /** 1-based column of the value. */
  readonly valueColumn: number;
}

interface Segment {
  /** Without the spaces and tabs around it. */
  readonly text: string;
  /** 0-based offset of `text`. */
  readonly at: number;
  readonly spaceBefore: boolean;
  readonly spaceAfter: boolean;
  readonly isLast: boolean;
}

const FIELD_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;

/** Splits a record into its fields, telling every fault of its form. Fields are given even where others are at fault. */
export function scanTxtFields(
  text: string,
  form: TxtForm,
  problems: ProblemList,
): readonly TxtField[] {
  const say = (code: ErrorCode, at: number, message: string, fix: string): void =>
    problems.add(fault({ code, at, message: `${message} (${form.rule})`, fix }));

  reportNonAscii(text, form, say);
  const [first, ...rest] = segmentsOf(text);
  const isVersion = scanVersion(first!, text, { form, problems, say });
  // Whatever does not even try to be this kind of record gets one fault, not a list of them.
  if (!isVersion && !looksLikeRecord(text, form.version)) return [];
  const candidates = isVersion || /^v\s*=/i.test(first!.text) ? rest : [first!, ...rest];
  const fields = candidates.flatMap((segment) => scanField(segment, form, say));
  // Where the fields hang on to a bad version, the fault of the version has said enough.
  if (isVersion && candidates.every((segment) => segment.text === '')) {
    say(
      form.codes.noFields,
      text.length,
      'nothing follows the version',
      `write e.g. ${form.example}`,
    );
  }
  return isVersion ? fields : fields.filter((field) => field.name.toLowerCase() !== 'v');
}

type Say = (code: ErrorCode, at: number, message: string, fix: string) => void;

/** A fault at a 0-based offset of a text that is one line. */
function fault(options: {
  readonly code: ErrorCode;
  readonly at: number;
  readonly message: string;
  readonly fix: string;
}): Problem {
  const { code, at, message, fix } = options;
  return { code, line: 1, column: at + 1, message, fix, severity: 'error' };
}

/** Does the text at least try to be a record of this version? */
export function looksLikeRecord(text: string, version: string): boolean {
  const [name = '', value = ''] = version.toLowerCase().split('=');
  const plain = text.toLowerCase().replaceAll(/[ \t]/g, '');
  return plain.includes(`${name}=${value.slice(0, 3)}`);
}

function segmentsOf(text: string): Segment[] {
  const pieces = text.split(';');
  let offset = 0;
  return pieces.map((piece, index) => {
    const trimmed = piece.replace(/^[ \t]+/, '');
    const before = piece.length - trimmed.length;
    const core = trimEnd(trimmed);
    const segment = {
      text: core,
      at: offset + before,
      spaceBefore: before > 0,
      spaceAfter: core.length < trimmed.length,
      isLast: index === pieces.length - 1,
    };
    offset += piece.length + 1;
    return segment;
  });
}

/** Without spaces and tabs at the end; a loop, because a regular expression would take quadratic time. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return text.slice(0, end);
}

function reportNonAscii(text: string, form: TxtForm, say: Say): void {
  for (const run of text.matchAll(/[^\x00-\x7f]+/g)) {
    say(
      form.codes.notAscii,
      run.index,
      `${quoted(run[0])} is not ASCII`,
      'use ASCII characters only',
    );
  }
}

function scanVersion(
  segment: Segment,
  text: string,
  {
    form,
    problems,
    say,
  }: { readonly form: TxtForm; readonly problems: ProblemList; readonly say: Say },
): boolean {
  const { codes, version } = form;
  if (segment.text !== version) {
    const found = segment.text === '' ? 'nothing' : quoted(segment.text);
    say(
      codes.version,
      segment.at,
      `the record must begin with ${version}, not with ${found}`,
      `write ${mended(text, form)}`,
    );
    return false;
  }
  if (segment.spaceBefore) {
    say(
      codes.version,
      0,
      `a space stands before ${version}`,
      `begin the record with ${version}; without a space`,
    );
  }
  if (segment.spaceAfter && segment.isLast) {
    sayTrailingSpace(segment, form, say);
  } else if (segment.spaceAfter) {
    problems.add({
      ...fault({
        code: codes.spaceBeforeDelimiter,
        at: segment.at + version.length,
        message: `a space stands between ${version} and ";": senders that look for "${version};" miss it (${form.rule})`,
        fix: `write ${version};`,
      }),
      severity: 'warning',
    });
  }
  return true;
}

/** A whole record that keeps what the author wrote, if it can be found. */
function mended(text: string, { version, example, keeps }: TxtForm): string {
  const value = looksLikeRecord(text, version) ? keeps.found.exec(text)?.[1] : undefined;
  return value === undefined ? example : `${version}; ${keeps.name}=${value.slice(0, 200)};`;
}

function sayTrailingSpace(segment: Segment, form: TxtForm, say: Say): void {
  say(
    form.codes.space,
    segment.at + segment.text.length,
    'a space ends the record without a ";" before it',
    'remove the space at the end',
  );
}

function scanField(segment: Segment, form: TxtForm, say: Say): TxtField[] {
  const { codes } = form;
  const { text, at } = segment;
  if (text === '') {
    if (!segment.isLast) {
      say(codes.emptyField, at, 'a field is empty: ";" follows ";"', 'remove one ";"');
    }
    return [];
  }
  if (segment.isLast && segment.spaceAfter) sayTrailingSpace(segment, form, say);
  const equals = text.indexOf('=');
  if (form.stray?.looks.test(text) === true) {
    say(codes.field, at, `${quoted(text)} is not of the form name=value`, form.stray.fix);
    return [];
  }
  if (equals === -1) {
    say(
      codes.field,
      at,
      `${quoted(text)} is not of the form name=value`,
      'write name=value, or remove it',
    );
    return [];
  }
  return [splitField(segment, equals, { form, say })];
}

function splitField(
  segment: Segment,
  equals: number,
  { form, say }: { readonly form: TxtForm; readonly say: Say },
): TxtField {
  const { text, at } = segment;
  const rawName = text.slice(0, equals);
  const rawValue = text.slice(equals + 1);
  const name = trimEnd(rawName);
  const value = rawValue.replace(/^[ \t]+/, '');
  const valueAt = at + equals + 1;
  if (name !== rawName || value !== rawValue) {
    const where = name === rawName ? valueAt : at + name.length;
    say(
      form.codes.space,
      where,
      'a space stands beside "="',
      `write ${name}=${value.slice(0, 32)} without it`,
    );
  }
  if (!FIELD_NAME.test(name)) {
    say(
      form.codes.fieldName,
      at,
      `${quoted(name)} is not a field name`,
      'use 1 to 32 letters, digits, "_", "-" or ".", a letter or digit first',
    );
  }
  return {
    name,
    value,
    column: at + 1,
    valueColumn: valueAt + rawValue.length - value.length + 1,
  };
}

/** Tells whether the value of an extension field is sound; ASCII is looked after elsewhere. */
export function checkTxtValue(field: TxtField, form: TxtForm, problems: ProblemList): void {
  const bad = field.value === '' ? 0 : field.value.search(/[\x00-\x20;=\x7f]/);
  if (bad === -1) return;
  const message =
    field.value === ''
      ? `the field ${quoted(field.name)} has no value`
      : `${quoted(field.value[bad]!)} may not stand in the value of ${quoted(field.name)}`;
  problems.add(
    fault({
      code: form.codes.fieldValue,
      at: field.valueColumn - 1 + bad,
      message: `${message} (${form.rule})`,
      fix: 'use visible ASCII characters other than "=" and ";"',
    }),
  );
}
