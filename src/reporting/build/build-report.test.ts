import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FailureDetail, PolicyResult, ReportPolicy } from '../../tlsrpt/report.ts';
import { reportFileName, packReport } from '../../tlsrpt/report-file.ts';
import { reportJson, writeReport } from '../../tlsrpt/write-report.ts';
import type { SubjectTally } from '../types.ts';
import { DAY_MS } from '../day.ts';
import { buildLimitedReport, buildReport, mergeTallies } from './build-report.ts';
import { limitPolicies } from './limit-policies.ts';
import type { SenderIdentity } from './types.ts';

const DAY = Date.UTC(2026, 2, 1) / DAY_MS;
const SENDER: SenderIdentity = {
  organization: 'Sender Example',
  contact: 'tls@sender.test',
  omitSendingIp: false,
  report: 'all',
};
const STS: ReportPolicy = {
  type: 'sts',
  domain: 'a.test',
  strings: ['version: STSv1', 'mode: enforce', 'mx: mx.a.test', 'max_age: 86400'],
  mxHosts: ['mx.a.test'],
};
const TLSA: ReportPolicy = {
  type: 'tlsa',
  domain: 'mx.a.test',
  strings: ['3 1 1 ABCD'],
  mxHosts: [],
};

function tally(...policies: readonly PolicyResult[]): SubjectTally {
  return { day: DAY, scope: 'recipient', domain: 'a.test', policies };
}

function result(more: Partial<PolicyResult> = {}): PolicyResult {
  return { policy: STS, successes: 5, failures: 0, details: [], ...more };
}

function expired(count: number, more: Partial<FailureDetail> = {}): FailureDetail {
  return {
    resultType: 'certificate-expired',
    count,
    sendingMtaIp: '198.51.100.7',
    receivingMxHostname: 'mx.a.test',
    receivingIp: '203.0.113.9',
    ...more,
  };
}

describe('building a report', () => {
  it('G1: one STS policy, success only: totals, no failure-details', () => {
    const report = buildReport(tally(result()), SENDER);
    assert.ok(report);
    const [policy] = reportJson(report).policies;
    assert.deepEqual(policy?.summary, {
      'total-successful-session-count': 5,
      'total-failure-session-count': 0,
    });
    assert.equal(policy !== undefined && 'failure-details' in policy, false);
  });

  it('G2, RPT-4-2: STS and DANE of the same domain stand side by side', () => {
    const report = buildReport(tally(result(), result({ policy: TLSA })), SENDER);
    assert.deepEqual(
      report?.policies.map(({ policy }) => [policy.type, policy.domain]),
      [
        ['sts', 'a.test'],
        ['tlsa', 'mx.a.test'],
      ],
    );
  });

  it('G3: equal failures are one entry with a count, those that differ by the reason are two', () => {
    const details = [expired(1), expired(2), expired(1, { reasonCode: 'x' })];
    const report = buildReport(tally(result({ failures: 4, details })), SENDER);
    assert.deepEqual(
      report?.policies[0]?.details.map(({ count, reasonCode }) => [count, reasonCode]),
      [
        [3, undefined],
        [1, 'x'],
      ],
    );
  });

  it('G4: 500,000 failures of 3,000 kinds: the rarest are summed up, the totals stay right', () => {
    const details = Array.from({ length: 3_000 }, (_, index) =>
      expired(index < 1_000 ? 498 : 1, { reasonCode: `kind-${index}` }),
    );
    const built = buildLimitedReport(tally(result({ failures: 500_000, details })), SENDER, {
      policies: 10,
      details: 1_000,
    });
    const [policy] = built?.report.policies ?? [];
    assert.deepEqual(built?.cut, { policies: 0, details: 2_000 });
    assert.equal(policy?.failures, 500_000);
    assert.equal(policy?.details.length, 1_001);
    const rest = policy?.details.find(({ reasonCode }) => reasonCode === 'not-itemised-kinds-2000');
    assert.equal(rest?.count, 2_000);
    const sum = policy?.details.reduce((all, { count }) => all + count, 0);
    assert.equal(sum, 500_000);
    assert.ok(packReport(writeReport(built.report)).length < 100_000);
  });

  it('G4: with the product’s own limits a day of 3,000 kinds is told in full, and stays small', () => {
    const details = Array.from({ length: 3_000 }, (_, index) =>
      expired(1, { receivingMxHelo: `host-${index}.example` }),
    );
    const built = buildLimitedReport(tally(result({ failures: 3_000, details })), SENDER);
    assert.equal(built?.cut.details, 0);
    assert.ok(writeReport(built.report).length < 2_000_000);
  });

  it('G4: a policy that changes with every fetch does not make a report without end', () => {
    const policies = Array.from({ length: 50 }, (_, index) =>
      result({
        policy: { ...STS, strings: [...STS.strings, `x: ${index}`] },
        successes: 10 + index,
        failures: 2,
        details: [expired(2)],
      }),
    );
    const { policies: few, cut } = limitPolicies(policies, { policies: 5, details: 1_000 });
    assert.equal(few.length, 5);
    assert.equal(cut.policies, 45);
    const sum = (of: 'successes' | 'failures'): number =>
      few.reduce((all, each) => all + each[of], 0);
    assert.deepEqual([sum('successes'), sum('failures')], [50 * 10 + 1225, 100]);
    assert.ok(
      few.some(({ details }) =>
        details.some(({ reasonCode }) => reasonCode === 'other-policy-text'),
      ),
    );
  });

  it('G5, RPT-4.1-1: the range is the UTC day, and the id says day, domain and submitter', () => {
    const report = buildReport(tally(result()), SENDER);
    assert.equal(report?.start, Date.UTC(2026, 2, 1));
    assert.equal(report?.end, Date.UTC(2026, 2, 2));
    assert.deepEqual(reportJson(report)['date-range'], {
      'start-datetime': '2026-03-01T00:00:00Z',
      'end-datetime': '2026-03-01T23:59:59Z',
    });
    assert.match(report.reportId, /^2026-03-01_a\.test_.*@sender\.test$/);
    assert.ok(report.reportId.length <= 128);
  });

  it('RPT-AGG-5: the id is the same each time, and another one for another day or domain', () => {
    const id = (more: Partial<SubjectTally>): string =>
      buildReport({ ...tally(result()), ...more }, SENDER)?.reportId ?? '';
    assert.equal(id({}), id({}));
    assert.equal(new Set([id({}), id({ day: DAY + 1 }), id({ domain: 'b.test' })]).size, 3);
  });

  it('G6: an organisation with quotes and other letters is escaped, not broken', () => {
    const report = buildReport(tally(result()), { ...SENDER, organization: 'Bücher "A"\n' });
    const json = JSON.parse(Buffer.from(writeReport(report!)).toString()) as {
      'organization-name': string;
    };
    assert.equal(json['organization-name'], 'Bücher "A"\n');
  });

  it('G9: the same counts give the same bytes', () => {
    const bytes = (): Uint8Array => packReport(writeReport(buildReport(tally(result()), SENDER)!));
    assert.deepEqual(bytes(), bytes());
    const facts = { start: DAY * DAY_MS, end: (DAY + 1) * DAY_MS, unique: '001', packed: true };
    assert.equal(
      reportFileName({ submitter: 'sender.test', domain: 'a.test', ...facts }),
      'sender.test!a.test!1772323200!1772409599!001.json.gz',
    );
  });

  it('G10: a day without sessions gives no report', () => {
    assert.equal(buildReport(tally(), SENDER), undefined);
    assert.equal(buildReport(tally(result({ successes: 0 })), SENDER), undefined);
  });

  it('S14, RPT-AGG-7: with only failures asked for, a good day gives none, a bad one does', () => {
    const sender = { ...SENDER, report: 'failures' } as const;
    assert.equal(buildReport(tally(result()), sender), undefined);
    const bad = result({ failures: 1, details: [expired(1)] });
    assert.equal(buildReport(tally(result(), bad), sender)?.policies.length, 2);
    assert.ok(buildReport(tally(result()), SENDER), 'else successes are reported too');
  });

  it('RPT-8-1: our own addresses can be left out, and what is equal without them is one', () => {
    const details = [expired(1), expired(2, { sendingMtaIp: '198.51.100.8' })];
    const told = buildReport(tally(result({ failures: 3, details })), SENDER);
    assert.equal(told?.policies[0]?.details.length, 2);
    const sender = { ...SENDER, omitSendingIp: true };
    const report = buildReport(tally(result({ failures: 3, details })), sender);
    assert.deepEqual(report?.policies[0]?.details, [
      {
        resultType: 'certificate-expired',
        count: 3,
        receivingMxHostname: 'mx.a.test',
        receivingIp: '203.0.113.9',
      },
    ]);
  });

  it('what another’s server said cannot break a report: such values are left out', () => {
    const bad = expired(2, {
      sendingMtaIp: 'not an address',
      receivingIp: 'x.x.x.x',
      receivingMxHostname: 'bad..name',
      additionalInformation: 'javascript alert',
      reasonCode: 'r'.repeat(5_000),
    });
    const policy = { ...STS, strings: ['version: STSv1\r\nx: y'], mxHosts: ['mx.a.test', '!!'] };
    const report = buildReport(tally(result({ policy, failures: 2, details: [bad] })), SENDER);
    const [written] = reportJson(report!).policies;
    assert.deepEqual(written?.policy['policy-string'], ['version: STSv1', 'x: y']);
    assert.deepEqual(written?.policy['mx-host'], ['mx.a.test']);
    const [detail] = written?.['failure-details'] ?? [];
    assert.deepEqual(Object.keys(detail ?? {}), [
      'result-type',
      'failed-session-count',
      'failure-reason-code',
    ]);
    assert.equal(detail?.['failure-reason-code']?.length, 200);
  });

  it('RPT-1.1-1: a host that is a recipient domain too gets one report, its DANE sessions once', () => {
    const own = { ...TLSA, domain: 'a.test' };
    const recipient = tally(result(), result({ policy: own, successes: 4 }));
    const host: SubjectTally = {
      ...tally(result({ policy: own, successes: 10 })),
      scope: 'mx-host',
    };
    const merged = mergeTallies(recipient, host);
    assert.deepEqual(
      merged.policies.map(({ policy, successes }) => [policy.type, successes]),
      [
        ['sts', 5],
        ['tlsa', 10],
      ],
    );
    assert.equal(mergeTallies(recipient, { ...host, policies: [] }), recipient);
    assert.equal(mergeTallies({ ...recipient, policies: [] }, host), host);
  });
});
