/**
 * Error codes of reports as files.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

const NOTHING = 'Nothing: the report is understood all the same.';
const GUESS =
  'Nothing, but take what was filled in for a guess; the sender should mend its reports.';

/** Codes that begin with `TLSRPT_REPORT_`. */
export const REPORT_ERRORS = {
  TLSRPT_REPORT_EMPTY: {
    meaning: 'There is nothing where a report should be.',
    action: 'Look whether the file was copied or the mail forwarded in full.',
  },
  TLSRPT_REPORT_PACKED_SIZE: {
    meaning: 'The file is larger than a report may be.',
    action: 'Raise the limit if such reports are wanted; no honest report comes near it.',
    rule: 'RFC 8460 §5.2',
  },
  TLSRPT_REPORT_JSON_SIZE: {
    meaning: 'Unpacked, the report is larger than the limit, or swells out of proportion.',
    action: 'Treat it as an attack unless the sender is known to write reports of this size.',
    rule: 'RFC 8460 §5.2',
  },
  TLSRPT_REPORT_GZIP: {
    meaning: 'The file begins as gzip but cannot be unpacked: cut short, or its checksum is wrong.',
    action: 'Ask for the report again; it was damaged on its way.',
    rule: 'RFC 1952',
  },
  TLSRPT_REPORT_ZIP: {
    meaning: 'The file begins as a zip archive but cannot be read.',
    action: 'Ask for the report again; it was damaged on its way.',
  },
  TLSRPT_REPORT_ZIP_NO_JSON: {
    meaning: 'The zip archive has no file whose name ends in `.json`.',
    action: 'Look what the archive is: it is no TLS report.',
  },
  TLSRPT_REPORT_IN_ZIP: {
    meaning: 'The report came in a zip archive, which is no form that the standard knows.',
    action: NOTHING,
    rule: 'RFC 8460 §5.2',
  },
  TLSRPT_REPORT_ZIP_MORE: {
    meaning: 'The zip archive has more than one file; the first report in it was read.',
    action: 'Look into the archive for what was not read.',
  },
  TLSRPT_REPORT_GZIP_MEMBERS: {
    meaning: 'The gzip file has a second member after the first; only the first was read.',
    action: 'Look at the rest of the file: it may be another report.',
    rule: 'RFC 1952 §2.2',
  },
  TLSRPT_REPORT_TRAILING_BYTES: {
    meaning: 'Something follows the report; it was not read.',
    action: NOTHING,
  },
  TLSRPT_REPORT_BOM: {
    meaning: 'The text begins with a byte order mark.',
    action: NOTHING,
    rule: 'RFC 8259 §8.1',
  },
  TLSRPT_REPORT_UTF8: {
    meaning: 'The text is not valid UTF-8; what could not be read became U+FFFD.',
    action: NOTHING,
    rule: 'RFC 7493 §2.1',
  },
  TLSRPT_REPORT_JSON: {
    meaning: 'The text is not JSON.',
    action: 'Look whether it is a report at all; if so, tell the sender.',
    rule: 'RFC 8460 §4',
  },
  TLSRPT_REPORT_JSON_DEPTH: {
    meaning: 'The JSON is nested deeper than any report.',
    action: 'Treat it as an attack.',
  },
  TLSRPT_REPORT_JSON_VALUES: {
    meaning: 'The JSON has more values than a report may have.',
    action: 'Treat it as an attack unless the sender is known to write reports of this size.',
  },
  TLSRPT_REPORT_NOT_A_REPORT: {
    meaning: 'The JSON is not a TLS report: it is no object, or has none of the keys of one.',
    action: 'Look what it is.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_WRAPPED: {
    meaning: 'The report stands in an array.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_LONE_OBJECT: {
    meaning: 'One object stands where an array of them should.',
    action: NOTHING,
    rule: 'RFC 8460 §4',
  },
  TLSRPT_REPORT_KEY_DUPLICATE: {
    meaning: 'A key stands twice in one object; the last one counts.',
    action: GUESS,
    rule: 'RFC 7493 §2.3',
  },
  TLSRPT_REPORT_KEY_UNKNOWN: {
    meaning: 'A key that no standard knows; it is ignored.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_KEY_ALIAS: {
    meaning: 'A key has another name than in the standard, one that is known to be used.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_TYPE: {
    meaning: 'A value is of another type than it must be; it is read as far as it makes sense.',
    action: GUESS,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_STRING_CUT: {
    meaning: 'A text is longer than is kept; its end is cut off.',
    action: 'Nothing; the whole text is in the report as it came.',
  },
  TLSRPT_REPORT_STRING_UNFIT: {
    meaning: 'A text has characters that cannot be stored (NUL, half a pair); they became U+FFFD.',
    action: NOTHING,
    rule: 'RFC 7493 §2.1',
  },
  TLSRPT_REPORT_LIST_CUT: {
    meaning: 'A list has more entries than are kept; the rest is cut off.',
    action: 'Nothing; the whole list is in the report as it came, and the totals are right.',
  },
  TLSRPT_REPORT_ORGANIZATION_MISSING: {
    meaning: 'The report does not say which organisation made it.',
    action: 'Nothing: the domain it came from tells.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_CONTACT_MISSING: {
    meaning: 'The report names nobody to ask.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_ID_MISSING: {
    meaning: 'The report has no `report-id`; one was made up from its range and domain.',
    action: GUESS,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_RANGE_MISSING: {
    meaning: 'The report does not say from when to when it counts.',
    action: 'Tell the sender: numbers without a time cannot be used.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_RANGE_FROM_FILE_NAME: {
    meaning: 'The report does not say from when to when it counts; its file name does.',
    action: GUESS,
    rule: 'RFC 8460 §4.4, §5.1',
  },
  TLSRPT_REPORT_TIME_INVALID: {
    meaning: 'A time cannot be read.',
    action: 'Tell the sender: numbers without a time cannot be used.',
    rule: 'RFC 3339 §5.6',
  },
  TLSRPT_REPORT_TIME_NO_ZONE: {
    meaning: 'A time has no zone; it is taken for UTC.',
    action: NOTHING,
    rule: 'RFC 3339 §5.6',
  },
  TLSRPT_REPORT_TIME_FORM: {
    meaning:
      'A time is written in an unusual form: an offset, fractions of a second, no time of day.',
    action: NOTHING,
    rule: 'RFC 3339 §5.6',
  },
  TLSRPT_REPORT_RANGE_BACKWARDS: {
    meaning: 'The range ends before it begins.',
    action: 'Tell the sender: numbers without a time cannot be used.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_RANGE_EMPTY: {
    meaning: 'The range ends when it begins; it is taken for one second.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_RANGE_TOO_LONG: {
    meaning: 'The range is longer than 31 days: its numbers cannot be put on days.',
    action: 'Tell the sender that reports are to be daily.',
    rule: 'RFC 8460 §4.1',
  },
  TLSRPT_REPORT_RANGE_NOT_A_DAY: {
    meaning: 'The range is not one whole UTC day.',
    action: 'Nothing; its numbers count for the days it covers.',
    rule: 'RFC 8460 §4.1',
  },
  TLSRPT_REPORT_END_MIDNIGHT: {
    meaning: 'The range ends with the next midnight in place of 23:59:59; both mean the same.',
    action: NOTHING,
    rule: 'RFC 8460 §4.1',
  },
  TLSRPT_REPORT_POLICIES_MISSING: {
    meaning: 'The report has no `policies`: it says nothing.',
    action: 'Tell the sender.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_POLICIES_EMPTY: {
    meaning: 'The list of policies is empty: no sessions.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_POLICIES_TOO_MANY: {
    meaning: 'The report has more policies than a report may have.',
    action: 'Treat it as an attack unless the sender is known to write reports of this size.',
  },
  TLSRPT_REPORT_POLICY_SPLIT: {
    meaning: 'The same policy stands twice; its numbers were added up.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_POLICY_TYPES_BESIDE: {
    meaning:
      'One domain stands under both STS and DANE with the same numbers: the same sessions, most likely.',
    action: 'Do not add them up; sessions are counted once for a domain.',
    rule: 'RFC 8460 §4',
  },
  TLSRPT_REPORT_POLICY_TYPE_FORM: {
    meaning: 'A policy type is written in another case than in the standard.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_POLICY_TYPE_UNKNOWN: {
    meaning: 'A policy type is missing, or none that the standard knows.',
    action: 'Nothing; the sessions are kept under "other".',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_DOMAIN_MISSING: {
    meaning: 'A policy does not say for which domain; it was taken from elsewhere or is not known.',
    action: GUESS,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_DOMAIN_INVALID: {
    meaning: 'What stands for the domain of a policy is no domain name.',
    action: GUESS,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_NAME_FORM: {
    meaning: 'A name is written in upper case, with a trailing dot, or not as A-labels.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_NAME_INVALID: {
    meaning: 'What stands for the name of a host is none; it is kept as it is.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_HINT_DIFFERS: {
    meaning: 'The mail or the file name says otherwise than the report; the report counts.',
    action: NOTHING,
    rule: 'RFC 8460 §5.6',
  },
  TLSRPT_REPORT_POLICY_STRING_NOT_ARRAY: {
    meaning: 'The policy is one string in place of an array of them.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_POLICY_STRING_NESTED: {
    meaning: 'The policy is a JSON array that was put into a string; it was unpacked.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_POLICY_STRING_SPACE: {
    meaning: 'A line of the policy begins or ends with a space, most likely as it was published.',
    action: 'If the policy is yours, remove the space.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_MX_HOST_NOT_ARRAY: {
    meaning: 'The MX patterns are one string in place of an array of them.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4, erratum 6241',
  },
  TLSRPT_REPORT_MX_HOST_MISSING: {
    meaning: 'An STS policy is reported without its MX patterns.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_EMPTY_LIST: {
    meaning: 'An empty list, or text, stands where nothing should.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_COUNT_MISSING: {
    meaning: 'A number of sessions is missing.',
    action: GUESS,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_COUNT_AS_STRING: {
    meaning: 'A number of sessions stands in quotes.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_COUNT_INVALID: {
    meaning: 'A number of sessions is not a whole number from 0 to 9007199254740991.',
    action: 'Tell the sender: a report with such numbers is not to be trusted.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_NOT_ITEMISED: {
    meaning: 'The details explain fewer failed sessions than there were.',
    action: 'Nothing; the total counts.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_OVER_ITEMISED: {
    meaning: 'The details add up to more than the failed sessions: a session can fail in two ways.',
    action: 'Nothing; the total counts.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_DETAIL_ZERO: {
    meaning: 'A failure that happened in no session; it is left out.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_DETAIL_SPARSE: {
    meaning: 'A failed session is reported without the sending address or the MX host.',
    action: 'Nothing, but the cause is harder to find.',
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_RESULT_TYPE_FORM: {
    meaning: 'A result type is written in another case than in the standard.',
    action: NOTHING,
    rule: 'RFC 8460 §4.3',
  },
  TLSRPT_REPORT_RESULT_TYPE_UNKNOWN: {
    meaning: 'A result type is missing, or none that the standard knows.',
    action: 'Nothing; the failure is kept under "unknown".',
    rule: 'RFC 8460 §4.3',
  },
  TLSRPT_REPORT_ADDRESS_FORM: {
    meaning: 'An address is written in an unusual form: brackets, upper case, mapped IPv4.',
    action: NOTHING,
    rule: 'RFC 5952 §4',
  },
  TLSRPT_REPORT_ADDRESS_INVALID: {
    meaning: 'What stands for an address is none, perhaps made unreadable on purpose; left out.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_HELO_LINES: {
    meaning: 'What stands for the name of a server is its whole greeting, of several lines.',
    action: NOTHING,
    rule: 'RFC 8460 §4.4',
  },
  TLSRPT_REPORT_PROBLEMS_CUT: {
    meaning: 'The report has more faults than are listed.',
    action: 'Mend those that are listed and check again.',
  },
} as const satisfies Record<string, ErrorEntry>;
