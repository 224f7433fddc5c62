/**
 * Error codes of `tlsrpt/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `TLSRPT_`. */
export const TLSRPT_ERRORS = {
  TLSRPT_RECORD_NONE: {
    meaning: 'The domain publishes no TLS reporting record.',
    action: 'Nothing: the domain wants no reports.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_SEVERAL: {
    meaning: 'The domain publishes more than one TLS reporting record, which counts as none.',
    action: 'The owner of the domain must remove all but one.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_INVALID: {
    meaning: 'The TLS reporting record breaks the grammar, which counts as no record.',
    action: 'The owner of the domain must mend the record; the detail names the fault.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_VERSION: {
    meaning: 'The record does not begin with `v=TLSRPTv1`, in exactly that spelling.',
    action: 'Put `v=TLSRPTv1;` first.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_NOT_ASCII: {
    meaning: 'The record has a character outside US-ASCII.',
    action: 'Write the record with ASCII characters only; percent-encode the rest.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_SPACE: {
    meaning:
      'The record has a space where none may stand: only around `;` and `,` are spaces allowed.',
    action: 'Remove the space.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_SPACE_BEFORE_DELIMITER: {
    meaning:
      'A space stands between `v=TLSRPTv1` and `;`: the grammar allows it, but many senders do not see such a record.',
    action: 'Write `v=TLSRPTv1;` without the space.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_EMPTY_FIELD: {
    meaning: 'Two delimiters stand together with no field between them.',
    action: 'Remove one `;`.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_NO_FIELDS: {
    meaning: 'Nothing follows the version.',
    action: 'Add a `rua` field, e.g. `v=TLSRPTv1; rua=mailto:reports@example.com`.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_FIELD: {
    meaning: 'A field is not of the form `name=value`.',
    action: 'Write the field as `name=value`, or remove it.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_FIELD_NAME: {
    meaning: 'The name of a field breaks the grammar: 1 to 32 letters, digits, `_`, `-` or `.`.',
    action: 'Rename the field or remove it.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_FIELD_VALUE: {
    meaning: 'The value of a field is empty or has a character that may not stand there.',
    action: 'Use visible ASCII characters other than `=` and `;`.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_FIELD_DUPLICATE: {
    meaning:
      'A field stands twice. Several `rua` fields are read as one list; of others only the first counts.',
    action: 'Write one `rua` field with commas between the addresses.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RECORD_FIELD_UNKNOWN: {
    meaning: 'A field that no standard knows; it is ignored.',
    action: 'Nothing, unless it is a misspelling.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RUA_MISSING: {
    meaning: 'The record names no place for reports: it has no `rua`, or an empty one.',
    action: 'Add e.g. `rua=mailto:reports@example.com`.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RUA_NONE_USABLE: {
    meaning: 'None of the places for reports can be used.',
    action: 'Give a `mailto:` or `https:` address.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RUA_SCHEME: {
    meaning: 'A place for reports is neither `mailto:` nor `https:`; it is ignored.',
    action: 'Use `mailto:` or `https:`.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RUA_URI: {
    meaning: 'A place for reports is not a valid address; it is ignored.',
    action: 'Mend it; `,`, `!` and `;` inside it are written %2C, %21 and %3B.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RUA_SLASHES: {
    meaning: 'A `mailto:` address begins with `//`, which is read as a part of the address.',
    action: 'Write `mailto:` and the address with nothing between.',
    rule: 'RFC 8460 §3, RFC 6068 §2',
  },
  TLSRPT_RUA_DUPLICATE: {
    meaning: 'The same place for reports is named twice; it gets one report.',
    action: 'Remove one.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_RUA_TOO_MANY: {
    meaning: 'The record names more places for reports than are served; the rest is ignored.',
    action: 'Name fewer; put the most important ones first.',
    rule: 'RFC 8460 §3',
  },
  TLSRPT_PROBLEMS_CUT: {
    meaning: 'The text has more faults than are listed.',
    action: 'Mend those that are listed and check again.',
  },
} as const satisfies Record<string, ErrorEntry>;
