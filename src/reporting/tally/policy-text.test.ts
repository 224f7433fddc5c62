import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyKey, policyText, shortPolicy } from './policy-text.ts';
import { STS_POLICY } from './tally.fixture.ts';

describe('the text of a policy', () => {
  it('is lines and patterns as JSON, under a digest of the key', () => {
    const text = policyText(STS_POLICY, policyKey(STS_POLICY));
    assert.deepEqual(JSON.parse(text.strings), STS_POLICY.strings);
    assert.deepEqual(JSON.parse(text.mxHosts), STS_POLICY.mxHosts);
    // It stands in the store: another one would make two rows of one policy.
    assert.equal(text.digest, 'zFQC_LAZAbLOxjZtlh_hFbaC');
  });

  it('S14: a long one loses its last lines and patterns, and never grows beyond the limit', () => {
    const strings = Array.from({ length: 500 }, (_, index) => `mx: "mx${index}.example.test`);
    const mxHosts = Array.from({ length: 500 }, (_, index) => `mx${index}.example.test`);
    for (const longest of [200, 1_000, 8_192]) {
      for (const texts of [{ strings }, { mxHosts }, { strings, mxHosts }]) {
        const short = shortPolicy({ ...STS_POLICY, ...texts }, longest);
        assert.ok(policyKey(short).length <= longest);
        const lines = texts.strings ?? STS_POLICY.strings;
        assert.deepEqual(short.strings, lines.slice(0, short.strings.length));
        assert.ok(short.strings.length > 1);
      }
    }
    const line = shortPolicy({ ...STS_POLICY, strings: ['x'.repeat(2_000)] }, 1_000);
    assert.deepEqual(line.strings, []);
  });
});
