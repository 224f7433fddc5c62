import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIXES } from './read-report-fixes.ts';
import { readReport } from './read-report.ts';
import { counts, json, plainSample, policySample, type Sample } from './report-samples.fixture.ts';

const SESSION_DETAIL = {
  'result-type': 'certificate-expired',
  'sending-mta-ip': '192.0.2.25',
  'receiving-mx-hostname': 'mx1.example.com',
  'failed-session-count': 1,
};

const onePolicy = (policy: Sample, rest: Sample = {}) =>
  plainSample({ policies: [policySample(policy, rest)] });
const oneDetail = (detail: Sample, failures = 1) =>
  onePolicy(
    {},
    { summary: counts(0, failures), 'failure-details': [{ ...SESSION_DETAIL, ...detail }] },
  );
const range = (start: string, end: string) =>
  plainSample({ 'date-range': { 'start-datetime': start, 'end-datetime': end } });

const DAY_START = '2026-03-02T00:00:00Z';
const other = { 'policy-string': ['version: STSv1', 'mode: none', 'max_age: 1'] };
const tlsa = { 'policy-type': 'tlsa', 'policy-string': ['3 1 1 ab'], 'mx-host': undefined };

/** The deviation, a report that has it and no other, and its code; none where it is no deviation. */
const DEVIATIONS: readonly (readonly [id: string, what: string, report: unknown, code: string])[] =
  [
    [
      'Q1',
      'a start without a zone',
      range('2026-03-02T00:00:00', '2026-03-02T23:59:59Z'),
      'TIME_NO_ZONE',
    ],
    ['Q2', 'no mx-host', onePolicy({ 'mx-host': undefined }), 'MX_HOST_MISSING'],
    ['Q3', 'mx-host as a string', onePolicy({ 'mx-host': 'mx1.example.com' }), 'MX_HOST_NOT_ARRAY'],
    ['Q4', 'an empty array', onePolicy({}, { 'failure-details': [] }), 'EMPTY_LIST'],
    [
      'Q5',
      'an array in a string',
      onePolicy({ 'policy-string': ['["a","b"]'] }),
      'POLICY_STRING_NESTED',
    ],
    [
      'Q6',
      'policy-string as a string',
      onePolicy({ 'policy-string': 'a' }),
      'POLICY_STRING_NOT_ARRAY',
    ],
    ['Q7', 'a space at the end', onePolicy({ 'policy-string': ['a '] }), 'POLICY_STRING_SPACE'],
    [
      'Q8',
      'sts and tlsa alike',
      plainSample({ policies: [policySample(), policySample(tlsa)] }),
      'POLICY_TYPES_BESIDE',
    ],
    [
      'Q9',
      'the same policy twice',
      plainSample({ policies: [policySample(), policySample()] }),
      'POLICY_SPLIT',
    ],
    [
      'Q10',
      'a policy that changed',
      plainSample({ policies: [policySample(), policySample(other)] }),
      '',
    ],
    ['Q11', 'no failure count', onePolicy({}, { summary: counts(3, undefined) }), 'COUNT_MISSING'],
    ['Q12', 'no policy-domain', onePolicy({ 'policy-domain': undefined }), 'DOMAIN_MISSING'],
    ['Q13', 'a policy type in upper case', onePolicy({ 'policy-type': 'STS' }), 'POLICY_TYPE_FORM'],
    ['Q13', 'a policy type of its own', onePolicy({ 'policy-type': 'x' }), 'POLICY_TYPE_UNKNOWN'],
    [
      'Q14',
      'a result type in upper case',
      oneDetail({ 'result-type': 'Certificate-Expired' }),
      'RESULT_TYPE_FORM',
    ],
    ['Q14', 'a result type of its own', oneDetail({ 'result-type': 'x' }), 'RESULT_TYPE_UNKNOWN'],
    [
      'Q15',
      'a session without its host',
      oneDetail({ 'receiving-mx-hostname': undefined }),
      'DETAIL_SPARSE',
    ],
    [
      'Q16',
      'a session without its sender',
      oneDetail({ 'sending-mta-ip': undefined }),
      'DETAIL_SPARSE',
    ],
    ['Q17', 'a reason in own words', oneDetail({ 'failure-reason-code': 'MX_HOSTS "x"' }), ''],
    ['Q18', 'fewer details than failures', oneDetail({}, 2), 'NOT_ITEMISED'],
    [
      'Q18',
      'more details than failures',
      oneDetail({ 'failed-session-count': 3 }),
      'OVER_ITEMISED',
    ],
    [
      'Q19',
      'another key for the MX host',
      oneDetail({
        'receiving-mx-hostname': undefined,
        'receiving-mx-host-name': 'mx1.example.com',
      }),
      'KEY_ALIAS',
    ],
    [
      'Q20',
      'another key for mx-host',
      onePolicy({ 'mx-host': undefined, 'mx-host-pattern': ['mx1.example.com'] }),
      'KEY_ALIAS',
    ],
    ['Q21', 'nobody to ask', plainSample({ 'contact-info': null }), 'CONTACT_MISSING'],
    ['Q22', 'the next midnight', range(DAY_START, '2026-03-03T00:00:00Z'), 'END_MIDNIGHT'],
    ['Q23', 'a week', range(DAY_START, '2026-03-08T23:59:59Z'), 'RANGE_NOT_A_DAY'],
    ['Q24', 'a count in quotes', onePolicy({}, { summary: counts('3', 0) }), 'COUNT_AS_STRING'],
    ['Q25', 'upper case and a dot', onePolicy({ 'policy-domain': 'Example.COM.' }), 'NAME_FORM'],
    [
      'Q26',
      'keys in another order',
      Object.fromEntries(Object.entries(plainSample()).reverse()),
      '',
    ],
    ['Q27', 'an offset', range('2026-03-02T00:00:00+00:00', '2026-03-02T23:59:59Z'), 'TIME_FORM'],
    ['Q28', 'an odd report-id', plainSample({ 'report-id': 'a+ _:b @' }), ''],
    ['Q31', 'a byte order mark', `\ufeff${JSON.stringify(plainSample())}\r\n`, 'BOM'],
    ['Q32', 'an IDN as A-label', onePolicy({ 'policy-domain': 'xn--bcher-kva.example' }), ''],
    [
      'Q33',
      'an address made unreadable',
      oneDetail({ 'receiving-ip': 'x.x.x.x' }),
      'ADDRESS_INVALID',
    ],
    [
      'Q34',
      'a greeting of several lines',
      oneDetail({ 'receiving-mx-helo': '250-a\r\n250 b' }),
      'HELO_LINES',
    ],
  ];

describe('deviations', () => {
  for (const [id, what, report, code] of DEVIATIONS) {
    it(`${id}: ${what}${code === '' ? ' is none' : ''}`, () => {
      const { report: understood, deviations } = readReport(json(report));
      assert.ok(understood);
      assert.deepEqual(deviations, code === '' ? [] : [`TLSRPT_REPORT_${code}`]);
    });
  }

  it('Q26: the order of keys changes nothing in what is read', () => {
    const reversed = Object.fromEntries(Object.entries(plainSample()).reverse());
    assert.deepEqual(readReport(json(reversed)).report, readReport(json(plainSample())).report);
  });

  it('what is said of every code is a line that fits behind "mend:"', () => {
    for (const [code, fix] of Object.entries(FIXES)) {
      assert.match(fix, /^[a-z].*[^.\s]$/, code);
    }
  });
});
