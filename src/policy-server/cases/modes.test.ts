import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { override } from '../../tls-policy/overrides.fixture.ts';
import { HAS_TLSA, HOST, lineOf, mxOf, STS_P, type Case } from './asked.fixture.ts';

const ONE: Case = { records: { ...mxOf('mx1.d.test'), 'mx1.d.test': HOST } };
const TESTING = ['mode: testing', 'mx: mx1.d.test'];
const SECURE = 'OK secure match=mx1.d.test servername=hostname';
const REPORTED =
  'policy_type=sts policy_domain=d.test mx_host_pattern=mx1.d.test ' +
  '{ policy_string = version: STSv1 } { policy_string = mode: testing } ' +
  '{ policy_string = mx: mx1.d.test } { policy_string = max_age: 604800 }';

describe('F: modes', () => {
  it('F1: enforce', async () => {
    assert.equal(await lineOf({ ...ONE, policy: STS_P }), SECURE);
  });

  it('F2: testing without DANE is told to TLSRPT and asks for nothing', async () => {
    const one = { ...ONE, policy: TESTING };
    assert.equal(await lineOf({ ...one, dialect: 'postfix-tlsrpt' }), `OK dane ${REPORTED}`);
    for (const dialect of ['postfix', 'sendmail', 'exim', 'requiretls'] as const) {
      assert.equal(await lineOf({ ...one, dialect }), 'NOTFOUND ');
    }
  });

  it('F2: testing, and no MX host in the policy: still in nobody’s way', async () => {
    const policy = ['mode: testing', 'mx: other.test'];
    assert.equal(await lineOf({ ...ONE, policy }), 'NOTFOUND ');
  });

  it('F3: none is NOTFOUND: Postfix itself reports no-policy-found', async () => {
    for (const dialect of ['postfix', 'postfix-tlsrpt', 'sendmail', 'exim'] as const) {
      assert.equal(await lineOf({ ...ONE, policy: ['mode: none'], dialect }), 'NOTFOUND ');
    }
  });

  it('F4: testing counts as enforced by setting or override', async () => {
    const one = { ...ONE, policy: TESTING };
    assert.equal(await lineOf({ ...one, knobs: { enforceTesting: true } }), SECURE);
    assert.equal(await lineOf({ ...one, override: override('enforce-testing', 'd.test') }), SECURE);
  });

  it('F6: skip is NOTFOUND, whatever else is so', async () => {
    const skip = override('skip', 'd.test');
    assert.equal(await lineOf({ ...ONE, policy: STS_P, override: skip }), 'NOTFOUND ');
    const records = { ...ONE.records, '_25._tcp.mx1.d.test': HAS_TLSA };
    assert.equal(await lineOf({ records, override: skip }), 'NOTFOUND ');
    const failing = { 'd.test': 'servfail' } as const;
    assert.equal(await lineOf({ ...ONE, failing, override: skip }), 'NOTFOUND ');
  });

  it('an override may ask for TLS, or pin a policy', async () => {
    const tls = override('require-tls', 'd.test');
    assert.equal(await lineOf({ ...ONE, override: tls }), 'OK encrypt');
    const pin = override('pin', 'd.test');
    assert.equal(
      await lineOf({ ...ONE, override: pin }),
      'OK secure match=mx1.example.test servername=hostname',
    );
  });
});

describe('H11: next hops', () => {
  for (const nextHop of ['d.test', 'D.TEST', 'd.test.', 'd.test:587']) {
    it(`H9, H11: ${nextHop} has the policy of d.test`, async () => {
      assert.equal(await lineOf({ ...ONE, policy: STS_P, nextHop }), SECURE);
    });
  }

  it('H11: a smart host is its own policy domain', async () => {
    const records = { 'd.test': HOST };
    const policy = ['mode: enforce', 'mx: d.test'];
    for (const nextHop of ['[d.test]', '[d.test]:587']) {
      assert.equal(
        await lineOf({ records, policy, nextHop }),
        'OK secure match=d.test servername=hostname',
      );
    }
  });
});
