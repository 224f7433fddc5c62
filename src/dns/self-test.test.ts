import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mapResolver } from './map-resolver.fixture.ts';
import type { MapFailure } from './map-resolver.fixture.ts';
import { runSelfTest } from './self-test.ts';
import type { SelfTestNames } from './self-test.ts';

const NAMES = { signed: 'signed.test', unsigned: 'unsigned.test', bogus: 'bogus.test' };

interface World {
  readonly secure?: readonly string[];
  readonly failing?: Readonly<Record<string, MapFailure>>;
  readonly names?: SelfTestNames;
}

async function conclusionOf({ secure, failing, names = NAMES }: World): Promise<string> {
  const A = ['192.0.2.1'];
  const records = { 'signed.test': { A }, 'unsigned.test': { A }, 'bogus.test': { A } };
  const resolver = mapResolver({ records, secure: secure ?? [], failing: failing ?? {} });
  return (await runSelfTest({ resolver, names })).conclusion;
}

const RIGHT: World = { secure: ['signed.test'], failing: { 'bogus.test': 'bogus' } };

describe('runSelfTest', () => {
  it('DANE-7672-2.1.1-1: a resolver that validates is recognised, and each step is told', async () => {
    const A = ['192.0.2.1'];
    const resolver = mapResolver({
      records: { 'signed.test': { A }, 'unsigned.test': { A } },
      secure: ['signed.test'],
      failing: { 'bogus.test': 'servfail' },
    });
    const result = await runSelfTest({ resolver, names: NAMES });
    assert.equal(result.conclusion, 'validating');
    assert.deepEqual(
      result.steps.map(({ test, expected, got, passed }) => [test, expected, got, passed]),
      [
        ['signed', 'secure', 'secure', true],
        ['unsigned', 'insecure', 'insecure', true],
        ['bogus', 'bogus', 'failed', true],
      ],
    );
    assert.match(result.reason, /signed\.test was validated, bogus\.test was rejected/);
    assert.equal(await conclusionOf(RIGHT), 'validating');
  });

  it('G24: AD that is missing, or set on everything, shows a resolver that does not validate', async () => {
    assert.equal(await conclusionOf({ ...RIGHT, secure: [] }), 'not-validating');
    const all = { ...RIGHT, secure: ['signed.test', 'unsigned.test'] };
    assert.equal(await conclusionOf(all), 'not-validating');
  });

  it('G24: a bogus name that is answered shows a resolver that does not validate', async () => {
    assert.equal(await conclusionOf({ secure: ['signed.test'] }), 'not-validating');
    assert.equal(await conclusionOf({ secure: ['signed.test', 'bogus.test'] }), 'not-validating');
  });

  it('G24: a resolver that finds a good signature bogus is not working either', async () => {
    const failing = { 'bogus.test': 'bogus', 'signed.test': 'bogus' } as const;
    assert.equal(await conclusionOf({ failing }), 'not-validating');
  });

  it('a network that does not know the names shows nothing', async () => {
    const resolver = mapResolver({ records: {} });
    const { conclusion, reason } = await runSelfTest({ resolver, names: NAMES });
    assert.equal(conclusion, 'untested');
    assert.match(reason, /signed\.test does not exist/);
  });

  it('without an answer for the signed name nothing is concluded', async () => {
    for (const how of ['timeout', 'servfail'] as const) {
      const failing = { 'bogus.test': 'bogus', 'signed.test': how } as const;
      assert.equal(await conclusionOf({ failing }), 'unreachable');
    }
  });

  it('without a signed name to test with it is untested', async () => {
    assert.equal(await conclusionOf({ ...RIGHT, names: {} }), 'untested');
    assert.equal(await conclusionOf({ ...RIGHT, names: { signed: '', bogus: '' } }), 'untested');
    assert.equal(await conclusionOf({ ...RIGHT, names: { bogus: 'bogus.test' } }), 'untested');
    const failing = { 'unsigned.test': 'timeout' } as const;
    const names = { unsigned: 'unsigned.test' };
    assert.equal(await conclusionOf({ failing, names }), 'unreachable');
  });

  it('a signed name alone is enough', async () => {
    const names = { signed: 'signed.test' };
    assert.equal(await conclusionOf({ ...RIGHT, names }), 'validating');
  });
});
