import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DaneState } from '../dane/types.ts';
import { evaluate } from './evaluate.ts';
import { daneState, hostEvidence, KNOBS, mxEvidence, stsPolicy, TLSA } from './evidence.fixture.ts';
import type { Evidence, HostPolicy } from './types.ts';

const MX1 = 'mx1.example.test';

function only(evidence: Evidence): HostPolicy {
  const { hosts } = evaluate(evidence, KNOBS);
  assert.equal(hosts.length, 1);
  return hosts[0]!;
}

describe('evaluate: names', () => {
  const usable = (baseDomain: string): DaneState => ({
    kind: 'usable',
    baseDomain,
    records: [TLSA],
    usable: [TLSA],
    ttl: 60,
  });
  const names = (evidence: Evidence): readonly string[] => {
    const { requirement } = only(evidence);
    assert.ok(requirement.kind === 'dane');
    return requirement.dane.referenceNames;
  };
  const withBase = (host: string, baseDomain: string) =>
    hostEvidence(host, { state: usable(baseDomain), tlsaAnswers: [] });

  it('DANE-7672-3.2.2-1, DANE-7672-3.2.2-2: base domain first, then the next hop and its expansion', () => {
    assert.deepEqual(names(mxEvidence([withBase(MX1, MX1)])), [MX1, 'example.test']);
    const expanded = mxEvidence([withBase(MX1, 'real.test')], { expandedDomain: 'hosted.test' });
    assert.deepEqual(names(expanded), ['real.test', 'example.test', 'hosted.test']);
  });

  it('DANE-7672-3.2.2-3: no MX: the next hop itself, and what it expands to', () => {
    const evidence = mxEvidence([withBase('example.test', 'real.test')], { hostsFrom: 'implicit' });
    assert.deepEqual(names(evidence), ['real.test', 'example.test']);
  });

  it('DANE-7672-3.2.2-4, DANE-7672-2.2.1-4, DANE-7672-2.2.1-5: insecure MX: only the host, and no claim about the MX', () => {
    const evidence = mxEvidence([withBase(MX1, MX1)], { mxSecurity: 'insecure' });
    assert.deepEqual(names(evidence), [MX1]);
    assert.deepEqual(only(evidence).level, { mx: 'none', tls: 'authenticated' });
  });

  it('DANE-7672-8.1-1, DANE-7671-10.2-1: SNI is the TLSA base domain under DANE', () => {
    assert.equal(only(mxEvidence([withBase(MX1, 'real.test')])).servername, 'real.test');
    const unusable = hostEvidence(MX1, {
      state: { ...daneState('unusable', 'real.test') },
      tlsaAnswers: [],
    });
    assert.equal(only(mxEvidence([unusable])).servername, 'real.test');
  });

  it('STS-7.1-4: SNI is the MX host under STS, also where TLSA records cannot be used', () => {
    const unusable = hostEvidence(MX1, {
      state: daneState('unusable', 'real.test'),
      tlsaAnswers: [],
    });
    for (const host of [hostEvidence(MX1, 'absent'), unusable]) {
      assert.equal(only(mxEvidence([host], { sts: stsPolicy('enforce') })).servername, MX1);
    }
  });

  it('under both, SNI is the base domain and the certificate is checked for the MX host', () => {
    const { servername, requirement } = only(
      mxEvidence([withBase(MX1, 'real.test')], { sts: stsPolicy('enforce') }),
    );
    assert.equal(servername, 'real.test');
    assert.ok(requirement.kind === 'dane-and-sts');
    assert.equal(requirement.sts.host, MX1);
  });
});
