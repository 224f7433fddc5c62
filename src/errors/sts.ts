/**
 * Error codes of `mta-sts/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `STS_`. */
export const STS_ERRORS = {
  STS_RECORD_NONE: {
    meaning: 'The domain publishes no MTA-STS record.',
    action: 'Nothing: the domain does not take part.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_SEVERAL: {
    meaning: 'The domain publishes more than one MTA-STS record, which counts as none.',
    action: 'The owner of the domain must remove all but one.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_INVALID: {
    meaning: 'The MTA-STS record breaks the grammar, which counts as no record.',
    action: 'The owner of the domain must mend the record; the detail names the fault.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_VERSION: {
    meaning: 'The record does not begin with `v=STSv1`, in exactly that spelling.',
    action: 'Put `v=STSv1;` first.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_NOT_ASCII: {
    meaning: 'The record has a character outside US-ASCII.',
    action: 'Write the record with ASCII characters only.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_SPACE: {
    meaning: 'The record has a space where none may stand: only around `;` are spaces allowed.',
    action: 'Remove the space.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_SPACE_BEFORE_DELIMITER: {
    meaning:
      'A space stands between `v=STSv1` and `;`: the grammar allows it, but many senders do not see such a record.',
    action: 'Write `v=STSv1;` without the space.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_EMPTY_FIELD: {
    meaning: 'Two delimiters stand together with no field between them.',
    action: 'Remove one `;`.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_NO_FIELDS: {
    meaning: 'Nothing follows the version.',
    action: 'Add an `id` field, e.g. `v=STSv1; id=20260101000000Z;`.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_FIELD: {
    meaning: 'A field is not of the form `name=value`.',
    action: 'Write the field as `name=value`, or remove it.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_FIELD_NAME: {
    meaning: 'The name of a field breaks the grammar: 1 to 32 letters, digits, `_`, `-` or `.`.',
    action: 'Rename the field or remove it.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_FIELD_VALUE: {
    meaning: 'The value of a field is empty or has a character that may not stand there.',
    action: 'Use visible ASCII characters other than `=` and `;`.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_ID_MISSING: {
    meaning: 'The record has no `id`.',
    action: 'Add one, e.g. `id=20260101000000Z`.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_ID_INVALID: {
    meaning: 'The `id` is not 1 to 32 ASCII letters and digits.',
    action: 'Use letters and digits only, e.g. the date and time of the change.',
    rule: 'RFC 8461 §3.1',
  },
  STS_RECORD_FIELD_DUPLICATE: {
    meaning: 'A field stands twice; only the first counts.',
    action: 'Remove the later one.',
    rule: 'RFC 8461 §3.2',
  },
  STS_RECORD_FIELD_UNKNOWN: {
    meaning: 'A field that no standard knows; it is ignored.',
    action: 'Nothing, unless it is a misspelling.',
    rule: 'RFC 8461 §3.1',
  },
  STS_PROBLEMS_CUT: {
    meaning: 'The text has more faults than are listed.',
    action: 'Mend those that are listed and check again.',
  },
  STS_POLICY_INVALID: {
    meaning: 'The policy was fetched, but its text is not valid, which counts as no new policy.',
    action: 'The owner of the domain must mend the policy; the detail names the fault.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MEDIA_TYPE: {
    meaning: 'The policy host did not send the policy as `text/plain`.',
    action: 'The owner of the domain must serve the file with `Content-Type: text/plain`.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_CUT: {
    meaning:
      'The policy came without a length and does not end with a line end: it may have been cut on its way.',
    action: 'The owner of the domain must serve the file with a Content-Length, as web servers do.',
    rule: 'RFC 9112 §8',
  },
  STS_POLICY_TOO_LARGE: {
    meaning: 'The policy is larger than 64 KiB; many senders refuse it.',
    action: 'Make it smaller, for instance with wildcard patterns.',
    rule: 'RFC 8461 §3.3',
  },
  STS_POLICY_EMPTY: {
    meaning: 'The policy has no lines.',
    action: 'Write the lines `version`, `mode`, `mx` and `max_age`.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_NOT_UTF8: {
    meaning: 'The policy is not valid UTF-8.',
    action: 'Save the file as UTF-8, or use ASCII only.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_BOM: {
    meaning: 'The policy begins with a byte order mark, so its first key cannot be read.',
    action: 'Save the file as UTF-8 without a byte order mark.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_CR_ALONE: {
    meaning: 'A carriage return stands without a line feed behind it.',
    action: 'End each line with CR LF or LF.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_CONTROL_CHARACTER: {
    meaning: 'A line has a control character, such as NUL or a tab inside a value.',
    action: 'Remove it.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_BLANK_LINE: {
    meaning: 'A blank line stands before the last line; the grammar has no blank lines.',
    action: 'Remove it.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_TRAILING_BLANK_LINE: {
    meaning: 'Blank lines stand at the end; some senders refuse such a policy.',
    action: 'End the file after the line break of the last line.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_LF: {
    meaning: 'Lines end with LF alone. That is allowed, but strict readers want CR LF.',
    action: 'Nothing is needed; CR LF pleases every reader.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_LINE: {
    meaning: 'A line is not of the form `key: value`.',
    action: 'Write it as `key: value`, or remove it.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_SPACE: {
    meaning: 'A space or tab stands before a key or before the colon.',
    action: 'Remove it.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_KEY: {
    meaning: 'A key breaks the grammar: 1 to 32 letters, digits, `_`, `-` or `.`.',
    action: 'Rename the key or remove the line.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_VALUE_EMPTY: {
    meaning: 'A key has no value.',
    action: 'Write a value, or remove the line.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_VERSION_MISSING: {
    meaning: 'The policy has no `version`.',
    action: 'Add the line `version: STSv1`.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_VERSION_INVALID: {
    meaning: 'The `version` is not `STSv1`, in exactly that spelling.',
    action: 'Write `version: STSv1`.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MODE_MISSING: {
    meaning: 'The policy has no `mode`.',
    action: 'Add the line `mode: testing` or `mode: enforce`.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MODE_INVALID: {
    meaning: 'The `mode` is not `enforce`, `testing` or `none` in lower case.',
    action: 'Write one of the three.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MAX_AGE_MISSING: {
    meaning: 'The policy has no `max_age`.',
    action: 'Add the line `max_age: 604800` (a week) or longer.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MAX_AGE_INVALID: {
    meaning: 'The `max_age` is not a number of seconds of 1 to 10 digits.',
    action: 'Write digits only, e.g. `max_age: 604800`.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MAX_AGE_TOO_LARGE: {
    meaning: 'The `max_age` is longer than a year (31557600 seconds).',
    action: 'Write 31557600 or less.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MAX_AGE_SHORT: {
    meaning: 'The `max_age` is less than a day: senders forget the policy between messages.',
    action: 'Use at least 86400, better some weeks; change the `id` when the policy changes.',
    rule: 'RFC 8461 §10.2',
  },
  STS_POLICY_MAX_AGE_UNDER_WEEK: {
    meaning: 'The `max_age` is less than a week; the standard has weeks or more in mind.',
    action: 'Use 604800 or more once the policy has proved itself.',
    rule: 'RFC 8461 §10.2',
  },
  STS_POLICY_MX_MISSING: {
    meaning: 'The policy has no `mx` line, which modes `enforce` and `testing` need.',
    action: 'Add one `mx: host` line for each MX host.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MX_INVALID: {
    meaning: 'An `mx` value is neither a host name nor `*.` and a host name.',
    action: 'Write one name on each line, as A-labels and without a trailing dot.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MX_DUPLICATE: {
    meaning: 'The same `mx` pattern stands twice.',
    action: 'Remove one.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MX_WILDCARD: {
    meaning: 'An `mx` pattern covers every host directly below a domain.',
    action: 'Name the MX hosts one by one if you can.',
    rule: 'RFC 8461 §4.1',
  },
  STS_POLICY_MX_ONE_LABEL: {
    meaning: 'An `mx` value has one label only, which no MX host of the public DNS has.',
    action: 'Write the full name of the host.',
    rule: 'RFC 8461 §4.1',
  },
  STS_POLICY_KEY_MISSPELT: {
    meaning: 'A key that the policy must have is missing, and an unknown one looks like it.',
    action: 'Write the key as the text says, in lower case.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_MX_UNUSED: {
    meaning: 'Mode `none` has no use for `mx` lines; they are ignored.',
    action: 'Nothing: some senders read the policy only if there is one.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_KEY_DUPLICATE: {
    meaning: 'A key other than `mx` stands twice; only the first counts.',
    action: 'Remove the later line.',
    rule: 'RFC 8461 §3.2',
  },
  STS_POLICY_KEY_UNKNOWN: {
    meaning: 'A key that no standard knows; it is ignored.',
    action: 'Nothing, unless it is a misspelling.',
    rule: 'RFC 8461 §3.2',
  },
  STS_FIRST_CONTACT_PENDING: {
    meaning:
      'The domain is new and its policy was not there within the time the caller would wait.',
    action: 'Nothing: the fetch goes on behind, and the next message is answered from it.',
    rule: 'RFC 8461 §5.1',
  },
  STS_FETCH_HELD_BACK: {
    meaning: 'A fetch for this record id failed a short while ago and is not tried again yet.',
    action: 'Wait, or fetch at once with `policies refresh`.',
    rule: 'RFC 8461 §3.3',
  },
  STS_POLICY_DROPPED: {
    meaning: 'Nothing is known of the domain any more: its policy was forgotten meanwhile.',
    action: 'Nothing: the next question asks the domain anew.',
  },
} as const satisfies Record<string, ErrorEntry>;
