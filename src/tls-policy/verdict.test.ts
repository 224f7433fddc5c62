import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLabCa } from '../lab/pki/ca.ts';
import type { PeerTls, PkixVerdict } from '../tls/types.ts';
import { NOW } from './evidence.fixture.ts';
import {
  BROKEN_HANDSHAKE,
  dane,
  EXPIRED,
  leafOf,
  MX,
  otherDane,
  sts,
} from './requirements.fixture.ts';
import type { Requirement, Verdict } from './types.ts';
import { judge, otherServername } from './verdict.ts';

const ca = createLabCa();
const good = leafOf(ca.issue([MX]));
const wrongName = leafOf(ca.issue(['other.example.test']));
const domainOnly = leafOf(ca.issue(['example.test']));
const cnOnly = leafOf(ca.issue([MX], 'cn-only'));
const wildcard = leafOf(ca.issue(['*.example.test']));

function peer(certificate = good, more: Partial<PeerTls> = {}): PeerTls {
  return {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    servername: MX,
    chain: [certificate],
    pkix: { trusted: true },
    ...more,
  };
}

const untrusted: PkixVerdict = {
  trusted: false,
  failure: {
    code: 'TLS_CERTIFICATE_SELF_SIGNED',
    detail: 'self-signed',
    resultType: 'certificate-not-trusted',
  },
};
const expired: PkixVerdict = { trusted: false, failure: EXPIRED };

const of = (requirement: Requirement, seen: PeerTls | undefined): Verdict =>
  judge({ requirement, peer: seen, now: NOW });

/** Its certificate is good. */
const OLD = peer(good, { protocol: 'TLSv1.1' });

const ENFORCE: Requirement = { kind: 'sts', sts: sts('enforce') };
const OPPORTUNISTIC: Requirement = { kind: 'opportunistic' };
const TESTING: Requirement = { kind: 'opportunistic', testing: sts('testing') };

/** What a session can show, and the result type that a check for the MX host gives it. */
const SHOWN: readonly (readonly [
  ids: string,
  what: string,
  peer: PeerTls | undefined,
  resultType: string | undefined,
])[] = [
  ['STS-4-1', 'a certificate for the MX host', peer(), undefined],
  ['STS-4-1', 'a wildcard certificate', peer(wildcard), undefined],
  ['STS-4-1', 'no TLS', undefined, 'starttls-not-supported'],
  ['STS-4.2-1', 'an expired certificate', peer(good, { pkix: expired }), 'certificate-expired'],
  ['STS-4.2-2', 'an untrusted chain', peer(good, { pkix: untrusted }), 'certificate-not-trusted'],
  ['STS-4.2-3', 'the name in the CN alone', peer(cnOnly), 'certificate-host-mismatch'],
  ['STS-4.2-4', 'another MX host', peer(wrongName), 'certificate-host-mismatch'],
  ['STS-4.2-4', 'the recipient domain', peer(domainOnly), 'certificate-host-mismatch'],
];

describe('judge: MTA-STS', () => {
  for (const [ids, what, seen, resultType] of SHOWN) {
    it(`${ids}: enforce, ${what} → ${resultType ?? 'deliver'}`, () => {
      const verdict = of(ENFORCE, seen);
      assert.equal(verdict.deliver, resultType === undefined);
      assert.equal(verdict.failure?.resultType, resultType);
      if (verdict.deliver) assert.equal(verdict.tls, 'authenticated');
      else assert.notEqual(verdict.tls, 'authenticated');
    });

    it(`STS-5-2: testing, ${what} → delivered, ${resultType ?? 'nothing'} reported`, () => {
      const verdict = of(TESTING, seen);
      assert.equal(verdict.deliver, true);
      assert.equal(verdict.failure, undefined);
      assert.equal(verdict.wouldFail?.resultType, resultType);
    });

    it(`STS-5-3: no policy, ${what} → delivered, nothing held against it`, () => {
      const verdict = of(OPPORTUNISTIC, seen);
      assert.equal(verdict.deliver, true);
      assert.equal(verdict.wouldFail, undefined);
    });
  }

  it('STS-5-2: testing with an MX host outside the policy reports that first', () => {
    const requirement: Requirement = {
      kind: 'opportunistic',
      testing: sts('testing', { mxMatches: false }),
    };
    for (const seen of [peer(), peer(good, { pkix: expired }), undefined]) {
      const verdict = of(requirement, seen);
      assert.equal(verdict.deliver, true);
      assert.equal(verdict.wouldFail?.reasonCode, 'sts-mx-mismatch');
    }
  });

  it('a second fault under testing is not lost', () => {
    const testing = sts('testing', { mxMatches: false });
    const second = (seen: PeerTls | undefined): string | undefined =>
      of({ kind: 'opportunistic', testing }, seen).alsoWouldFail?.resultType;
    assert.equal(second(peer(good, { pkix: expired })), 'certificate-expired');
    assert.equal(second(undefined), 'starttls-not-supported');
    assert.equal(second(OLD), 'validation-failure');
    assert.equal(second(peer()), undefined);
    assert.equal(of(TESTING, peer(good, { pkix: expired })).alsoWouldFail, undefined);
  });

  it('the reason why TLS is missing is the failure', () => {
    const startTlsFailure = BROKEN_HANDSHAKE;
    const enforced = judge({ requirement: ENFORCE, peer: undefined, startTlsFailure, now: NOW });
    assert.deepEqual(enforced.failure, startTlsFailure);
    const tested = judge({ requirement: TESTING, peer: undefined, startTlsFailure, now: NOW });
    assert.deepEqual(tested.wouldFail, startTlsFailure);
  });

  it('what an opportunistic session really showed is told', () => {
    assert.equal(of(OPPORTUNISTIC, peer()).tls, 'authenticated');
    assert.equal(of(OPPORTUNISTIC, peer(wrongName)).tls, 'encrypted');
    assert.equal(of(OPPORTUNISTIC, peer(good, { servername: undefined })).tls, 'encrypted');
    assert.equal(of(OPPORTUNISTIC, undefined).tls, 'none');
  });
});

describe('judge: TLS older than 1.2', () => {
  it('TLS-9325-1, STS-7.2-1: meets no requirement, whatever its certificate', () => {
    const binding: readonly Requirement[] = [
      ENFORCE,
      { kind: 'dane', dane: dane(good) },
      { kind: 'dane-and-sts', dane: dane(good), sts: sts('enforce') },
    ];
    for (const protocol of ['TLSv1.1', 'TLSv1', 'SSLv3', 'unknown']) {
      for (const requirement of binding) {
        const verdict = of(requirement, peer(good, { protocol }));
        assert.equal(verdict.deliver, false);
        assert.equal(verdict.failure?.code, 'TLS_VERSION_TOO_OLD');
        assert.equal(verdict.failure.resultType, 'validation-failure');
      }
    }
    assert.ok(of(ENFORCE, peer(good, { protocol: 'TLSv1.2' })).deliver);
  });

  it('TLS-9325-1: where nothing is demanded it is better than clear text, and verified never', () => {
    const verdict = of(OPPORTUNISTIC, OLD);
    assert.equal(verdict.deliver, true);
    assert.equal(verdict.tls, 'encrypted');
    assert.match(verdict.why, /TLSv1\.1, which is older than TLS 1\.2/);
    assert.equal(verdict.wouldFail, undefined);
  });

  it('STS-5-2: a testing policy would have refused it', () => {
    assert.equal(of(TESTING, OLD).wouldFail?.code, 'TLS_VERSION_TOO_OLD');
    const outside: Requirement = {
      kind: 'opportunistic',
      testing: sts('testing', { mxMatches: false }),
    };
    assert.equal(of(outside, OLD).wouldFail?.reasonCode, 'sts-mx-mismatch');
  });
});

describe('judge: DANE', () => {
  it('DANE-7672-3.2-1, DANE-7672-2.2-1: only a match delivers, never clear text', () => {
    const matching: Requirement = { kind: 'dane', dane: dane(good) };
    assert.deepEqual(of(matching, peer()).tls, 'authenticated');
    assert.equal(of(matching, peer()).deliver, true);
    const other: Requirement = { kind: 'dane', dane: otherDane() };
    assert.equal(of(other, peer()).deliver, false);
    assert.equal(of(other, undefined).deliver, false);
    assert.equal(of(matching, undefined).failure?.resultType, 'starttls-not-supported');
  });

  it('DANE-7672-3.1.1-1, DANE-7672-3.1.1-2: DANE-EE needs neither name nor date nor CA', () => {
    const requirement: Requirement = { kind: 'dane', dane: dane(wrongName) };
    assert.equal(of(requirement, peer(wrongName, { pkix: expired })).deliver, true);
  });

  it('STS-2-1: STS success does not rescue a DANE failure, in any mode', () => {
    const both: Requirement = { kind: 'dane-and-sts', dane: otherDane(), sts: sts('enforce') };
    assert.equal(of(both, peer()).deliver, false);
    const tested: Requirement = { kind: 'dane', dane: otherDane(), testing: sts('testing') };
    assert.equal(of(tested, peer()).deliver, false);
    assert.equal(of(tested, peer()).wouldFail, undefined);
  });

  it('STS-5-1: DANE and an enforced policy must both pass', () => {
    const both: Requirement = { kind: 'dane-and-sts', dane: dane(good), sts: sts('enforce') };
    assert.equal(of(both, peer()).deliver, true);
    const verdict = of(both, peer(good, { pkix: expired }));
    assert.equal(verdict.deliver, false);
    assert.equal(verdict.failure?.resultType, 'certificate-expired');
    assert.equal(verdict.alsoFails, undefined);
  });

  it('RPT-4-2: where DANE and an enforced policy both fail, each says why', () => {
    const both: Requirement = { kind: 'dane-and-sts', dane: otherDane(), sts: sts('enforce') };
    const verdict = of(both, peer(good, { pkix: expired }));
    assert.equal(verdict.failure?.code, 'DANE_NO_MATCH');
    assert.equal(verdict.alsoFails?.resultType, 'certificate-expired');
    assert.equal(of(both, peer()).alsoFails, undefined);
  });

  it('STS-5-2: DANE passes, testing fails: delivered and reported', () => {
    const requirement: Requirement = { kind: 'dane', dane: dane(good), testing: sts('testing') };
    const verdict = of(requirement, peer(good, { pkix: untrusted }));
    assert.equal(verdict.deliver, true);
    assert.equal(verdict.tls, 'authenticated');
    assert.equal(verdict.wouldFail?.resultType, 'certificate-not-trusted');
  });

  it('DANE-7672-2.2-2, DANE-7672-2.2.3-4: unusable records: any certificate, but TLS', () => {
    const failure = { code: 'DANE_NO_MATCH', detail: 'all unusable' } as const;
    const because = { kind: 'tlsa-unusable', baseDomain: MX, failure } as const;
    const requirement: Requirement = { kind: 'encrypt', because };
    assert.equal(of(requirement, peer(wrongName, { pkix: untrusted })).deliver, true);
    assert.equal(of(requirement, undefined).deliver, false);
  });

  it('a refused host is refused whatever it shows', () => {
    const failure = { code: 'DNS_BOGUS', detail: 'bogus', resultType: 'dnssec-invalid' } as const;
    const requirement: Requirement = { kind: 'refused', failure, rule: 'RFC 7672 §2.1.2' };
    for (const seen of [peer(), undefined]) {
      assert.equal(of(requirement, seen).deliver, false);
      assert.deepEqual(of(requirement, seen).failure, failure);
    }
  });
});

describe('otherServername', () => {
  const both: Requirement = {
    kind: 'dane-and-sts',
    dane: dane(wrongName, 'real.test'),
    sts: sts('enforce'),
  };
  const verdict = of(both, peer(wrongName, { servername: 'real.test' }));

  it('the MX host, where DANE passed and only the name failed under another SNI', () => {
    assert.equal(verdict.failure?.resultType, 'certificate-host-mismatch');
    assert.equal(otherServername(both, 'real.test', verdict), MX);
  });

  it('nothing, where another SNI cannot help or is not needed', () => {
    assert.equal(otherServername(both, MX, verdict), undefined);
    assert.equal(otherServername(ENFORCE, 'real.test', verdict), undefined);
    const dated = of(both, peer(wrongName, { pkix: expired }));
    assert.equal(otherServername(both, 'real.test', dated), undefined);
    assert.equal(otherServername(both, 'real.test', { ...verdict, deliver: true }), undefined);
  });
});
