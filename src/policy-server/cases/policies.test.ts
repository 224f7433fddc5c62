import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mxMatches } from '../../mta-sts/match.ts';
import { HOST, lineOf, mxOf, STS_P, type Case } from './asked.fixture.ts';

const ONE: Case = { records: { ...mxOf('mx1.d.test'), 'mx1.d.test': HOST }, policy: STS_P };

const SECURE = 'OK secure match=mx1.d.test servername=hostname';

describe('C: what of a policy reaches an MTA', () => {
  for (const mx of [
    '*.*.d.test',
    '*',
    'mx*.d.test',
    '.d.test',
    '192.0.2.1',
    '[192.0.2.1]',
    'a b',
    'ñaca.test',
    'mx.d.test tafile=/etc/passwd',
    'a:b',
    'a,b',
    'mx\u2028.d.test',
    'mx\v.d.test',
    'mx\0.d.test',
  ]) {
    it(`C12, C13: mx: ${JSON.stringify(mx)} makes the policy invalid: as without one`, async () => {
      const policy = ['mode: enforce', `mx: ${mx}`];
      assert.equal(await lineOf({ ...ONE, policy }), 'NOTFOUND ');
      assert.equal(await lineOf({ ...ONE, policy, dialect: 'postfix-tlsrpt' }), 'NOTFOUND ');
    });
  }

  it('C13: an extension cannot close the braces around it', async () => {
    const policy = [...STS_P, 'x: } policy_type=sts {', 'y: \u2028{'];
    const line = await lineOf({ ...ONE, policy, dialect: 'postfix-tlsrpt' });
    assert.match(line, /\{ policy_string = x: \) policy_type=sts \( \}/);
    assert.match(line, /\{ policy_string = y: \?\( \}/);
    assert.equal(line.match(/\{/g)?.length, line.match(/\}/g)?.length);
  });

  it('C11: unknown keys are reported', async () => {
    const policy = [...STS_P, 'note: https://d.test/'];
    const line = await lineOf({ ...ONE, policy, dialect: 'postfix-tlsrpt' });
    assert.match(line, /\{ policy_string = note: https:\/\/d\.test\/ \}/);
  });

  it('C7: enforce without mx is no policy, never an empty match', async () => {
    assert.equal(await lineOf({ ...ONE, policy: ['mode: enforce'] }), 'NOTFOUND ');
    assert.equal(await lineOf({ ...ONE, policy: ['mode: enforce', 'nmx: a.test'] }), 'NOTFOUND ');
  });

  it('C14: case makes no difference', async () => {
    assert.equal(await lineOf({ ...ONE, policy: ['mode: enforce', 'mx: MX1.D.TEST'] }), SECURE);
  });

  it('C16: equal mx lines are written once, in file order', async () => {
    const policy = ['mode: enforce', 'mx: mx2.d.test', 'mx: mx1.d.test', 'mx: mx2.d.test'];
    assert.equal(
      await lineOf({ ...ONE, policy }),
      'OK secure match=mx2.d.test:mx1.d.test servername=hostname',
    );
  });

  it('C15: a policy of 64 KiB of mx lines fits', async () => {
    const mx = Array.from({ length: 4800 }, (_, index) => `mx: m${index}.d`);
    const line = await lineOf({ ...ONE, policy: ['mode: testing', ...mx] });
    assert.equal(line, 'NOTFOUND ');
    // None of the live hosts is named: strict all the same.
    const enforced = await lineOf({ ...ONE, policy: ['mode: enforce', ...mx] });
    assert.match(enforced, /^OK secure match=m0\.d:/);
    assert.ok(Buffer.byteLength(enforced) <= 100_000);
  });
});

describe('D: MX matching', () => {
  for (const [id, pattern, host, matches] of [
    ['D1', '*.example.com', 'mail.example.com', true],
    ['D2', '*.example.com', 'example.com', false],
    ['D3', '*.example.com', 'foo.bar.example.com', false],
    ['D4', 'mx.example.com', 'mx.example.com.', true],
    ['D5', 'mx.example.com', 'MX.Example.COM', true],
    ['D6', '*.xn--aca-6ma.com', 'x.ñaca.com', true],
  ] as const) {
    it(`${id}: ${host} ${matches ? 'fits' : 'does not fit'} ${pattern}`, () => {
      assert.equal(mxMatches(pattern, host), matches);
    });
  }

  it('D1, D8, H22: Postfix 3.10 filters by the wildcard, an older one by its dot form', async () => {
    const policy = ['mode: enforce', 'mx: *.d.test'];
    assert.equal(await lineOf({ ...ONE, policy }), 'OK secure match=.d.test servername=hostname');
    const line = await lineOf({ ...ONE, policy, dialect: 'postfix-tlsrpt' });
    assert.match(line, / policy_type=sts policy_domain=d\.test mx_host_pattern=\*\.d\.test \{/);
  });

  it('D7: an MX name that is a CNAME is matched by the name in the MX record', async () => {
    const records = {
      ...mxOf('mx1.d.test', 'mx2.d.test'),
      'mx1.d.test': { CNAME: ['outside.test'] },
      'outside.test': HOST,
      // The target of the second is named, the second is not: it stays out.
      'mx2.d.test': { CNAME: ['mx1.d.test'] },
    };
    assert.equal(await lineOf({ records, insecure: ['test'], policy: STS_P }), SECURE);
  });
});

describe('B and A: no policy to be had', () => {
  it('B19, A13, A14: no record, or a fetch that failed: NOTFOUND, never TEMP', async () => {
    const { policy: _policy, ...without } = ONE;
    for (const dialect of ['postfix', 'postfix-tlsrpt', 'sendmail', 'exim'] as const) {
      assert.equal(await lineOf({ ...without, dialect }), 'NOTFOUND ');
    }
  });
});
