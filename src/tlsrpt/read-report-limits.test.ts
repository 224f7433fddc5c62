import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { RESULT_TYPES } from '../failure.ts';
import { readReport } from './read-report.ts';
import {
  counts,
  json,
  plainSample,
  policySample,
  REPORT_SAMPLES,
} from './report-samples.fixture.ts';

const read = (value: unknown) => readReport(json(value));

function codesOf(value: unknown): readonly string[] {
  return read(value).problems.map(({ code }) => code.replace('TLSRPT_REPORT_', ''));
}

/** Ends well within a second, and is what it should be. */
function timed<T>(work: () => T): T {
  const start = process.hrtime.bigint();
  const result = work();
  assert.ok(process.hrtime.bigint() - start < 5_000_000_000n, 'it took too long');
  return result;
}

const detail = (count: number) => ({
  'result-type': 'sts-policy-invalid',
  'failed-session-count': count,
});

describe('the limits of a report', () => {
  it('I14: deep JSON', () => {
    for (const text of ['['.repeat(100_000), '{"policies":'.repeat(100_000)]) {
      const { report, problems } = timed(() => readReport(json(text)));
      assert.equal(report, undefined);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['TLSRPT_REPORT_JSON_DEPTH'],
      );
    }
  });

  it('I14: a thousand policies are taken, one more and a million are not', () => {
    const policies = (count: number) =>
      plainSample({
        policies: Array.from({ length: count }, (_, index) =>
          policySample({ 'policy-domain': `d${index}.example` }),
        ),
      });
    assert.equal(read(policies(1000)).report?.policies.length, 1000);
    assert.deepEqual(codesOf(policies(1001)), ['POLICIES_TOO_MANY']);
    const million = `{"policies":[${'{},'.repeat(1_000_000)}{}]}`;
    assert.deepEqual(
      timed(() => codesOf(million)),
      ['JSON_VALUES'],
    );
  });

  it('I14: ten thousand details are kept of a report, of all its policies together', () => {
    const entry = (domain: string) =>
      policySample(
        { 'policy-domain': domain },
        {
          summary: counts(0, 6000),
          'failure-details': Array.from({ length: 6000 }, () => detail(1)),
        },
      );
    const value = plainSample({ policies: [entry('example.com'), entry('example.net')] });
    const { report, problems } = timed(() => read(value));
    assert.deepEqual(
      report?.policies.map(({ details }) => details.length),
      [6000, 4000],
    );
    // The sums are those of all details: nothing is said to be missing.
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['TLSRPT_REPORT_LIST_CUT'],
    );
  });

  it('I14: long texts are cut, never in the middle of a character', () => {
    const long = `a${'𝄞'.repeat(5000)}`;
    const value = plainSample({ 'organization-name': long });
    const { report } = read(value);
    assert.ok(report!.organizationName.isWellFormed());
    assert.equal(report!.organizationName, long.slice(0, 4095));
    assert.deepEqual(codesOf(value), ['STRING_CUT']);
  });

  it('I14: long lists of strings are cut', () => {
    const strings = Array.from({ length: 5000 }, (_, index) => `3 1 1 ${index}`);
    const value = plainSample({ policies: [policySample({ 'policy-string': strings })] });
    assert.equal(read(value).report?.policies[0]?.policy.strings.length, 1000);
    assert.deepEqual(codesOf(value), ['LIST_CUT']);
  });

  it('I14: ten megabytes of anything', () => {
    const size = 10_000_000;
    const inReport = (text: string) => JSON.stringify(plainSample()).replace('{', `{${text},`);
    const zeros = `[${'0,'.repeat(size / 2)}0]`;
    for (const text of [
      inReport(`"x":"${'a'.repeat(size)}"`),
      inReport(`"x":"${'\\n'.repeat(size / 2)}"`),
      inReport(`"x":${zeros}`),
      `${' '.repeat(size)}{}`,
      `${'\n'.repeat(size)}{"policies":[]}`,
      `"${'\\'.repeat(size)}`,
      '1'.repeat(size),
      inReport('"a":1'.concat(',"a":1'.repeat(20_000))),
      inReport(Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',')),
    ]) {
      const { problems } = timed(() => readReport(json(text)));
      assert.ok(problems.length > 0 && problems.length < 100);
    }
  });

  it('the same fault a thousand times is told a few times, and how often', () => {
    const details = Array.from({ length: 1000 }, () => ({
      'result-type': 'odd',
      'failed-session-count': 1,
    }));
    const value = plainSample({
      policies: [policySample({}, { summary: counts(0, 1000), 'failure-details': details })],
    });
    const { problems, deviations } = read(value);
    assert.equal(problems.length, 6);
    assert.match(problems.at(-1)!.message, /995 × TLSRPT_REPORT_RESULT_TYPE_UNKNOWN/);
    assert.deepEqual(deviations, ['TLSRPT_REPORT_RESULT_TYPE_UNKNOWN']);
  });
});

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const domain = fc.tuple(label, label).map(([left, right]) => `${left}.${right}.example`);
const count = fc.oneof(fc.nat(50), fc.constant(Number.MAX_SAFE_INTEGER));
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .filter((value) => value.trim() === value && !value.includes('\0') && !value.startsWith('['));

/** A report as the RFC has it, and what must be read from it. */
const strict = fc.record({
  organization: text,
  day: fc.integer({ min: 17_000, max: 30_000 }),
  policies: fc.uniqueArray(
    fc.record({
      type: fc.constantFrom('sts', 'tlsa', 'no-policy-found'),
      domain,
      lines: fc.array(text, { minLength: 2, maxLength: 4 }),
      hosts: fc.array(domain, { minLength: 1, maxLength: 3 }),
      successes: count,
      failures: fc.array(
        fc.record({
          type: fc.constantFrom(...RESULT_TYPES),
          host: domain,
          count: fc.integer({ min: 1, max: 99 }),
          reason: text,
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 4, selector: (one) => one.domain },
  ),
});

describe('readReport', () => {
  it('fuzz: a strict report reads back equal, without a word', () => {
    fc.assert(
      fc.property(strict, (given) => {
        const start = given.day * 86_400_000;
        const value = {
          'organization-name': given.organization,
          'date-range': {
            'start-datetime': new Date(start).toISOString().replace('.000', ''),
            'end-datetime': new Date(start + 86_399_000).toISOString().replace('.000', ''),
          },
          'contact-info': 'tls@reporter.example',
          'report-id': 'a@b',
          policies: given.policies.map((one) => ({
            policy: {
              'policy-type': one.type,
              'policy-string': one.lines,
              'policy-domain': one.domain,
              'mx-host': one.hosts,
            },
            summary: counts(
              one.successes,
              one.failures.reduce((sum, each) => sum + each.count, 0),
            ),
            ...(one.failures.length === 0
              ? {}
              : {
                  'failure-details': one.failures.map((each) => ({
                    'result-type': each.type,
                    'sending-mta-ip': '192.0.2.1',
                    'receiving-mx-hostname': each.host,
                    'failed-session-count': each.count,
                    'failure-reason-code': each.reason,
                  })),
                }),
          })),
        };
        const { report, problems } = read(value);
        const expected = {
          organizationName: given.organization,
          contactInfo: 'tls@reporter.example',
          reportId: 'a@b',
          start,
          end: start + 86_400_000,
          policies: given.policies.map((one) => ({
            policy: {
              type: one.type,
              rawType: one.type,
              domain: one.domain,
              domainFrom: 'report',
              strings: one.lines,
              mxHosts: one.hosts,
            },
            successes: one.successes,
            failures: one.failures.reduce((sum, each) => sum + each.count, 0),
            details: one.failures.map((each) => ({
              resultType: each.type,
              rawResultType: each.type,
              count: each.count,
              sendingMtaIp: '192.0.2.1',
              receivingMxHostname: each.host,
              reasonCode: each.reason,
            })),
          })),
        };
        assert.deepEqual(report, expected);
        assert.deepEqual(
          problems
            .map(({ code }) => code)
            .filter((code) => code !== 'TLSRPT_REPORT_POLICIES_EMPTY'),
          [],
        );
      }),
      { numRuns: 200 },
    );
  });

  it('fuzz: whatever comes, there is an answer; a report is there if and only if there is no error', () => {
    const samples = Object.values(REPORT_SAMPLES).map((sample) => JSON.stringify(sample));
    const mangled = fc
      .tuple(fc.constantFrom(...samples), fc.nat(3000), fc.nat(8), fc.json({ maxDepth: 2 }))
      .map(([sample, at, length, piece]) => {
        const place = at % sample.length;
        return sample.slice(0, place) + piece + sample.slice(place + length);
      });
    /** Any value of a sample becomes any other value. */
    const replaced = fc
      .tuple(fc.constantFrom(...samples), fc.nat(40), fc.json({ maxDepth: 2 }))
      .map(([sample, nth, piece]) => {
        let seen = 0;
        return sample.replace(/(?<=:)(?:"(?:[^"\\]|\\.)*"|\d+|null)/g, (old) => {
          seen += 1;
          return seen === nth ? piece : old;
        });
      });
    const octets = fc.uint8Array({ maxLength: 200 });
    const inputs = fc.oneof(mangled.map(json), replaced.map(json), fc.json().map(json), octets);
    fc.assert(
      fc.property(inputs, fc.string(), fc.string(), (bytes, headerDomain, fileName) => {
        const { report, problems } = readReport(bytes, { headerDomain, fileName });
        const failed = problems.some(({ severity }) => severity === 'error');
        assert.equal(report === undefined, failed);
        if (report !== undefined) assert.ok(report.start < report.end && report.reportId !== '');
      }),
      { numRuns: 1500 },
    );
  });
});
