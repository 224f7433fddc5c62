/**
 * Reports for tests.
 *
 * @module
 */
import * as fc from 'fast-check';
import { RESULT_TYPES } from '../failure.ts';
import type { FailureDetail, PolicyResult, ReportPolicy, TlsReport } from './report.ts';

/** Milliseconds. */
export const DAY_MS = 86_400_000;
/** 2026-03-04, in days since 1970-01-01. */
export const DAY = 20_516;

/** A policy of `harbour.example`. */
export const STS_POLICY: ReportPolicy = {
  type: 'sts',
  domain: 'harbour.example',
  strings: ['version: STSv1', 'mode: enforce', 'mx: *.harbour.example', 'max_age: 864000'],
  mxHosts: ['*.harbour.example'],
};

/** A TLSA record of an MX host. */
export const TLSA_POLICY: ReportPolicy = {
  type: 'tlsa',
  domain: 'mx.quay.example',
  strings: [`3 1 1 ${'0a'.repeat(32)}`],
  mxHosts: [],
};

/** Five sessions that went well, unless said otherwise. */
export function policyResult(more: Partial<PolicyResult> = {}): PolicyResult {
  return { policy: STS_POLICY, successes: 5, failures: 0, details: [], ...more };
}

/** A report about one day, unless said otherwise. */
export function report(more: Partial<TlsReport> = {}): TlsReport {
  return {
    organizationName: 'Lighthouse Mail',
    contactInfo: 'tls-reports@lighthouse.example',
    reportId: '2026-03-04_harbour.example_1@lighthouse.example',
    start: DAY * DAY_MS,
    end: (DAY + 1) * DAY_MS,
    policies: [policyResult()],
    ...more,
  };
}

const label = fc.stringMatching(/^[a-z0-9]{1,8}$/).filter((text) => !/^\d+$/.test(text));
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
const address = fc.oneof(
  fc.ipV4(),
  fc.nat(0xfffe).map((last) => `2001:db8::${(last + 1).toString(16)}`),
);
const text = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  .map((raw) => raw.trim())
  .filter((trimmed) => trimmed !== '');

const detail: fc.Arbitrary<FailureDetail> = fc.record(
  {
    resultType: fc.constantFrom(...RESULT_TYPES),
    count: fc.integer({ min: 1, max: 1e6 }),
    sendingMtaIp: address,
    receivingMxHostname: name,
    receivingMxHelo: name,
    receivingIp: address,
    additionalInformation: name.map((host) => `https://${host}/why?a=1`),
    reasonCode: text,
  },
  { requiredKeys: ['resultType', 'count'] },
);

const policy: fc.Arbitrary<ReportPolicy> = fc.oneof(
  fc
    .tuple(name, fc.array(name, { minLength: 1, maxLength: 3 }))
    .map(([domain, hosts]): ReportPolicy => {
      const strings = ['version: STSv1', ...hosts.map((host) => `mx: *.${host}`)];
      return { type: 'sts', domain, strings, mxHosts: hosts.map((host) => `*.${host}`) };
    }),
  fc
    .tuple(name, fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([domain, data]): ReportPolicy => ({
      type: 'tlsa',
      domain,
      strings: [`3 1 1 ${Buffer.from(data).toString('hex')}`],
      mxHosts: [],
    })),
  name.map((domain): ReportPolicy => ({
    type: 'no-policy-found',
    domain,
    strings: [],
    mxHosts: [],
  })),
);

const result: fc.Arbitrary<PolicyResult> = fc
  .record({
    policy,
    successes: fc.nat(1e9),
    details: fc.uniqueArray(detail, {
      maxLength: 4,
      selector: (one) => JSON.stringify({ ...one, count: 0 }),
    }),
  })
  .map(({ details, ...rest }) => ({
    ...rest,
    failures: details.reduce((sum, one) => sum + one.count, 0),
    details: details.toSorted((a, b) => b.count - a.count),
  }));

/** Reports in the form in which they are written: nothing in them is to be joined or brought into form. */
export const anyReport: fc.Arbitrary<TlsReport> = fc
  .record({
    organizationName: text,
    submitter: name,
    day: fc.integer({ min: 17_000, max: 40_000 }),
    policies: fc.uniqueArray(result, {
      minLength: 1,
      maxLength: 4,
      selector: (one) => `${one.policy.type} ${one.policy.domain}`,
    }),
  })
  .map(({ organizationName, submitter, day, policies }) => ({
    organizationName,
    contactInfo: `tls-reports@${submitter}`,
    reportId: `${day}_1@${submitter}`,
    start: day * DAY_MS,
    end: (day + 1) * DAY_MS,
    policies,
  }));
