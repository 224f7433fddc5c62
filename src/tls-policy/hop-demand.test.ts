import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decisionFromJson, decisionToJson } from './decision-record.ts';
import { evaluate } from './evaluate.ts';
import { hostEvidence, KNOBS, mxEvidence, noSts, stsPolicy } from './evidence.fixture.ts';
import { demandText } from './hop-demand.ts';
import { override as overrideOf } from './overrides.fixture.ts';
import type { Evidence, HopDemand, HostPolicy, Requirement } from './types.ts';

const MX = 'mx1.example.test';
const encrypt: HopDemand = { kind: 'encrypt', route: '*.example.com', because: 'setting' };
const verify: HopDemand = { kind: 'verify', route: '*', because: 'password' };

/** A smart host, for which no MX record was looked up. */
function smartHost(more: Partial<Evidence> = {}, host = hostEvidence(MX)): Evidence {
  const { mx: _mx, ...evidence } = mxEvidence([host], { sts: noSts(), ...more });
  return {
    ...evidence,
    nextHop: { kind: 'host', host: MX, port: 587 },
    hostsFrom: 'smart-host',
  };
}

function hostOf(evidence: Evidence): HostPolicy {
  const [host] = evaluate(evidence, KNOBS).hosts;
  assert.ok(host !== undefined);
  return host;
}

function kindOf(evidence: Evidence): Requirement['kind'] {
  return hostOf(evidence).requirement.kind;
}

describe('the demand of a route', () => {
  it('TLS-3207-6-1: a chosen peer must show TLS, another need not', () => {
    const host = hostOf(smartHost({ demand: encrypt }));
    assert.equal(host.requirement.kind, 'encrypt');
    assert.deepEqual(host.level, { mx: 'none', tls: 'encrypted' });
    assert.match(host.why, /^the route of \*\.example\.com asks for TLS; else nothing binds: /);
    assert.equal(kindOf(smartHost()), 'opportunistic');
  });

  it('TLS-3207-6-1: or a certificate for its name', () => {
    const host = hostOf(smartHost({ demand: verify }));
    assert.deepEqual(host.requirement, { kind: 'pkix', host: MX, demand: verify });
    assert.equal(host.servername, MX);
    assert.equal(host.level.tls, 'authenticated');
    assert.match(host.why, /^the route of \* has a password, hence verified TLS; else /);
  });

  it('lays nothing over a requirement that is as strong already', () => {
    const enforced = stsPolicy('enforce');
    for (const [demand, dane, sts, kind] of [
      [encrypt, 'usable', noSts(), 'dane'],
      [verify, 'usable', noSts(), 'dane'],
      [encrypt, 'absent', enforced, 'sts'],
      [verify, 'absent', enforced, 'sts'],
      [verify, 'usable', enforced, 'dane-and-sts'],
      [verify, 'failed', noSts(), 'refused'],
      [encrypt, 'unusable', noSts(), 'encrypt'],
    ] as const) {
      const evidence = smartHost({ demand, sts }, hostEvidence(MX, dane));
      assert.equal(kindOf(evidence), kind, `${demand.kind} over ${kind}`);
      const { demand: _demand, ...without } = evidence;
      assert.deepEqual(hostOf(evidence).requirement, hostOf(without).requirement);
    }
  });

  it('unusable TLSA records are not enough for a verified certificate', () => {
    const evidence = smartHost({ demand: verify }, hostEvidence(MX, 'unusable'));
    assert.equal(kindOf(evidence), 'pkix');
    assert.equal(hostOf(evidence).servername, MX);
  });

  it('a testing policy is still looked at', () => {
    for (const demand of [encrypt, verify]) {
      const { requirement } = hostOf(smartHost({ demand, sts: stsPolicy('testing') }));
      assert.ok('testing' in requirement && requirement.testing?.mode === 'testing');
    }
  });

  it('no override lifts it', () => {
    const override = overrideOf('skip');
    for (const [demand, kind] of [
      [encrypt, 'encrypt'],
      [verify, 'pkix'],
    ] as const) {
      const host = hostOf(smartHost({ demand, override }));
      assert.equal(host.requirement.kind, kind);
      assert.match(host.why, /^the route of .*; else no policy is asked for; override: /);
    }
  });

  it('an address literal may be asked for TLS, and has no name to verify', () => {
    const address = '192.0.2.7';
    const literal: Evidence = {
      nextHop: { kind: 'address', address, port: 25 },
      gatheredAt: 0,
      hostsFrom: 'address-literal',
      mxSecurity: 'insecure',
      hosts: [],
      demand: encrypt,
    };
    const host = hostOf(literal);
    assert.equal(host.requirement.kind, 'encrypt');
    assert.deepEqual(host.level, { mx: 'none', tls: 'encrypted' });
    assert.match(host.why, /asks for TLS; an address literal has no policy/);
  });

  describe('where MX records name the host', () => {
    const foreign = hostEvidence('mx.evil.test', 'usable');
    const insecure = { mxSecurity: 'insecure', sts: noSts(), demand: verify } as const;

    it('a certificate of a host that anybody may have named proves nothing', () => {
      for (const host of [foreign, hostEvidence('mx.evil.test')]) {
        const { requirement } = hostOf(mxEvidence([host], insecure));
        assert.ok(requirement.kind === 'refused');
        assert.equal(requirement.failure.code, 'ROUTE_HOST_UNVOUCHED');
        assert.match(requirement.failure.detail, /MX host mx\.evil\.test belongs to example\.test/);
      }
      const { outcome } = evaluate(mxEvidence([foreign], insecure), KNOBS);
      assert.equal(outcome, 'defer');
    });

    it('DNSSEC, an enforced policy or the name of the next hop itself vouches for it', () => {
      assert.equal(kindOf(mxEvidence([foreign], { ...insecure, mxSecurity: 'secure' })), 'dane');
      const own = hostEvidence(MX);
      assert.equal(kindOf(mxEvidence([own], insecure)), 'pkix');
      assert.equal(kindOf(mxEvidence([hostEvidence('example.test')], insecure)), 'pkix');
      const pool = hostEvidence('a.pool.test');
      assert.equal(kindOf(mxEvidence([pool], { ...insecure, sts: stsPolicy('enforce') })), 'sts');
      assert.equal(kindOf(mxEvidence([hostEvidence('badexample.test')], insecure)), 'refused');
    });

    it('any host will do for TLS with any certificate', () => {
      assert.equal(
        kindOf(mxEvidence([hostEvidence('mx.evil.test')], { ...insecure, demand: encrypt })),
        'encrypt',
      );
    });
  });

  it('fuzz: only ever adds, and can be replayed', () => {
    const states = fc.constantFrom('usable', 'unusable', 'absent', 'failed', undefined);
    const policies = fc.constantFrom(noSts(), stsPolicy('enforce'), stsPolicy('testing'));
    const security = fc.constantFrom('secure', 'insecure');
    const names = fc.constantFrom(MX, 'example.test', 'mx.evil.test', 'a.pool.test');
    const demands = fc.constantFrom(encrypt, verify);
    const strength = { none: 0, encrypted: 1, authenticated: 2 } as const;
    fc.assert(
      fc.property(
        fc.tuple(states, policies, security, names, demands),
        ([dane, sts, mxSecurity, name, demand]) => {
          const plain = mxEvidence([hostEvidence(name, dane)], { sts, mxSecurity });
          const before = hostOf(plain);
          const evidence = { ...plain, demand };
          const after = hostOf(evidence);
          if (before.requirement.kind === 'refused') {
            assert.equal(after.requirement.kind, 'refused');
          } else if (after.requirement.kind !== 'refused') {
            assert.ok(strength[after.level.tls] >= strength[before.level.tls]);
            assert.ok(strength[after.level.tls] >= (demand.kind === 'verify' ? 2 : 1));
          }
          const policy = evaluate(evidence, KNOBS);
          const again = decisionFromJson(
            decisionToJson({ version: 1, evidence, knobs: KNOBS, policy }),
          );
          assert.ok(again.ok);
          assert.deepEqual(evaluate(again.value.evidence, again.value.knobs), policy);
        },
      ),
    );
  });
});

describe('demandText', () => {
  it('names the route', () => {
    const own: HopDemand = { kind: 'verify', route: 'a.test', because: 'setting' };
    assert.equal(demandText(own), 'the route of a.test asks for verified TLS');
  });
});
