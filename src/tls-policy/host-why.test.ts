import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StsStatus } from '../mta-sts/types.ts';
import { hostEvidence, KNOBS, mxEvidence, noSts, stsPolicy } from './evidence.fixture.ts';
import { evaluate } from './evaluate.ts';
import type { PolicyKnobs } from './types.ts';

const MX1 = 'mx1.example.test';
const OTHER = 'elsewhere.test';

interface Case {
  readonly host?: string;
  readonly dane?: 'absent' | 'usable' | 'unusable';
  readonly sts?: StsStatus;
  readonly signed?: boolean;
  readonly knobs?: Partial<PolicyKnobs>;
}

function whyOf({ host = MX1, dane, sts, signed = false, knobs }: Case): string {
  const evidence = mxEvidence([hostEvidence(host, dane)], {
    mxSecurity: signed ? 'secure' : 'insecure',
    ...(sts === undefined ? {} : { sts }),
  });
  return evaluate(evidence, { ...KNOBS, ...knobs }).hosts[0]!.why;
}

describe('why a host must show what it must show', () => {
  it('where nothing binds, each half stands by itself', () => {
    assert.equal(
      whyOf({ dane: 'absent', sts: noSts() }),
      'no MTA-STS policy (no record), and no DANE (securely denied)',
    );
    assert.equal(
      whyOf({
        dane: 'absent',
        sts: noSts({ code: 'STS_POLICY_INVALID', detail: 'line 2 is bad' }),
      }),
      'no MTA-STS policy (line 2 is bad), and no DANE (securely denied)',
    );
    assert.equal(
      whyOf({ dane: 'absent', sts: stsPolicy('testing') }),
      'the MTA-STS policy of example.test is in mode testing and binds nobody, and no DANE (securely denied)',
    );
    assert.equal(
      whyOf({ sts: stsPolicy('none') }),
      'the MTA-STS policy of example.test is in mode none, and no DANE (it does not apply)',
    );
  });

  it('a host outside an enforced policy with usable TLSA records: says so, and which setting counts', () => {
    const outside = { host: OTHER, dane: 'usable', sts: stsPolicy('enforce') } as const;
    assert.match(
      whyOf({ ...outside, signed: true }),
      /matches no mx pattern .*; its TLSA records are usable, but they are enough only under policy\.dane_satisfies_sts/,
    );
    assert.match(
      whyOf(outside),
      /; its TLSA records are usable, but nothing signed says that the host is the domain's$/,
    );
    assert.doesNotMatch(whyOf({ ...outside, dane: 'absent' }), /TLSA|dane_satisfies/);
  });
});
