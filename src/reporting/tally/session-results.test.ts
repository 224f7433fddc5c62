import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESULT_TYPES, type Failure, type ResultType } from '../../failure.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { BOGUS, daneState, noSts, NOW, SERVFAIL } from '../../tls-policy/evidence.fixture.ts';
import type { DecisionRecord, Verdict } from '../../tls-policy/types.ts';
import type { PolicyType } from '../../tlsrpt/report.ts';
import { sessionResults } from './session-results.ts';
import {
  decisionFor,
  eventFor,
  failureOf,
  GOOD,
  HOST,
  policyOf,
  refusedFor,
  type World,
} from './sessions.fixture.ts';

const ZEROS = '00'.repeat(32);
const EXPIRED = failureOf('TLS_CERTIFICATE_EXPIRED', 'certificate-expired', 'CERT_HAS_EXPIRED');
const NO_STARTTLS = failureOf('SMTP_STARTTLS_NOT_OFFERED', 'starttls-not-supported');
const NO_MATCH = failureOf('DANE_NO_MATCH', 'validation-failure', 'tlsa-no-match');
const BAD_NAME = failureOf('TLS_CERTIFICATE_NAME_MISMATCH', 'certificate-host-mismatch', 'name');

/** `sts example.test certificate-expired` for each result; `ok` for a success. */
function summary(event: AttemptEvent, decision: DecisionRecord): readonly string[] {
  return sessionResults(event, decision).map(({ policy, failures }) => {
    const words = failures.map(({ resultType }) => resultType);
    return [policy.type, policy.domain, ...(words.length === 0 ? ['ok'] : words)].join(' ');
  });
}

function summaryOf(world: World, more: Parameters<typeof eventFor>[1]): readonly string[] {
  const decision = decisionFor(world);
  return summary(eventFor(decision, more), decision);
}

interface Row {
  readonly world: World;
  readonly verdict?: Verdict;
  readonly type: PolicyType;
}

const STS: World = { sts: policyOf('enforce') };
const DANE: World = { dane: 'usable' };
const under = (world: World, type: PolicyType, failure: Failure, tls?: Verdict['tls']): Row => ({
  world,
  type,
  verdict: refusedFor(failure, tls),
});
const stsFetch = (code: Failure['code'], resultType: ResultType): Row => ({
  world: { sts: noSts(failureOf(code, resultType, 'x')) },
  type: 'sts',
  verdict: GOOD,
});

/** How each of the result types comes about (RFC 8460 §4.3). */
const HOW: Readonly<Record<ResultType, Row>> = {
  'starttls-not-supported': under(STS, 'sts', NO_STARTTLS, 'none'),
  'certificate-host-mismatch': under(STS, 'sts', BAD_NAME),
  'certificate-expired': under(STS, 'sts', EXPIRED),
  'certificate-not-trusted': under(
    STS,
    'sts',
    failureOf('TLS_CERTIFICATE_SELF_SIGNED', 'certificate-not-trusted', 'SELF_SIGNED'),
  ),
  'validation-failure': under(DANE, 'tlsa', NO_MATCH),
  'tlsa-invalid': { world: { dane: 'unusable' }, type: 'tlsa', verdict: GOOD },
  'dnssec-invalid': { world: { dane: daneState('failed', HOST, BOGUS) }, type: 'tlsa' },
  'dane-required': { world: { knobs: { daneRequired: ['example.test'] } }, type: 'tlsa' },
  'sts-policy-fetch-error': stsFetch('HTTP_TIMEOUT', 'sts-policy-fetch-error'),
  'sts-policy-invalid': stsFetch('STS_POLICY_INVALID', 'sts-policy-invalid'),
  'sts-webpki-invalid': stsFetch('TLS_CERTIFICATE_EXPIRED', 'sts-webpki-invalid'),
};

describe('the results of a session', () => {
  for (const resultType of RESULT_TYPES) {
    it(`RPT-4.4-12: ${resultType}`, () => {
      const { world, verdict, type } = HOW[resultType];
      const decision = decisionFor(world);
      const event = eventFor(decision, {
        outcome: verdict?.deliver === true ? 'ready' : 'refused',
        ...(verdict === undefined ? { address: undefined } : { verdict }),
      });
      const [result, ...others] = sessionResults(event, decision);
      assert.deepEqual(others, []);
      assert.equal(result?.policy.type, type);
      assert.deepEqual(
        result?.failures.map((failure) => failure.resultType),
        [resultType],
      );
    });
  }

  it('RPT-4.4-6, RPT-4.4-7, RPT-4.4-8: the STS policy as it was fetched, line by line, faults and all', () => {
    const decision = decisionFor(STS);
    const [result] = sessionResults(eventFor(decision, { verdict: GOOD }), decision);
    assert.deepEqual(result, {
      at: NOW,
      recipientDomain: 'example.test',
      policy: {
        type: 'sts',
        domain: 'example.test',
        strings: [
          'version: STSv1',
          'mode: enforce',
          `mx: ${HOST}`,
          'mx: *.pool.test ',
          'max_age: 604800',
          'odd: x',
        ],
        mxHosts: [HOST, '*.pool.test'],
      },
      failures: [],
    });
  });

  it('RPT-1.1-1, RPT-4.4-6: DANE is reported under the TLSA base domain, whole RRset, in one order', () => {
    const data = new Uint8Array(32);
    const one = { usage: 3, selector: 1, matchingType: 1, data } as const;
    const two = { ...one, usage: 2, selector: 0 } as const;
    const usable = daneState('usable', 'other.test');
    for (const records of [
      [one, two, one],
      [two, one],
    ]) {
      const decision = decisionFor({ dane: { ...usable, records } as typeof usable });
      const [result] = sessionResults(eventFor(decision, { verdict: GOOD }), decision);
      assert.deepEqual(result?.policy, {
        type: 'tlsa',
        domain: 'other.test',
        strings: [`2 0 1 ${ZEROS}`, `3 1 1 ${ZEROS}`],
        mxHosts: [],
      });
    }
  });

  it('RPT-4.4-13, RPT-4.4-14, RPT-4.4-15, RPT-4.4-16, RPT-4.4-19: who talked to whom, and the reason', () => {
    const decision = decisionFor(STS);
    const event = eventFor(decision, { outcome: 'refused', verdict: refusedFor(EXPIRED) });
    const [result] = sessionResults(event, decision);
    assert.deepEqual(result?.failures, [
      {
        resultType: 'certificate-expired',
        reasonCode: 'CERT_HAS_EXPIRED',
        receivingMxHostname: HOST,
        receivingIp: '192.0.2.1',
        sendingMtaIp: '192.0.2.9',
        receivingMxHelo: HOST,
      },
    ]);
  });

  it('RPT-4.4-19: a vague result type never goes without a reason', () => {
    const decision = decisionFor(STS);
    const failure = failureOf('TLS_HANDSHAKE_CLOSED', 'validation-failure');
    const event = eventFor(decision, { outcome: 'refused', verdict: refusedFor(failure, 'none') });
    assert.equal(
      sessionResults(event, decision)[0]?.failures[0]?.reasonCode,
      'tls-handshake-closed',
    );
  });

  it('RPT-4.4-13: a policy that could not be fetched names no host and no address', () => {
    const { world } = HOW['sts-policy-fetch-error'];
    const decision = decisionFor(world);
    const [result] = sessionResults(eventFor(decision, { verdict: GOOD }), decision);
    assert.deepEqual(result?.policy.strings, []);
    assert.deepEqual(result?.failures, [{ resultType: 'sts-policy-fetch-error', reasonCode: 'x' }]);
  });

  it('an MX host outside an enforced policy fails it without any session', () => {
    const decision = decisionFor({ ...STS, host: 'evil.test' });
    const event = eventFor(decision, { outcome: 'refused', address: undefined });
    const [result] = sessionResults(event, decision);
    assert.deepEqual(result?.failures, [
      {
        resultType: 'validation-failure',
        reasonCode: 'sts-mx-mismatch',
        receivingMxHostname: 'evil.test',
        receivingMxHelo: HOST,
      },
    ]);
  });

  it('RPT-4.4-5: nothing found is a policy too; TLS of any kind succeeds, clear text fails', () => {
    assert.deepEqual(summaryOf({}, { verdict: { ...GOOD, tls: 'encrypted' } }), [
      'no-policy-found example.test ok',
    ]);
    const clear = { deliver: true, tls: 'none', why: 'in clear' } as const;
    assert.deepEqual(summaryOf({}, { verdict: clear, failure: NO_STARTTLS, secondTry: 'clear' }), [
      'no-policy-found example.test starttls-not-supported',
    ]);
    assert.deepEqual(summaryOf({ sts: policyOf('none') }, { verdict: GOOD }), [
      'no-policy-found example.test ok',
    ]);
  });

  it('STS-6-3, RPT-AGG-3: a policy in testing that is not met fails, though the mail went out; mode none is no policy', () => {
    const sts = policyOf('testing');
    assert.deepEqual(summaryOf({ sts }, { verdict: { ...GOOD, wouldFail: EXPIRED } }), [
      'sts example.test certificate-expired',
    ]);
    assert.deepEqual(summaryOf({ sts }, { verdict: GOOD }), ['sts example.test ok']);
    assert.deepEqual(summaryOf({ sts: policyOf('none') }, { verdict: GOOD }), [
      'no-policy-found example.test ok',
    ]);
  });
});

describe('policies side by side', () => {
  const both: World = { dane: 'usable', sts: policyOf('enforce') };
  const tested: World = { dane: 'usable', sts: policyOf('testing') };
  const rows: readonly (readonly [string, World, Verdict, readonly string[]])[] = [
    ['both are met', both, GOOD, ['ok', 'ok']],
    ['DANE fails alone', both, refusedFor(NO_MATCH), ['validation-failure', 'ok']],
    ['STS fails alone', both, refusedFor(BAD_NAME), ['ok', 'certificate-host-mismatch']],
    [
      'both fail, each in its own way',
      both,
      { ...refusedFor(NO_MATCH), alsoFails: BAD_NAME },
      ['validation-failure', 'certificate-host-mismatch'],
    ],
    [
      'TLS is missing',
      both,
      refusedFor(NO_STARTTLS, 'none'),
      ['starttls-not-supported', 'starttls-not-supported'],
    ],
    [
      'TLS is too old',
      both,
      refusedFor(failureOf('TLS_VERSION_TOO_OLD', 'validation-failure', 'tls-version')),
      ['validation-failure', 'validation-failure'],
    ],
    [
      'STS is in testing, and fails alone',
      tested,
      { ...GOOD, wouldFail: EXPIRED },
      ['ok', 'certificate-expired'],
    ],
    [
      'STS is in testing, TLS is missing',
      tested,
      refusedFor(NO_STARTTLS, 'none'),
      ['starttls-not-supported', 'starttls-not-supported'],
    ],
    [
      'STS is in testing, and fails beside DANE',
      tested,
      { ...refusedFor(NO_MATCH), wouldFail: EXPIRED },
      ['validation-failure', 'certificate-expired'],
    ],
    [
      'the message lifts all policies, and its session is in clear',
      both,
      { deliver: true, tls: 'none', why: '', wouldFail: NO_STARTTLS },
      ['starttls-not-supported', 'starttls-not-supported'],
    ],
  ];
  for (const [name, world, verdict, [dane, sts]] of rows) {
    it(`RPT-4-2: ${name}`, () => {
      assert.deepEqual(
        summaryOf(world, { outcome: verdict.deliver ? 'ready' : 'refused', verdict }),
        [`tlsa ${HOST} ${dane}`, `sts example.test ${sts}`],
      );
    });
  }

  it('TLSA records that are all unusable fail beside an STS policy that is met', () => {
    assert.deepEqual(summaryOf({ ...STS, dane: 'unusable' }, { verdict: GOOD }), [
      `tlsa ${HOST} tlsa-invalid`,
      'sts example.test ok',
    ]);
  });

  it('STS-6-2: a policy that holds while its renewal fails: the owner hears of it before it runs out', () => {
    const late = failureOf('HTTP_TIMEOUT', 'sts-policy-fetch-error');
    assert.deepEqual(summaryOf({ sts: policyOf('enforce', late) }, { verdict: GOOD }), [
      'sts example.test ok',
      'sts example.test sts-policy-fetch-error',
    ]);
  });
});

describe('sessions of which a report says nothing', () => {
  it('RPT-4.3.4-1: a network that fails', () => {
    assert.deepEqual(summaryOf(STS, { outcome: 'unreachable' }), []);
    const world = { dane: daneState('failed', HOST, SERVFAIL) };
    assert.deepEqual(summaryOf(world, { outcome: 'refused', address: undefined }), []);
    const pending = noSts({ code: 'STS_FIRST_CONTACT_PENDING', detail: '' });
    assert.deepEqual(summaryOf({ sts: pending }, { verdict: GOOD }), []);
  });

  it('an address literal has no policy', () => {
    const decision = decisionFor({});
    const nextHop = { kind: 'address', address: '192.0.2.1', port: 25 } as const;
    const literal = { ...decision, evidence: { ...decision.evidence, nextHop } };
    assert.deepEqual(summary(eventFor(decision, { verdict: GOOD }), literal), []);
  });

  it('an override that skips the domain, or puts another policy in its place', () => {
    const terms = {
      policyDomain: 'example.test',
      reason: 'r',
      until: NOW + 1,
      addedAt: 0,
      addedBy: 'me',
    };
    const skip = { override: { ...terms, kind: 'skip' } } as const;
    assert.deepEqual(summaryOf({ ...STS, evidence: skip }, { verdict: GOOD }), []);
    const policyText = 'version: STSv1\nmode: enforce\nmx: mx1.example.test\nmax_age: 604800\n';
    const pin = { override: { ...terms, kind: 'pin', policyText } } as const;
    assert.deepEqual(summaryOf({ ...STS, evidence: pin }, { verdict: GOOD }), []);
    assert.deepEqual(summaryOf({ ...DANE, ...STS, evidence: pin }, { verdict: GOOD }), [
      `tlsa ${HOST} ok`,
    ]);
  });

  it("a refusal that is the operator's own demand is no fault of the policy, and no success", () => {
    const failure = { code: 'ROUTE_HOST_UNVOUCHED', detail: '' } as const;
    const decision = decisionFor(STS);
    const event = eventFor(decision, { outcome: 'refused', verdict: refusedFor(failure) });
    assert.deepEqual(summary(event, decision), []);
  });
});
