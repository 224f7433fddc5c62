import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readReport, type ReportReading } from './read-report.ts';
import { counts, json, plainSample, policySample, type Sample } from './report-samples.fixture.ts';

const read = (value: unknown, hints = {}) => readReport(json(value), hints);

function codes({ problems }: ReportReading): readonly string[] {
  return problems.map(({ code }) => code.replace('TLSRPT_REPORT_', ''));
}

function onePolicy(policy: Sample, rest: Sample = {}): ReportReading {
  return read(plainSample({ policies: [policySample(policy, rest)] }));
}

function oneDetail(detail: Sample): ReportReading {
  const details = { 'result-type': 'sts-policy-invalid', 'failed-session-count': 1, ...detail };
  return onePolicy({}, { summary: counts(0, 1), 'failure-details': [details] });
}

/** Replaces the quoted text "@" by raw JSON. */
function raw(value: unknown, instead: string): ReportReading {
  return readReport(json(JSON.stringify(value).replace('"@"', instead)));
}

function assertRefused(reading: ReportReading, code: string): void {
  assert.equal(reading.report, undefined);
  const errors = reading.problems.filter(({ severity }) => severity === 'error');
  assert.deepEqual(codes({ problems: errors, deviations: [] }), [code]);
  assert.ok(!reading.deviations.includes(errors[0]!.code));
}

describe('the forms that a report may have', () => {
  it('P10, RPT-4.4-8: mx-host as array, string, empty, null, absent', () => {
    const hosts = (value: unknown) =>
      onePolicy({ 'mx-host': value }).report!.policies[0]!.policy.mxHosts;
    assert.deepEqual(hosts(['mx1.example.com']), ['mx1.example.com']);
    assert.deepEqual(hosts('mx1.example.com'), ['mx1.example.com']);
    for (const nothing of [[], null, undefined, '']) assert.deepEqual(hosts(nothing), []);
    assert.deepEqual(codes(onePolicy({ 'mx-host': 'mx1.example.com' })), ['MX_HOST_NOT_ARRAY']);
    assert.deepEqual(codes(onePolicy({ 'mx-host': undefined })), ['MX_HOST_MISSING']);
  });

  it('P11, RPT-4.4-6: policy-string as string, empty, absent', () => {
    const strings = (value: unknown) =>
      onePolicy({ 'policy-string': value }).report!.policies[0]!.policy.strings;
    assert.deepEqual(strings('3 1 1 ab'), ['3 1 1 ab']);
    for (const nothing of ['', [], undefined, null, [''], 7, {}]) {
      assert.deepEqual(strings(nothing), nothing === 7 ? ['7'] : []);
    }
    assert.ok(codes(onePolicy({ 'policy-string': 'a' })).includes('POLICY_STRING_NOT_ARRAY'));
    assert.ok(codes(onePolicy({ 'policy-string': '' })).includes('EMPTY_LIST'));
  });

  it('P16, RPT-4.4-9, RPT-4.4-10, RPT-4.4-17: counts', () => {
    const reading = (count: string) =>
      raw(plainSample({ policies: [policySample({}, { summary: counts('@', 0) })] }), count);
    assert.equal(reading('"42"').report!.policies[0]!.successes, 42);
    assert.deepEqual(codes(reading('"42"')), ['COUNT_AS_STRING']);
    assert.equal(reading('9007199254740991').report!.policies[0]!.successes, 2 ** 53 - 1);
    assert.equal(reading('null').report!.policies[0]!.successes, 0);
    assert.deepEqual(codes(reading('null')), ['COUNT_MISSING']);
    const wrong = ['42.0', '-1', '-0', '1e3', '1e308', '9007199254740993', '9007199254740992'];
    const others = ['"-1"', '"4.0"', '"1e3"', '""', '"1234567890123456"', 'true', '[]', '{}'];
    for (const count of [...wrong, ...others]) assertRefused(reading(count), 'COUNT_INVALID');
    assertRefused(oneDetail({ 'failed-session-count': -1 }), 'COUNT_INVALID');
  });

  it('P16: a detail without a count is one session, one with 0 none', () => {
    const missing = oneDetail({ 'failed-session-count': undefined });
    assert.equal(missing.report!.policies[0]!.details[0]!.count, 1);
    assert.deepEqual(codes(missing), ['COUNT_MISSING']);
    const zero = oneDetail({ 'failed-session-count': 0 });
    assert.deepEqual(zero.report!.policies[0]!.details, []);
    assert.deepEqual(codes(zero), ['NOT_ITEMISED', 'DETAIL_ZERO']);
  });

  it('P16: no total at all is what the details add up to', () => {
    const detail = { 'result-type': 'sts-policy-invalid', 'failed-session-count': 7 };
    const reading = onePolicy({}, { summary: undefined, 'failure-details': [detail] });
    assert.equal(reading.report!.policies[0]!.failures, 7);
    assert.deepEqual(codes(reading), ['COUNT_MISSING', 'COUNT_MISSING']);
  });

  it('P17, RPT-4.4-12: result types in upper case, unknown, absent', () => {
    const type = (text: unknown) => {
      const { resultType, rawResultType } = oneDetail({ 'result-type': text }).report!.policies[0]!
        .details[0]!;
      return [resultType, rawResultType];
    };
    assert.deepEqual(type('STS-Policy-Invalid'), ['sts-policy-invalid', 'STS-Policy-Invalid']);
    assert.deepEqual(type('VALIDATION_FAILURE'), ['validation-failure', 'VALIDATION_FAILURE']);
    assert.deepEqual(type('Testing'), ['unknown', 'Testing']);
    assert.deepEqual(type('constructor'), ['unknown', 'constructor']);
    assert.deepEqual(type(undefined), ['unknown', '']);
  });

  it('P18, RPT-4.4-2: ranges', () => {
    const range = (start: unknown, end: unknown) =>
      read(plainSample({ 'date-range': { 'start-datetime': start, 'end-datetime': end } }));
    const length = (reading: ReportReading) => reading.report!.end - reading.report!.start;
    const week = range('2026-03-02T00:00:00Z', '2026-03-08T23:59:59Z');
    assert.equal(length(week), 7 * 86_400_000);
    assert.deepEqual(codes(week), ['RANGE_NOT_A_DAY']);
    assert.equal(length(range('2026-03-02T10:00:00Z', '2026-03-02T10:59:59Z')), 3_600_000);
    assert.equal(length(range('2026-03-02T10:00:00Z', '2026-03-02T11:00:00Z')), 3_600_000);
    assertRefused(range('2026-03-03T00:00:00Z', '2026-03-02T23:00:00Z'), 'RANGE_BACKWARDS');
    assertRefused(range('2026-03-01T00:00:00Z', '2026-04-10T00:00:00Z'), 'RANGE_TOO_LONG');
    assert.equal(length(range('2026-03-01T00:00:00Z', '2026-03-31T23:59:59Z')), 31 * 86_400_000);
    assertRefused(range('2026-03-01T00:00:00Z', '2026-04-01T00:00:01Z'), 'RANGE_TOO_LONG');
    const empty = range('2026-03-02T00:00:00Z', '2026-03-02T00:00:00Z');
    assert.equal(length(empty), 1000);
    assert.ok(codes(empty).includes('RANGE_EMPTY'));
    assert.equal(length(range('2026-03-02', '2026-03-02')), 86_400_000);
  });

  it('RPT-4.4-2: times in every form of RFC 3339, and what is none', () => {
    const start = (text: unknown) =>
      read(
        plainSample({
          'date-range': { 'start-datetime': text, 'end-datetime': '2026-03-03T00:00:00Z' },
        }),
      );
    for (const text of [
      '2026-03-02T00:00:00Z',
      '2026-03-02t00:00:00z',
      '2026-03-02 00:00:00Z',
      '2026-03-02T05:30:00+05:30',
      '2026-03-01T19:00:00-0500',
      '2026-03-02T00:00:00.000000Z',
      '2026-03-01T24:00:00Z',
      '2026-03-01T23:59:60Z',
      '2026-03-02T00:00:00',
      '2026-03-02T00:00Z',
      '2026-03-02',
    ]) {
      assert.equal(start(text).report?.start, Date.UTC(2026, 2, 2), text);
    }
    for (const text of [
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-03-02T25:00:00Z',
      '2026-03-02T24:00:01Z',
      '2026-03-02T00:61:00Z',
      '2026-03-02T00:00:00+25:00',
      '02.03.2026',
      'Mon, 02 Mar 2026 00:00:00 GMT',
      '1772409600',
      '0001-01-01T00:00:00Z',
      '1969-12-31T23:59:59Z',
    ]) {
      assertRefused(start(text), 'TIME_INVALID');
    }
    for (const nothing of [undefined, null, '', ' '])
      assertRefused(start(nothing), 'RANGE_MISSING');
  });

  it('RPT-4.4-2: a range that only the file name knows', () => {
    const reading = read(
      plainSample({ 'date-range': { 'start-datetime': '', 'end-datetime': '' } }),
      {
        fileName: '/some/where/reporter.example!example.com!1772409600!1772495999.json.gz',
      },
    );
    assert.equal(reading.report!.start, Date.UTC(2026, 2, 2));
    assert.equal(reading.report!.end, Date.UTC(2026, 2, 3));
    assert.deepEqual(codes(reading), ['RANGE_FROM_FILE_NAME']);
  });

  it('P19, RPT-4.4-7: every spelling of a domain is one', () => {
    const spellings = ['xn--bcher-kva.example', 'Bücher.Example', 'XN--BCHER-KVA.EXAMPLE.'];
    const [first, ...others] = spellings.map((spelling) => {
      const reading = onePolicy({ 'policy-domain': spelling, 'mx-host': [`*.${spelling}`] });
      return reading.report!.policies;
    });
    assert.equal(first![0]!.policy.domain, 'xn--bcher-kva.example');
    for (const other of others) assert.deepEqual(other, first);
  });

  it('P19: a domain that is none is as if it were not there', () => {
    const reading = onePolicy({ 'policy-domain': 'no domain', 'mx-host': ['mx: mx1.example.com'] });
    assert.equal(reading.report!.policies[0]!.policy.domainFrom, 'report-id');
    assert.deepEqual(reading.report!.policies[0]!.policy.mxHosts, ['mx: mx1.example.com']);
    assert.ok(codes(reading).includes('DOMAIN_INVALID') && codes(reading).includes('NAME_INVALID'));
  });

  it('P20: a byte order mark, CRLF, NULs after the end', () => {
    const text = JSON.stringify(plainSample(), null, 2).replaceAll('\n', '\r\n');
    const clean = readReport(json(`${text}\r\n`));
    assert.deepEqual(clean.problems, []);
    const marked = readReport(json(`\ufeff${text}`));
    assert.deepEqual([marked.report, codes(marked)], [clean.report, ['BOM']]);
    const padded = readReport(json(`${text}\0\0\r\n\0`));
    assert.deepEqual([padded.report, codes(padded)], [clean.report, ['TRAILING_BYTES']]);
  });

  it('P22, RPT-4-1: an array around the report, objects in place of arrays', () => {
    const plain = read(plainSample()).report;
    const wrapped = read([plainSample()]);
    assert.deepEqual([wrapped.report, codes(wrapped)], [plain, ['WRAPPED']]);
    const lone = read(plainSample({ policies: policySample() }));
    assert.deepEqual([lone.report, codes(lone)], [plain, ['LONE_OBJECT']]);
    const detail = { 'result-type': 'sts-policy-invalid', 'failed-session-count': 1 };
    const single = onePolicy({}, { summary: counts(0, 1), 'failure-details': detail });
    assert.equal(single.report!.policies[0]!.details.length, 1);
    assert.deepEqual(codes(single), ['LONE_OBJECT']);
    assertRefused(read([plainSample(), plainSample()]), 'NOT_A_REPORT');
  });

  it('P23: of a key that stands twice the last counts; __proto__ is inert', () => {
    const text = JSON.stringify(plainSample()).replace(
      '{',
      '{"report-id":"first","__proto__":{"polluted":1},',
    );
    const reading = readReport(json(text));
    assert.equal(reading.report!.reportId, '2026-03-02T00:00:00Z_example.com');
    assert.deepEqual(codes(reading).toSorted(), ['KEY_DUPLICATE', 'KEY_UNKNOWN']);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.equal(Reflect.get(reading.report!, 'polluted'), undefined);
    const hidden = '{"__proto__":{"policies":[],"report-id":"x"}}';
    assertRefused(readReport(json(hidden)), 'NOT_A_REPORT');
  });

  it('P24, RPT-4.4-13, RPT-4.4-16: addresses', () => {
    const address = (text: string) =>
      oneDetail({ 'receiving-ip': text }).report!.policies[0]!.details[0]!.receivingIp;
    assert.equal(address('192.0.2.1'), '192.0.2.1');
    assert.equal(address('[192.0.2.1]'), '192.0.2.1');
    assert.equal(address('IPv6:2001:db8::1'), '2001:db8::1');
    assert.equal(address('[IPv6:2001:DB8:0:0::1]'), '2001:db8::1');
    assert.equal(address('::ffff:192.0.2.1'), '192.0.2.1');
    for (const none of ['x.x.x.x', '192.0.2.256', '192.0.2.1:25', 'mx1.example.com', '[]']) {
      assert.equal(address(none), undefined);
      assert.deepEqual(codes(oneDetail({ 'receiving-ip': none })), ['ADDRESS_INVALID']);
    }
    assert.equal(address(' '), undefined);
  });

  it('P27, RPT-4-1: no policies, and policies missing', () => {
    const empty = read(plainSample({ policies: [] }));
    assert.deepEqual([empty.report?.policies, codes(empty)], [[], ['POLICIES_EMPTY']]);
    assertRefused(read(plainSample({ policies: undefined })), 'POLICIES_MISSING');
    assertRefused(read(plainSample({ policies: null })), 'POLICIES_MISSING');
  });

  it('P28: octets that are not UTF-8', () => {
    const text = JSON.stringify(plainSample({ 'organization-name': 'Caf@' }));
    const octets = Buffer.from(text);
    octets[octets.indexOf('@')] = 0xe9;
    const reading = readReport(octets);
    assert.equal(reading.report!.organizationName, 'Caf\ufffd');
    assert.deepEqual(codes(reading), ['UTF8']);
  });

  it('RPT-4.4-1, RPT-4.4-3, RPT-4.4-4: what names the report is missing', () => {
    const reading = read(
      plainSample({ 'organization-name': null, 'contact-info': ' ', 'report-id': '' }),
    );
    assert.equal(reading.report!.organizationName, '');
    assert.equal(reading.report!.contactInfo, undefined);
    assert.equal(reading.report!.reportId, 'none 2026-03-02T00:00:00.000Z example.com');
    assert.deepEqual(codes(reading).toSorted(), [
      'CONTACT_MISSING',
      'ID_MISSING',
      'ORGANIZATION_MISSING',
    ]);
    assert.equal(raw(plainSample({ 'report-id': '@' }), '77').report!.reportId, '77');
  });

  it('RPT-7-2: hostile texts stay texts, and messages show nothing that moves a cursor', () => {
    const evil = '<script>\u001b[2J\u202e=cmd';
    const reading = read(
      plainSample({
        'organization-name': evil,
        [evil]: 1,
        policies: [policySample({ 'policy-type': evil, 'mx-host': [evil] })],
      }),
    );
    assert.equal(reading.report!.organizationName, evil);
    assert.ok(reading.problems.length >= 3);
    for (const { message } of reading.problems) assert.doesNotMatch(message, /[\u001b\u202e]/);
  });

  it('RPT-7-2: texts that no store can hold are made fit', () => {
    const reading = oneDetail({ 'failure-reason-code': 'a\0b\ud800c' });
    assert.equal(reading.report!.policies[0]!.details[0]!.reasonCode, 'a\ufffdb\ufffdc');
    assert.deepEqual(codes(reading), ['STRING_UNFIT']);
    const nested = onePolicy({ 'policy-string': ['["a\\u0000b"]'] });
    assert.deepEqual(nested.report!.policies[0]!.policy.strings, ['a\ufffdb']);
  });

  it('wrong types in every place are no accident', () => {
    for (const wrong of [0, true, 'x', [], {}, [[]], [1]]) {
      for (const key of ['date-range', 'policies']) {
        assert.doesNotThrow(() => read(plainSample({ [key]: wrong })));
      }
      const entry = { policy: wrong, summary: wrong, 'failure-details': wrong };
      const { report } = read(plainSample({ policies: [entry, wrong] }));
      assert.deepEqual(
        [report!.policies[0]!.successes, report!.policies[0]!.policy.type],
        [0, 'other'],
      );
    }
    for (const text of ['', ' \r\n', '5', '"s"', 'null', '[]', '{}', '{"a":1}', '{', 'x', '{}{}']) {
      assert.equal(readReport(json(text)).report, undefined, text);
      assert.equal(readReport(json(text)).problems.length, 1);
    }
  });

  it('a problem stands where the value stands, in lines and characters', () => {
    const text = '{"policies":\n [ ],\n "𝄞":1, "report-id": 5 }';
    const { problems } = readReport(json(text));
    const at = (code: string) => {
      const problem = problems.find((one) => one.code === `TLSRPT_REPORT_${code}`)!;
      return [problem.line, problem.column];
    };
    assert.deepEqual(at('POLICIES_EMPTY'), [2, 2]);
    assert.deepEqual(at('TYPE'), [3, 22]);
    assert.deepEqual(at('RANGE_MISSING'), [1, 1]);
    const broken = readReport(json('{"policies":\n [ , ]}')).problems[0]!;
    assert.deepEqual([broken.line, broken.column], [2, 4]);
  });
});
