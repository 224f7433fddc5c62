import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, policyText } from './policy-text.ts';
import { STS_POLICY } from './tally.fixture.ts';

describe('the text of a policy', () => {
  it('has the digest of type, domain, lines and patterns as one JSON list', () => {
    const { type, domain, strings, mxHosts } = STS_POLICY;
    const { text, isCut } = policyText(STS_POLICY, 8_192);
    assert.equal(isCut, false);
    assert.equal(text.digest, digestOf(JSON.stringify([type, domain, strings, mxHosts])));
    assert.deepEqual(JSON.parse(text.strings), strings);
    assert.deepEqual(JSON.parse(text.mxHosts), mxHosts);
  });

  it('S14: a long one loses its last lines, then patterns, and never grows beyond the limit', () => {
    const strings = Array.from({ length: 500 }, (_, index) => `mx: mx${index}.example.test"`);
    const mxHosts = Array.from({ length: 500 }, (_, index) => `mx${index}.example.test`);
    for (const policy of [{ strings }, { mxHosts }, { strings, mxHosts }]) {
      const { text, isCut } = policyText({ ...STS_POLICY, ...policy }, 1_000);
      assert.equal(isCut, true);
      assert.ok(text.strings.length + text.mxHosts.length <= 1_000);
      const lines = JSON.parse(text.strings) as string[];
      assert.deepEqual(lines, (policy.strings ?? STS_POLICY.strings).slice(0, lines.length));
      assert.ok(lines.length > 0);
    }
    const line = policyText({ ...STS_POLICY, strings: ['x'.repeat(2_000)] }, 1_000);
    assert.equal(line.text.strings, '[]');
  });
});
