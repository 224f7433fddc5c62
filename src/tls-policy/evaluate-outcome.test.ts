import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluate } from './evaluate.ts';
import {
  BOGUS,
  daneState,
  empty,
  failedAnswer,
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  NOW,
  records,
  SERVFAIL,
  stsPolicy,
  TLSA,
} from './evidence.fixture.ts';
import type { Evidence, HostPolicy } from './types.ts';

const MX1 = 'mx1.example.test';
const OTHER = 'elsewhere.test';

function only(evidence: Evidence): HostPolicy {
  const { hosts } = evaluate(evidence, KNOBS);
  assert.equal(hosts.length, 1);
  return hosts[0]!;
}

describe('evaluate: outcomes', () => {
  const bare = (hostsFrom: Evidence['hostsFrom'], mx: Evidence['mx']): Evidence => ({
    nextHop: { kind: 'domain', domain: 'example.test', port: 25 },
    gatheredAt: NOW,
    ...(mx === undefined ? {} : { mx }),
    hostsFrom,
    mxSecurity: 'secure',
    hosts: [],
  });

  it('NMX-3-1: null MX fails for good', () => {
    const mx = records('example.test', 'MX', [{ preference: 0, exchange: '' }]);
    const { outcome, failure } = evaluate(bare('null-mx', mx), KNOBS);
    assert.equal(outcome, 'fail');
    assert.equal(failure?.code, 'POLICY_NULL_MX');
  });

  it('SMTP-5.1-1: a domain that does not exist fails for good', () => {
    const { outcome, failure } = evaluate(
      bare('nothing', empty('nxdomain', 'example.test', 'MX')),
      KNOBS,
    );
    assert.equal(outcome, 'fail');
    assert.equal(failure?.code, 'POLICY_DOMAIN_NOT_FOUND');
  });

  it('DANE-7672-2.1.2-1, DANE-7672-2.1.1-2: MX SERVFAIL or bogus defers', () => {
    for (const cause of [SERVFAIL, BOGUS]) {
      const mx = failedAnswer('example.test', 'MX', cause);
      const { outcome, failure } = evaluate(bare('nothing', mx), KNOBS);
      assert.equal(outcome, 'defer');
      assert.equal(failure?.code, 'POLICY_MX_LOOKUP_FAILED');
      assert.equal(failure.resultType, cause.resultType);
    }
  });

  it('SMTP-5.1-3: MX records that name no host defer, without falling back to the domain', () => {
    const mx = records('example.test', 'MX', [{ preference: 10, exchange: '' }]);
    const { outcome, failure, hosts } = evaluate(bare('mx', mx), KNOBS);
    assert.equal(outcome, 'defer');
    assert.equal(failure?.code, 'POLICY_NO_MX_HOST');
    assert.deepEqual(hosts, []);
  });

  it('STS-5-5: all hosts refused defers, never fails', () => {
    const { outcome, failure, level } = evaluate(
      mxEvidence([hostEvidence(OTHER)], { sts: stsPolicy('enforce') }),
      KNOBS,
    );
    assert.equal(outcome, 'defer');
    assert.equal(failure?.code, 'POLICY_NO_HOST_USABLE');
    assert.deepEqual(level, { mx: 'none', tls: 'none' });
  });

  it('no MX and no address: nothing will ever take mail there', () => {
    const host = hostEvidence('example.test', undefined, {
      a: empty('nodata', 'example.test', 'A'),
      aaaa: empty('nodata', 'example.test', 'AAAA'),
    });
    const evidence = mxEvidence([host], { hostsFrom: 'implicit' });
    assert.equal(evaluate(evidence, KNOBS).outcome, 'fail');
    const unsure = { ...host, aaaa: failedAnswer('example.test', 'AAAA') };
    assert.equal(evaluate({ ...evidence, hosts: [unsure] }, KNOBS).outcome, 'defer');
  });

  it('STS-3.4-R2: implicit MX must match the policy as the domain itself', () => {
    const evidence = (mx: string): Evidence =>
      mxEvidence([hostEvidence('example.test', 'absent')], {
        hostsFrom: 'implicit',
        sts: stsPolicy('enforce', [mx]),
      });
    assert.equal(only(evidence('example.test')).requirement.kind, 'sts');
    assert.equal(only(evidence('mail.example.test')).requirement.kind, 'refused');
  });

  it('STS-3.4-2: an address literal is opportunistic, without name or policy', () => {
    const evidence: Evidence = {
      nextHop: { kind: 'address', address: '2001:db8::5', port: 25 },
      gatheredAt: NOW,
      hostsFrom: 'address-literal',
      mxSecurity: 'insecure',
      hosts: [{ host: '2001:db8::5', preference: 0, a: undefined, aaaa: undefined }],
    };
    const host = only(evidence);
    assert.equal(host.host, '[IPv6:2001:db8::5]');
    assert.deepEqual(host.addresses, ['2001:db8::5']);
    assert.equal(host.servername, undefined);
    assert.deepEqual(host.requirement, { kind: 'opportunistic' });
  });

  it('STS-3.4-1: a smart host is judged by its own policy', () => {
    const evidence: Evidence = {
      nextHop: { kind: 'host', host: MX1, port: 587 },
      gatheredAt: NOW,
      hostsFrom: 'smart-host',
      mxSecurity: 'secure',
      hosts: [hostEvidence(MX1, 'absent')],
      sts: stsPolicy('enforce'),
    };
    const host = only(evidence);
    assert.equal(host.requirement.kind, 'sts');
    assert.equal(host.port, 587);
    assert.deepEqual(host.level, { mx: 'mta-sts', tls: 'authenticated' });
  });

  it('STS-3.1-R1: a failed discovery goes on without a policy, or waits where the operator says so', () => {
    const evidence = mxEvidence([hostEvidence(MX1)], { sts: noSts(SERVFAIL) });
    assert.equal(evaluate(evidence, KNOBS).outcome, 'deliver');
    const waiting = evaluate(evidence, { ...KNOBS, deferOnDiscoveryError: true });
    assert.equal(waiting.outcome, 'defer');
    assert.equal(waiting.failure?.code, 'POLICY_DISCOVERY_FAILED');
    // Dropped packets must not do better than broken ones.
    const pending = noSts({ code: 'STS_FIRST_CONTACT_PENDING', detail: 'no answer yet' });
    const slow = mxEvidence([hostEvidence(MX1)], { sts: pending });
    assert.equal(evaluate(slow, KNOBS).outcome, 'deliver');
    assert.equal(evaluate(slow, { ...KNOBS, deferOnDiscoveryError: true }).outcome, 'defer');
    const absent = mxEvidence([hostEvidence(MX1)], { sts: noSts() });
    assert.equal(evaluate(absent, { ...KNOBS, deferOnDiscoveryError: true }).outcome, 'deliver');
  });

  it('a store that does not answer defers: it never means that there is no policy', () => {
    const failure = { code: 'STORE_UNAVAILABLE', detail: 'the database does not answer' } as const;
    const policy = evaluate(mxEvidence([hostEvidence(MX1)], { sts: noSts(failure) }), KNOBS);
    assert.equal(policy.outcome, 'defer');
    assert.equal(policy.failure?.code, 'POLICY_STORE_DOWN');
    assert.equal(policy.expiresAt, NOW + 5000);
  });

  it('a policy host that DNS does not find is no failed discovery', () => {
    const found = { kind: 'none', failure: SERVFAIL, recordId: 'id1' } as const;
    const tooLong = noSts({ code: 'DNS_NAME_INVALID', detail: 'too long' });
    for (const sts of [found, tooLong]) {
      const evidence = mxEvidence([hostEvidence(MX1)], { sts });
      const knobs = { ...KNOBS, deferOnDiscoveryError: true };
      assert.equal(evaluate(evidence, knobs).outcome, 'deliver');
    }
  });

  it('shows the policy in force and the weakest level among the hosts that are not refused', () => {
    const policy = evaluate(
      mxEvidence(
        [
          hostEvidence('a.pool.test', 'usable'),
          hostEvidence('b.pool.test', 'absent'),
          hostEvidence(OTHER, 'absent'),
        ],
        { sts: stsPolicy('enforce'), mxSecurity: 'insecure' },
      ),
      KNOBS,
    );
    assert.deepEqual(policy.level, { mx: 'mta-sts', tls: 'authenticated' });
    assert.equal(policy.sts?.mode, 'enforce');
    assert.equal(policy.sts.id, 'id1');
  });
});

describe('evaluate: expiry', () => {
  const hop = (ttl: number) =>
    mxEvidence([hostEvidence(MX1, 'absent', { a: records(MX1, 'A', ['192.0.2.1'], { ttl }) })]);

  it('DANE-6698-8.2-1: the shortest TTL counts, without a floor', () => {
    assert.equal(evaluate(hop(30), KNOBS).expiresAt, NOW + 30_000);
    assert.equal(evaluate(hop(0), KNOBS).expiresAt, NOW);
    const tlsa = records('_25._tcp.mx1.example.test', 'TLSA', [TLSA], { ttl: 20 });
    const host = hostEvidence(MX1, { state: daneState('usable', MX1), tlsaAnswers: [tlsa] });
    assert.equal(evaluate(mxEvidence([host]), KNOBS).expiresAt, NOW + 20_000);
  });

  it('no decision is older than five minutes, nor than its policy', () => {
    assert.equal(evaluate(hop(86_400), KNOBS).expiresAt, NOW + 300_000);
    const status = stsPolicy('enforce');
    assert.ok(status.kind === 'policy');
    const sts = { ...status, active: { ...status.active, expiresAt: NOW + 1000 } };
    assert.equal(evaluate({ ...hop(86_400), sts }, KNOBS).expiresAt, NOW + 1000);
  });

  it('failures and first contacts under way are asked about again soon', () => {
    const failing = hostEvidence(MX1, undefined, { aaaa: failedAnswer(MX1, 'AAAA') });
    assert.equal(evaluate(mxEvidence([failing]), KNOBS).expiresAt, NOW + 30_000);
    const sts = noSts({ code: 'STS_FIRST_CONTACT_PENDING', detail: 'under way' });
    assert.equal(evaluate({ ...hop(86_400), sts }, KNOBS).expiresAt, NOW + 5000);
  });
});
