import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { sessionVolume } from './read-report-volume.ts';
import { readReport, type ReportReading } from './read-report.ts';
import { json, plainSample, policySample, REPORT_SAMPLES } from './report-samples.fixture.ts';
import type { ReceivedReport } from './report.ts';

function understood(value: unknown, hints = {}): ReceivedReport {
  const { report, problems } = readReport(json(value), hints);
  assert.ok(report, JSON.stringify(problems));
  return report;
}

function totals(report: ReceivedReport): readonly string[] {
  return report.policies.map(({ successes, failures }) => `${successes}/${failures}`);
}

function codes(reading: ReportReading): readonly string[] {
  return reading.deviations.map((code) => code.replace('TLSRPT_REPORT_', ''));
}

const read = (value: unknown, hints = {}) => readReport(json(value), hints);

describe('reading reports as their senders write them', () => {
  it('P1, RPT-4.4-1, RPT-4.4-2, RPT-4.4-5, RPT-4.4-7, RPT-4.4-8, RPT-4.4-9: one clean policy', () => {
    const reading = read(REPORT_SAMPLES.google);
    assert.deepEqual(reading.problems, []);
    assert.deepEqual(reading.report, {
      organizationName: 'Reporter Inc.',
      contactInfo: 'tls-reports@reporter.example',
      reportId: '2026-03-02T00:00:00Z_example.com',
      start: Date.UTC(2026, 2, 2),
      end: Date.UTC(2026, 2, 3),
      policies: [
        {
          policy: {
            type: 'sts',
            rawType: 'sts',
            domain: 'example.com',
            domainFrom: 'report',
            strings: [
              'version: STSv1',
              'mode: enforce',
              'mx: mx1.example.com',
              'mx: *.backup.example.com',
              'max_age: 604800',
            ],
            mxHosts: ['mx1.example.com', '*.backup.example.com'],
          },
          successes: 3,
          failures: 0,
          details: [],
        },
      ],
    });
  });

  it('P1: no policy found is no deviation either', () => {
    const reading = read(REPORT_SAMPLES.googleNoPolicy);
    assert.deepEqual(codes(reading), []);
    assert.equal(reading.report?.policies[0]?.policy.type, 'no-policy-found');
  });

  it('P2, RPT-4-2, RPT-4.4-6, RPT-4.4-10: a policy that changed in the day is several', () => {
    const reading = read(REPORT_SAMPLES.googleChanged);
    assert.deepEqual(totals(reading.report!), ['1/0', '0/3', '0/10']);
    assert.deepEqual(
      reading.report!.policies.map(({ details }) => details.length),
      [0, 3, 5],
    );
    // The spaces of the published policy are kept.
    assert.equal(reading.report!.policies[1]!.policy.strings[2], 'mx: mx9.example.com ');
    assert.deepEqual(codes(reading), ['POLICY_STRING_SPACE']);
  });

  it('P3: no failure count and no domain', () => {
    const reading = read(REPORT_SAMPLES.google2019);
    assert.deepEqual(totals(reading.report!), ['2/0', '5/0']);
    const { domain, domainFrom } = reading.report!.policies[0]!.policy;
    assert.deepEqual([domain, domainFrom], ['example.net', 'report-id']);
    assert.ok(
      codes(reading).includes('COUNT_MISSING') && codes(reading).includes('DOMAIN_MISSING'),
    );
  });

  it('P4: a policy type that nobody knows is kept', () => {
    const { policy } = understood(REPORT_SAMPLES.google2019).policies[1]!;
    assert.deepEqual([policy.type, policy.rawType], ['other', 'new-policy-type']);
  });

  for (const zone of ['America/New_York', 'Asia/Kolkata']) {
    it(`P5, RPT-4.4-2: times without a zone are UTC, also in ${zone}`, () => {
      const script = `
        const { readReport } = await import(${JSON.stringify(pathToFileURL(`${import.meta.dirname}/read-report.ts`))});
        const { json, REPORT_SAMPLES } = await import(${JSON.stringify(pathToFileURL(`${import.meta.dirname}/report-samples.fixture.ts`))});
        const { report, deviations } = readReport(json(REPORT_SAMPLES.microsoftNoZone));
        console.log(JSON.stringify([new Date(2024, 0, 1).getTimezoneOffset(), report.start, report.end, deviations]));`;
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, TZ: zone },
        encoding: 'utf8',
      });
      const [offset, start, end, deviations] = JSON.parse(child.stdout) as [
        number,
        number,
        number,
        string[],
      ];
      assert.notEqual(offset, 0, 'the zone has no effect');
      assert.deepEqual([start, end], [Date.UTC(2024, 1, 20), Date.UTC(2024, 1, 21)]);
      assert.ok(deviations.includes('TLSRPT_REPORT_TIME_NO_ZONE'));
    });
  }

  it('P6: TLSA records in a string in an array', () => {
    const reading = read(REPORT_SAMPLES.microsoftBoth);
    assert.deepEqual(reading.report!.policies[1]!.policy.strings, [
      `3 1 1 ${'0A'.repeat(32)}`,
      `3 1 1 ${'B1'.repeat(32)}`,
    ]);
    assert.ok(codes(reading).includes('POLICY_STRING_NESTED'));
  });

  it('P7: what only looks like that stays one string', () => {
    for (const text of ['["3 1 1 ab', '[1]', '[["a"]]', '[']) {
      const report = understood(
        plainSample({ policies: [policySample({ 'policy-string': [text] })] }),
      );
      assert.deepEqual(report.policies[0]!.policy.strings, [text]);
    }
  });

  it('P8, RPT-4-2: sessions under STS and DANE are kept apart and counted once', () => {
    const reading = read(REPORT_SAMPLES.microsoftBoth);
    assert.deepEqual(totals(reading.report!), ['4/0', '4/0']);
    assert.deepEqual(Array.from(sessionVolume(reading.report!.policies)), [
      ['example.com', { successes: 4, failures: 0 }],
    ]);
    assert.ok(codes(reading).includes('POLICY_TYPES_BESIDE'));
  });

  it('P8: entries of one type add up, other types come on top', () => {
    const { policies } = understood(REPORT_SAMPLES.googleChanged);
    const extra = understood(REPORT_SAMPLES.googleNoPolicy).policies;
    assert.deepEqual(sessionVolume([...policies, ...extra]).get('example.com'), {
      successes: 2,
      failures: 13,
    });
  });

  it('P9, RPT-4.4-4, RPT-4.4-13, RPT-4.4-17: a detail with only type and count', () => {
    const reading = read(REPORT_SAMPLES.microsoftFetchError);
    assert.equal(reading.report!.reportId, '9988776655+');
    assert.deepEqual(totals(reading.report!), ['0/3']);
    assert.deepEqual(reading.report!.policies[0]!.details, [
      {
        resultType: 'sts-policy-fetch-error',
        rawResultType: 'sts-policy-fetch-error',
        count: 3,
      },
    ]);
    assert.deepEqual(codes(reading), []);
  });

  it('P12: the same policy twice is one; the MX host from its other key', () => {
    const reading = read(REPORT_SAMPLES.socketLabs);
    assert.deepEqual(totals(reading.report!), ['12/2']);
    assert.equal(reading.report!.policies[0]!.details[0]!.receivingMxHostname, 'mx1.example.com');
    assert.ok(codes(reading).includes('POLICY_SPLIT') && codes(reading).includes('KEY_ALIAS'));
  });

  it('P13, RPT-4.4-11, RPT-4.4-19: next midnight, more details than failures, a reason with quotes', () => {
    const reading = read(REPORT_SAMPLES.mailRu);
    const report = reading.report!;
    assert.deepEqual([report.start, report.end], [Date.UTC(2026, 1, 13), Date.UTC(2026, 1, 14)]);
    assert.deepEqual(totals(report), ['0/1']);
    const [, second] = report.policies[0]!.details;
    assert.equal(second!.reasonCode, 'said "no" at https://mta-sts.example.com/');
    assert.deepEqual(codes(reading), ['END_MIDNIGHT', 'OVER_ITEMISED']);
  });

  it('P14, RPT-4.4-3: no contact, empty arrays', () => {
    const reading = read(REPORT_SAMPLES.stalwart);
    assert.equal(reading.report!.contactInfo, undefined);
    assert.deepEqual(reading.report!.policies[0]!.policy.strings, []);
    assert.ok(codes(reading).includes('CONTACT_MISSING') && codes(reading).includes('EMPTY_LIST'));
  });

  it('P15: the domain from the header, else the report-id, else the file name, else unknown', () => {
    const { policies } = REPORT_SAMPLES.postfix;
    const domainOf = (value: unknown, hints = {}) => {
      const { policy } = understood(value, hints).policies[0]!;
      return [policy.domain, policy.domainFrom];
    };
    const fileName = 'reporter.example!file.example!1772409600!1772495999!1.json.gz';
    const withId = plainSample({
      policies,
      'report-id': '2026-03-02_id.example_1@reporter.example',
    });
    const all = { headerDomain: 'Header.Example', fileName };
    assert.deepEqual(domainOf(withId, all), ['header.example', 'header']);
    assert.deepEqual(domainOf(withId, { fileName }), ['id.example', 'report-id']);
    assert.deepEqual(domainOf(REPORT_SAMPLES.postfix, { fileName }), ['file.example', 'file-name']);
    assert.deepEqual(domainOf(REPORT_SAMPLES.postfix), ['', 'unknown']);
    // The reporter's own domain after the @ is not the one the report is about.
    const uuid = plainSample({ policies, 'report-id': '0000-1111@reporter.example' });
    assert.deepEqual(domainOf(uuid), ['', 'unknown']);
  });

  it('RPT-5.6-1: the report wins over header and file name, and that is said', () => {
    const reading = read(REPORT_SAMPLES.google, {
      headerDomain: 'other.example',
      headerSubmitter: 'else.example',
      fileName: 'reporter.example!other.example!1000000000!1000086399.json.gz',
    });
    assert.equal(reading.report!.start, Date.UTC(2026, 2, 2));
    assert.equal(reading.report!.policies[0]!.policy.domain, 'example.com');
    assert.deepEqual(codes(reading), ['HINT_DIFFERS']);
    assert.equal(reading.problems.length, 4);
  });

  it('RPT-5.6-1: hints that say the same say nothing', () => {
    const reading = read(REPORT_SAMPLES.google, {
      headerDomain: 'example.com',
      headerSubmitter: 'reporter.example',
      fileName: 'reporter.example!example.com!1772409600!1772495999!001.json.gz',
    });
    assert.deepEqual(reading.problems, []);
  });

  it('RPT-4.4-12, RPT-4.4-14, RPT-4.4-16, RPT-4.4-18: a detail with everything', () => {
    const reading = read(REPORT_SAMPLES.rfc);
    assert.deepEqual(codes(reading), []);
    assert.deepEqual(reading.report!.policies[0]!.details[1], {
      resultType: 'starttls-not-supported',
      rawResultType: 'starttls-not-supported',
      count: 20,
      sendingMtaIp: '2001:db8:7:13::1',
      receivingMxHostname: 'mx2.backup.example.com',
      receivingIp: '203.0.113.9',
      additionalInformation: 'https://firm-a.example/info?id=4711#no-tls',
    });
  });

  it('RPT-4.4-10, P17, P24: the lenient shape', () => {
    const report = understood(REPORT_SAMPLES.lenient);
    assert.deepEqual(totals(report), ['31/6', '1/0']);
    assert.equal(report.end, Date.UTC(2026, 2, 3));
    const [testing, expired] = report.policies[0]!.details;
    assert.deepEqual(testing, { resultType: 'unknown', rawResultType: 'Testing', count: 4 });
    assert.deepEqual(expired, {
      resultType: 'certificate-expired',
      rawResultType: 'CERTIFICATE_EXPIRED',
      count: 1,
      receivingMxHostname: 'mx1.example.com',
    });
  });

  it('P25: the keys of other programs', () => {
    const { policies } = understood(REPORT_SAMPLES.mixed);
    assert.deepEqual(policies[0]!.policy.mxHosts, ['mx1.example.com']);
    assert.equal(policies[1]!.details[0]!.additionalInformation, 'https://reporter.example/why');
  });

  it('P26, RPT-4.4-15: a whole EHLO reply is kept as it is', () => {
    const reading = read(REPORT_SAMPLES.postfix);
    assert.equal(
      reading.report!.policies[0]!.details[0]!.receivingMxHelo,
      '250-mx1.example.com\r\n250-PIPELINING\r\n250 SMTPUTF8',
    );
    assert.ok(codes(reading).includes('HELO_LINES'));
  });

  it('every sample is understood, and its problems have a place, a rule and a mend', () => {
    for (const [name, sample] of Object.entries(REPORT_SAMPLES)) {
      const { report, problems } = readReport(Buffer.from(JSON.stringify(sample, null, 2)));
      assert.ok(report, name);
      for (const problem of problems) {
        assert.notEqual(problem.severity, 'error');
        assert.ok(problem.line >= 1 && problem.column >= 1 && problem.fix !== '', name);
        assert.match(problem.message, /\(RFC \d+/);
      }
    }
  });
});
