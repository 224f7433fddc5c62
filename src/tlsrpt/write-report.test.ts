import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { RESULT_TYPES } from '../failure.ts';
import { readReport } from './read-report.ts';
import { packReport } from './report-file.ts';
import type { FailureDetail, PolicyResult, ReportPolicy } from './report.ts';
import {
  anyReport,
  DAY,
  DAY_MS,
  policyResult,
  report,
  STS_POLICY,
  TLSA_POLICY,
} from './write-report.fixture.ts';
import {
  reportJson,
  submitterOf,
  writeReport,
  type FailureDetailJson,
  type PolicyResultJson,
} from './write-report.ts';

function entry(result: Partial<PolicyResult>): PolicyResultJson {
  return reportJson(report({ policies: [policyResult(result)] })).policies[0]!;
}

function policy(more: Partial<ReportPolicy>): PolicyResultJson['policy'] {
  return entry({ policy: { ...STS_POLICY, ...more } }).policy;
}

function details(...list: readonly Partial<FailureDetail>[]): readonly FailureDetailJson[] {
  const full = list.map((one): FailureDetail => ({
    resultType: 'certificate-expired',
    count: 1,
    ...one,
  }));
  const failures = full.reduce((sum, one) => sum + one.count, 0);
  return entry({ failures, details: full })['failure-details'] ?? [];
}

describe('writeReport', () => {
  it('RPT-4.4-1, RPT-4.4-2, RPT-4.4-3, RPT-4.4-4, G1: a day on which all went well, octet for octet', () => {
    const expected =
      '{"organization-name":"Lighthouse Mail",' +
      '"date-range":{"start-datetime":"2026-03-04T00:00:00Z","end-datetime":"2026-03-04T23:59:59Z"},' +
      '"contact-info":"tls-reports@lighthouse.example",' +
      '"report-id":"2026-03-04_harbour.example_1@lighthouse.example",' +
      '"policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1","mode: enforce",' +
      '"mx: *.harbour.example","max_age: 864000"],"policy-domain":"harbour.example",' +
      '"mx-host":["*.harbour.example"]},"summary":{"total-successful-session-count":5,' +
      '"total-failure-session-count":0}}]}';
    assert.equal(Buffer.from(writeReport(report())).toString(), expected);
  });

  it('RPT-4-1, RPT-4-2, RPT-AGG-2, G2: STS and DANE stand side by side', () => {
    const both = reportJson(
      report({ policies: [policyResult(), policyResult({ policy: TLSA_POLICY, successes: 2 })] }),
    );
    assert.deepEqual(
      both.policies.map(({ policy, summary }) => [
        policy['policy-type'],
        policy['policy-domain'],
        summary['total-successful-session-count'],
      ]),
      [
        ['sts', 'harbour.example', 5],
        ['tlsa', 'mx.quay.example', 2],
      ],
    );
    assert.equal('mx-host' in both.policies[1]!.policy, false);
  });

  it('RPT-4.4-11, RPT-4.4-12, RPT-4.4-19: all that is known of a failure, in order', () => {
    const written = details({
      reasonCode: 'certificate has expired',
      additionalInformation: 'https://help.lighthouse.example/tls',
      receivingIp: '2001:DB8:0:0::25',
      receivingMxHelo: '250-smtp.harbour.example hello\r\n250 STARTTLS',
      receivingMxHostname: 'MX1.Harbour.example.',
      sendingMtaIp: '::ffff:192.0.2.7',
      count: 3,
    });
    assert.equal(
      JSON.stringify(written),
      '[{"result-type":"certificate-expired","sending-mta-ip":"192.0.2.7",' +
        '"receiving-mx-hostname":"mx1.harbour.example","receiving-mx-helo":"smtp.harbour.example",' +
        '"receiving-ip":"2001:db8::25","failed-session-count":3,' +
        '"additional-information":"https://help.lighthouse.example/tls",' +
        '"failure-reason-code":"certificate has expired"}]',
    );
  });

  it('RPT-4.4-13, RPT-4.4-14, RPT-4.4-15, RPT-4.4-16: what is not known is not there', () => {
    assert.deepEqual(
      details({ resultType: 'sts-policy-fetch-error', receivingMxHelo: ' ', reasonCode: '' }),
      [{ 'result-type': 'sts-policy-fetch-error', 'failed-session-count': 1 }],
    );
  });

  it('RPT-4.4-12: writes each of the eleven result types', () => {
    const written = details(...RESULT_TYPES.map((resultType) => ({ resultType })));
    assert.deepEqual(
      written.map((one) => one['result-type']),
      [...RESULT_TYPES],
    );
  });

  it('RPT-4.4-15: the name in the reply to EHLO, however it is handed in', () => {
    const helo = (receivingMxHelo: string): string | undefined =>
      details({ receivingMxHelo })[0]?.['receiving-mx-helo'];
    assert.equal(helo('mx.harbour.example'), 'mx.harbour.example');
    assert.equal(helo('250 mx.harbour.example'), 'mx.harbour.example');
    assert.equal(helo('mx.harbour.example\nSIZE'), 'mx.harbour.example');
    assert.equal(helo('250.example greets'), '250.example');
    assert.equal(helo('a\u001b[2J'), 'a');
    assert.equal(helo('x'.repeat(1000))?.length, 255);
    assert.equal(helo('250-'), undefined);
  });

  it('RPT-AGG-1, RPT-4.4-17, G3: equal failures are one entry, the most frequent first', () => {
    const written = details(
      { reasonCode: 'a' },
      { reasonCode: 'b', count: 2 },
      { reasonCode: 'b', receivingMxHelo: '250-mx.example one\r\n250 X' },
      { reasonCode: 'b', receivingMxHelo: '250 mx.example two', count: 4 },
    );
    assert.deepEqual(
      written.map((one) => [
        one['failure-reason-code'],
        one['receiving-mx-helo'],
        one['failed-session-count'],
      ]),
      [
        ['b', 'mx.example', 5],
        ['b', undefined, 2],
        ['a', undefined, 1],
      ],
    );
  });

  it('joins what is said of one policy, and keeps apart a policy that changed (RPT-AGG-2)', () => {
    const expired: FailureDetail = { resultType: 'certificate-expired', count: 2 };
    const { policies } = reportJson(
      report({
        policies: [
          policyResult({ failures: 2, details: [expired] }),
          policyResult({ policy: { ...STS_POLICY, strings: ['version: STSv1', 'mode: none'] } }),
          policyResult({
            policy: { ...STS_POLICY, domain: 'HARBOUR.example' },
            failures: 2,
            details: [expired],
          }),
        ],
      }),
    );
    assert.deepEqual(
      policies.map(({ summary }) => Object.values(summary)),
      [
        [10, 4],
        [5, 0],
      ],
    );
    assert.equal(policies[0]?.['failure-details']?.[0]?.['failed-session-count'], 4);
  });

  it('RPT-4.4-7, RPT-4.4-8: names are A-labels, mx-host is a list', () => {
    const written = policy({ domain: 'Häfen.example', mxHosts: ['*.Häfen.example', 'mx.example'] });
    assert.equal(written['policy-domain'], 'xn--hfen-loa.example');
    assert.deepEqual(written['mx-host'], ['*.xn--hfen-loa.example', 'mx.example']);
  });

  it('RPT-4.4-6: the lines of the policy as they were declared, faults and all', () => {
    const strings = ['version: STSv1', 'mode: enforced ', 'mx: "odd\t', 'möx: 1'];
    assert.deepEqual(policy({ strings })['policy-string'], strings);
    assert.equal('policy-string' in policy({ strings: [] }), false);
    assert.equal('mx-host' in policy({ mxHosts: [] }), false);
  });

  it('RPT-4.4-17: a session may fail in two ways, a detail may be cut', () => {
    const two: FailureDetail[] = [
      { resultType: 'certificate-expired', count: 3 },
      { resultType: 'certificate-host-mismatch', count: 3 },
    ];
    assert.equal(entry({ failures: 3, details: two })['failure-details']?.length, 2);
    assert.equal(entry({ failures: 9, details: two })['failure-details']?.length, 2);
    assert.equal('failure-details' in entry({ failures: 9 }), false);
  });

  it('G4: 500,000 failures of 3,000 kinds are a report of bearable size', () => {
    const kinds = Array.from({ length: 3000 }, (_, index) => ({
      receivingIp: `198.51.${Math.floor(index / 250)}.${index % 250}`,
      receivingMxHostname: `mx${index % 20}.harbour.example`,
      reasonCode: 'self-signed certificate in certificate chain',
      count: index < 2000 ? 167 : 166,
    }));
    const failures = kinds.reduce((sum, one) => sum + one.count, 0);
    assert.equal(failures, 500_000);
    const many = kinds.map((one): FailureDetail => ({
      resultType: 'certificate-not-trusted',
      ...one,
    }));
    const json = writeReport(report({ policies: [policyResult({ failures, details: many })] }));
    assert.ok(json.length < 1_000_000, `${json.length} octets`);
    assert.ok(packReport(json).length < 100_000);
  });

  it('G5: midnight to the last second, also where the day is not the one of the wall clock', () => {
    const range = (start: number, end: number): unknown =>
      reportJson(report({ start, end }))['date-range'];
    assert.deepEqual(range(DAY * DAY_MS, (DAY + 7) * DAY_MS), {
      'start-datetime': '2026-03-04T00:00:00Z',
      'end-datetime': '2026-03-10T23:59:59Z',
    });
    assert.deepEqual(range(0, 60_000), {
      'start-datetime': '1970-01-01T00:00:00Z',
      'end-datetime': '1970-01-01T00:00:59Z',
    });
  });

  it('G6: quotes and letters of any script are escaped or encoded', () => {
    const organizationName = 'Leuchtturm "Nord" Ö & <Söhne> \u0007';
    const json = Buffer.from(writeReport(report({ organizationName }))).toString();
    assert.ok(json.includes('"Leuchtturm \\"Nord\\" Ö & <Söhne> \\u0007"'));
    assert.equal(readReport(Buffer.from(json)).report?.organizationName, organizationName);
    assert.equal(
      reportJson(report({ contactInfo: 'tls@Häfen.example' }))['contact-info'],
      'tls@xn--hfen-loa.example',
    );
  });
});

describe('what no caller may hand in', () => {
  const bad = (more: object): unknown => ({ ...policyResult(), ...more });
  const cases: readonly (readonly [name: string, change: object])[] = [
    ['RPT-4-1, G10: no policies', { policies: [] }],
    ['RPT-4.4-1: no organization', { organizationName: ' ' }],
    ['a text that is no Unicode', { organizationName: 'a\ud800' }],
    ['RPT-4.4-2: an empty range', { end: DAY * DAY_MS }],
    ['RPT-4.4-2: a range that is not made of minutes', { end: (DAY + 1) * DAY_MS - 1000 }],
    ['RPT-4.4-2: a time that is no number', { start: NaN }],
    ['RPT-4.4-4: a report-id without @', { reportId: 'one' }],
    ['RPT-4.4-4: a report-id with a space', { reportId: 'one two@x.example' }],
    ['RPT-4.4-4: a report-id in brackets', { reportId: '<one@x.example>' }],
    ['G5: a report-id of 129 characters', { reportId: `${'a'.repeat(119)}@x.example` }],
    [
      'RPT-4.4-5: an unknown policy type',
      { policies: [bad({ policy: { ...STS_POLICY, type: 'dane' } })] },
    ],
    [
      'RPT-4.4-6: strings without a policy',
      { policies: [bad({ policy: { ...STS_POLICY, type: 'no-policy-found', mxHosts: [] } })] },
    ],
    [
      'RPT-4.4-6: hex in groups',
      { policies: [bad({ policy: { ...TLSA_POLICY, strings: ['3 1 1 0a0b 0c0d'] } })] },
    ],
    [
      'RPT-4.4-6: a string of two lines',
      { policies: [bad({ policy: { ...STS_POLICY, strings: ['a: b\r\nc: d'] } })] },
    ],
    [
      'RPT-4.4-7: a domain that is none',
      { policies: [bad({ policy: { ...STS_POLICY, domain: 'a..b' } })] },
    ],
    [
      'RPT-4.4-8: mx-host of TLSA',
      { policies: [bad({ policy: { ...TLSA_POLICY, mxHosts: ['a.example'] } })] },
    ],
    [
      'RPT-4.4-8: mx-host that is no pattern',
      { policies: [bad({ policy: { ...STS_POLICY, mxHosts: ['a.*.example'] } })] },
    ],
    ['RPT-4.4-9: successes below zero', { policies: [bad({ successes: -1 })] }],
    ['RPT-4.4-9: successes beyond what JSON can say', { policies: [bad({ successes: 2 ** 53 })] }],
    ['RPT-4.4-10: half a failure', { policies: [bad({ failures: 0.5 })] }],
    ['RPT-4.4-10: details where nothing failed', { policies: [failing({}, 0)] }],
    ['RPT-4.4-17: a detail of more sessions than failed', { policies: [failing({ count: 3 }, 2)] }],
    ['RPT-4.4-17: a detail of no session', { policies: [failing({ count: 0 }, 2)] }],
    ['RPT-4.4-12: an unknown result type', { policies: [failing({ resultType: 'unknown' })] }],
    ['RPT-4.4-13: an address that is none', { policies: [failing({ sendingMtaIp: '192.0.2' })] }],
    [
      'RPT-4.4-16: an address with a zone',
      { policies: [failing({ receivingIp: 'fe80::1%eth0' })] },
    ],
    [
      'RPT-4.4-14: a host that is none',
      { policies: [failing({ receivingMxHostname: 'mx host' })] },
    ],
    ['RPT-4.4-18: no URI', { policies: [failing({ additionalInformation: 'see our site' })] }],
  ];
  for (const [name, change] of cases) {
    it(name, () => {
      assert.throws(() => writeReport(report(change)), /not a report of RFC 8460: ./);
    });
  }

  function failing(more: object, failures = 1): unknown {
    return bad({ failures, details: [{ resultType: 'certificate-expired', count: 1, ...more }] });
  }

  it('RPT-4.4-3, RPT-5.3-4, G6: a contact that is no plain mailbox has no submitter', () => {
    assert.equal(submitterOf('TLS.Reports+x@Lighthouse.Example'), 'lighthouse.example');
    for (const contactInfo of [
      '',
      'lighthouse.example',
      '@lighthouse.example',
      'mailto:a@lighthouse.example',
      '<a@lighthouse.example>',
      'Mail Team <a@lighthouse.example>',
      'a@[192.0.2.1]',
      'a@lighthouse.example.',
      'a b@lighthouse.example',
      'a@lighthouse.example\r\nBcc: b@x.example',
      `${'a'.repeat(65)}@lighthouse.example`,
      'a@b@lighthouse.example',
    ]) {
      assert.throws(() => submitterOf(contactInfo), /no plain mailbox/, contactInfo);
      assert.throws(() => writeReport(report({ contactInfo })), /no plain mailbox/, contactInfo);
    }
  });
});

describe('round trip', () => {
  it('G11, RPT-4.4-6: fuzz: our own reader finds nothing to mend and the same facts', () => {
    fc.assert(
      fc.property(anyReport, (written) => {
        const { report: read, deviations } = readReport(writeReport(written));
        // What a session did not get to know, no report can say.
        assert.deepEqual(
          deviations.filter((code) => code !== 'TLSRPT_REPORT_DETAIL_SPARSE'),
          [],
        );
        const policies = written.policies.map(({ policy, ...rest }) => ({
          policy: { ...policy, rawType: policy.type, domainFrom: 'report' },
          ...rest,
          details: rest.details.map((one) => ({ ...one, rawResultType: one.resultType })),
        }));
        assert.deepEqual(read, { ...written, policies });
      }),
      { numRuns: 150 },
    );
  });

  it('G9: fuzz: the same report gives the same octets', () => {
    fc.assert(
      fc.property(anyReport, (written) => {
        const [one, other] = [writeReport(written), writeReport(structuredClone(written))];
        assert.deepEqual(one, other);
        assert.deepEqual(packReport(one), packReport(other));
      }),
      { numRuns: 50 },
    );
  });
});
