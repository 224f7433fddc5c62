import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPostfixPolicy } from './postfix-policy.fixture.ts';

/** The reader that judges the writers is itself held to what Postfix is known to say. */
describe('the reader of Postfix policies', () => {
  for (const text of [
    'secure match=a:.b servername=hostname',
    'dane',
    'dane-only',
    'dane policy_type=sts mx_host_pattern=*.d.test { policy_string = mode: testing }',
    'may policy_type=sts',
    'encrypt policy_type=no-policy-found',
    'secure, match=a, { policy_type = sts }',
    'may policy_type=sts { policy_string = nested { braces } }',
  ]) {
    it(`H21: takes ${text}`, () => {
      assert.equal(readPostfixPolicy(text, 'tlsrpt').valid, true);
    });
  }

  for (const text of [
    '',
    'OK',
    'half-dane',
    'dane-only match=a',
    'secure match=',
    'secure match=a nonsense=1',
    'secure match=a stray',
    'secure match=a policy_type=sts policy_type=sts',
    'may policy_type=tlsa',
    'may policy_type=sts policy_domain=bad_.-',
    'may policy_domain=d.test',
    'may policy_type=sts { policy_string = open',
    'may policy_type=sts { policy_string = a } }',
    'may policy_type=sts { policy_string = a }b',
    'secure match=a servername=',
  ]) {
    it(`H21: refuses ${JSON.stringify(text)}`, () => {
      assert.equal(readPostfixPolicy(text, 'tlsrpt').valid, false);
    });
  }

  it('H20: a plain reader refuses what only 3.10 knows', () => {
    assert.equal(readPostfixPolicy('dane policy_type=sts', 'plain').valid, false);
  });

  it('H23: white space in braces becomes one space', () => {
    const read = readPostfixPolicy('may policy_type=sts { policy_string =  a \t b }', 'tlsrpt');
    assert.deepEqual(read.valid && read.attributes[1], ['policy_string', 'a b']);
  });
});
