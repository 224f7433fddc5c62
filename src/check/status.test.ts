import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BOGUS,
  failedAnswer,
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  records,
  stsPolicy,
} from '../tls-policy/evidence.fixture.ts';
import { evaluate } from '../tls-policy/evaluate.ts';
import type { DecisionRecord, Evidence, PolicyKnobs } from '../tls-policy/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import type { HostProbe } from './probe.ts';
import { type Status, statusAfterProbes, statusOf } from './status.ts';

const HOST = 'mx1.example.test';

function decided(evidence: Evidence, knobs: Partial<PolicyKnobs> = {}): DecisionRecord {
  const all = { ...KNOBS, ...knobs };
  return { version: 1, evidence, knobs: all, policy: evaluate(evidence, all) };
}

const enforced = mxEvidence([hostEvidence(HOST, 'absent')], {
  mxSecurity: 'insecure',
  sts: stsPolicy('enforce'),
});
const plain = mxEvidence([hostEvidence(HOST, 'absent')], {
  mxSecurity: 'insecure',
  sts: noSts(),
});
const silent = noSts({ code: 'DNS_TIMEOUT', detail: 'no answer' });

describe('the status of a domain', () => {
  const table: readonly (readonly [string, DecisionRecord, Status])[] = [
    ['an enforced policy', decided(enforced), 'protected'],
    [
      'DANE behind signed MX records',
      decided(mxEvidence([hostEvidence(HOST, 'usable')])),
      'protected',
    ],
    [
      'DANE behind MX records that anybody could forge',
      decided(mxEvidence([hostEvidence(HOST, 'usable')], { mxSecurity: 'insecure', sts: noSts() })),
      'unprotected',
    ],
    ['no policy', decided(plain), 'unprotected'],
    [
      'one of two hosts protected',
      decided(
        mxEvidence([hostEvidence(HOST, 'usable'), hostEvidence('mx2.example.test', 'absent')]),
      ),
      'unprotected',
    ],
    ['whether there is a policy is not known', decided({ ...plain, sts: silent }), 'unknown'],
    [
      'the same where the operator waits for DNS',
      decided({ ...plain, sts: silent }, { deferOnDiscoveryError: true }),
      'unknown',
    ],
    [
      'the database does not answer',
      decided({ ...plain, sts: noSts({ code: 'STORE_UNAVAILABLE', detail: 'down' }) }),
      'unknown',
    ],
    [
      'MX records that nobody answers for',
      decided({
        ...mxEvidence([]),
        hostsFrom: 'nothing',
        mx: failedAnswer('example.test', 'MX'),
      }),
      'unknown',
    ],
    [
      'MX records that are bogus',
      decided({
        ...mxEvidence([]),
        hostsFrom: 'nothing',
        mx: failedAnswer('example.test', 'MX', BOGUS),
      }),
      'unsafe',
    ],
    [
      'a null MX',
      decided({
        ...mxEvidence([]),
        hostsFrom: 'null-mx',
        mx: records('example.test', 'MX', [{ preference: 0, exchange: '' }]),
      }),
      'unsafe',
    ],
    [
      'an enforced policy that names other hosts',
      decided({ ...enforced, sts: stsPolicy('enforce', ['other.test']) }),
      'unsafe',
    ],
    [
      'TLSA records that cannot be looked up',
      decided(mxEvidence([hostEvidence(HOST, 'failed')])),
      'unsafe',
    ],
  ];
  for (const [name, record, status] of table) {
    it(`${name}: ${status}`, () => assert.equal(statusOf(record), status));
  }
});

function probe(record: DecisionRecord, outcomes: readonly AttemptEvent['outcome'][]): HostProbe[] {
  return record.policy.hosts.map((hostPolicy) => ({
    hostPolicy,
    connections: outcomes.map((kind) => ({
      kind,
      address: '192.0.2.1',
      event: {} as AttemptEvent,
    })),
  }));
}

describe('the status after connecting', () => {
  const record = decided(enforced);

  it('a host that shows what it must keeps the status', () => {
    assert.equal(statusAfterProbes(record, probe(record, ['ready'])), 'protected');
    assert.equal(statusAfterProbes(record, probe(record, ['unreachable', 'ready'])), 'protected');
    const open = decided(plain);
    assert.equal(statusAfterProbes(open, probe(open, ['ready'])), 'unprotected');
  });

  it('only hosts that refuse: unsafe; only hosts that are not there: unknown', () => {
    assert.equal(statusAfterProbes(record, probe(record, ['refused'])), 'unsafe');
    assert.equal(statusAfterProbes(record, probe(record, ['unreachable', 'refused'])), 'unsafe');
    assert.equal(statusAfterProbes(record, probe(record, ['unreachable'])), 'unknown');
    assert.equal(statusAfterProbes(record, probe(record, [])), 'unknown');
  });

  it('what cannot be delivered stays as it was', () => {
    const refused = decided({ ...enforced, sts: stsPolicy('enforce', ['other.test']) });
    assert.equal(statusAfterProbes(refused, []), 'unsafe');
  });
});
