import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { mxMatches, policyAllows } from './match.ts';

describe('mxMatches', () => {
  it('STS-4.1-2, D1, D2, D3: a wildcard stands for exactly one label', () => {
    assert.equal(mxMatches('*.example.com', 'mail.example.com'), true);
    assert.equal(mxMatches('*.example.com', 'example.com'), false);
    assert.equal(mxMatches('*.example.com', 'foo.bar.example.com'), false);
    assert.equal(mxMatches('*.example.com', '.example.com'), false);
    assert.equal(mxMatches('*.example.com', 'mail.badexample.com'), false);
    assert.equal(mxMatches('*.example.com', 'mailexample.com'), false);
  });

  it('STS-4.1-3, D4, D5, C14: case and a trailing dot make no difference', () => {
    assert.equal(mxMatches('mx1.example.com', 'MX1.Example.COM'), true);
    assert.equal(mxMatches('MX1.example.com', 'mx1.example.com'), true);
    assert.equal(mxMatches('mx.example.com', 'mx.example.com.'), true);
    assert.equal(mxMatches('*.Example.com', 'MX.example.COM.'), true);
    assert.equal(mxMatches('mx1.example.com', 'mx2.example.com'), false);
  });

  it('STS-3.2-11, D6: U-labels of a host match A-labels of a pattern', () => {
    assert.equal(mxMatches('x.xn--aca-6ma.com', 'x.\u00f1aca.com'), true);
    assert.equal(mxMatches('*.xn--aca-6ma.com', 'x.\u00d1aca.com'), true);
  });

  it('a host that is no name matches nothing', () => {
    for (const host of ['', '.', '..', 'a..example.com', 'a b.example.com']) {
      assert.equal(mxMatches('*.example.com', host), false, host);
    }
  });

  it('fuzz: a wildcard matches one label and no other number', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    const base = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), base, (labels, base) => {
        const host = [...labels, base].join('.');
        assert.equal(mxMatches(`*.${base}`, host), labels.length === 1);
        assert.equal(mxMatches(base, host.toUpperCase()), labels.length === 0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('policyAllows', () => {
  const policy = { mode: 'enforce', mx: ['mx.a.example', '*.b.example'] } as const;

  it('STS-4-1: one of the patterns is enough, none is not', () => {
    assert.equal(policyAllows(policy, 'mx.a.example'), true);
    assert.equal(policyAllows(policy, 'MX.b.example.'), true);
    assert.equal(policyAllows(policy, 'mx.c.example'), false);
  });

  it('STS-4.1-1, D7: only the name of the MX record counts, whatever it points to', () => {
    // mx.a.example is a CNAME for mx.c.example: the first is allowed, the second is not.
    assert.equal(policyAllows(policy, 'mx.a.example'), true);
    assert.equal(policyAllows(policy, 'mx.c.example'), false);
  });

  it('STS-3.4-R2: a domain without MX is its own host', () => {
    assert.equal(policyAllows({ mode: 'enforce', mx: ['example.com'] }, 'example.com'), true);
    assert.equal(policyAllows({ mode: 'enforce', mx: ['mail.example.com'] }, 'example.com'), false);
  });

  it('STS-5-3: mode none asks nothing', () => {
    assert.equal(policyAllows({ mode: 'none', mx: ['mx.a.example'] }, 'mx.c.example'), true);
  });
});
