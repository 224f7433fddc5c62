import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readStsPolicy, stsPolicyText } from './policy.ts';

const GOOD = ['version: STSv1', 'mode: enforce', 'mx: mx1.d.test', 'max_age: 604800'];

/** Lines to a text with CR LF ends. */
function text(...lines: string[]): string {
  return lines.map((line) => `${line}\r\n`).join('');
}

describe('readStsPolicy under fire', () => {
  const name = fc
    .array(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/), {
      minLength: 1,
      maxLength: 5,
    })
    .map((labels) => `${labels.join('.')}.test`);
  const pattern = fc.oneof(
    name,
    name.map((name) => `*.${name}`),
  );
  const key = fc
    .stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/)
    .filter((key) => !['version', 'mode', 'max_age', 'mx'].includes(key));
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    .filter((value) => value.isWellFormed() && !/[\x00-\x1f\x7f]|^ | $/.test(value));

  it('fuzz: what is printed is read back', () => {
    const policies = fc.record({
      mode: fc.constantFrom('enforce', 'testing', 'none'),
      mx: fc.uniqueArray(pattern, { minLength: 1, maxLength: 5 }),
      maxAge: fc.nat({ max: 31_557_600 }),
      extensions: fc.uniqueArray(fc.tuple(key, value), { selector: ([key]) => key, maxLength: 3 }),
    });
    fc.assert(
      fc.property(policies, (policy) => {
        const printed = stsPolicyText(policy);
        assert.deepEqual(readStsPolicy(printed).value, { ...policy, text: printed });
        assert.deepEqual(readStsPolicy(Buffer.from(printed)).value, { ...policy, text: printed });
      }),
      { numRuns: 200 },
    );
  });

  it('fuzz: agrees with the grammar as regular expressions', () => {
    const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
    const grammar = new RegExp(
      `^(?:version:[ \\t]*STSv1|mode:[ \\t]*(?:testing|enforce|none)|max_age:[ \\t]*[0-9]{1,7}|mx:[ \\t]*(?:\\*\\.)?${label}(?:\\.${label})*|(?!(?:version|mode|max_age|mx):)[A-Za-z0-9][A-Za-z0-9_.-]{0,31}:[ \\t]*[!-~](?:[ -~]*[!-~])?)[ \\t]*$`,
    );
    const piece = fc.constantFrom(
      'version',
      'mode',
      'max_age',
      'mx',
      'x',
      ':',
      ': ',
      ' ',
      '\t',
      '.',
      '*.',
      '-',
      '_',
      'a',
      'STSv1',
      'none',
      '7',
      '#',
    );
    const line = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(line, (line) => {
        // A last good line, so that a blank one is an inner one.
        const body = text(...GOOD, line, 'last: 1');
        assert.equal(readStsPolicy(body).value !== undefined, grammar.test(line), line);
      }),
      { numRuns: 2000 },
    );
  });

  it('fuzz: never throws, never a value together with an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const body = Buffer.concat([Buffer.from(text(...GOOD)), noise]);
        for (const input of [body, noise]) {
          const { value, problems } = readStsPolicy(input);
          const hasError = problems.some(({ severity }) => severity === 'error');
          assert.equal(value === undefined, hasError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('fuzz: 64 KiB of garbage takes linear time and gives a bounded list', () => {
    for (const unit of [
      '\n',
      '\r',
      ':',
      'a',
      'a:\n',
      ' ',
      '\t:',
      'mx: a-\n',
      'mx:*.',
      '\u00fc\n',
      'mx: -',
    ]) {
      const body = unit.repeat(65_536 / Buffer.byteLength(unit));
      const started = performance.now();
      const { problems } = readStsPolicy(body);
      assert.ok(performance.now() - started < 1000, JSON.stringify(unit));
      assert.ok(problems.length <= 101);
    }
    const bad = Buffer.from('\xff\n'.repeat(32_768), 'latin1');
    assert.ok(readStsPolicy(bad).problems.some(({ code }) => code === 'STS_PROBLEMS_CUT'));
    assert.ok(readStsPolicy(bad).problems.some(({ code }) => code === 'STS_POLICY_NOT_UTF8'));
  });
});
