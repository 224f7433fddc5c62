import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Problem } from './failure.ts';
import {
  collectProblems,
  columnAt,
  didYouMean,
  MAX_PROBLEMS,
  quoted,
  readingOf,
} from './problems.ts';

function problem(line: number, severity: Problem['severity']): Problem {
  return { code: 'STS_RECORD_FIELD', line, column: 1, message: 'm', fix: 'f', severity };
}

describe('collectProblems', () => {
  it('gives faults by their place', () => {
    const problems = collectProblems('STS_PROBLEMS_CUT');
    problems.add(problem(3, 'info'));
    problems.add(problem(1, 'warning'));
    assert.deepEqual(
      problems.list().map(({ line }) => line),
      [1, 3],
    );
    assert.equal(problems.failed, false);
    assert.equal(readingOf(problems, () => 1).value, 1);
  });

  it('puts into words only what it keeps', () => {
    const problems = collectProblems('STS_PROBLEMS_CUT');
    let written = 0;
    const note = (line: number, severity: Problem['severity']): void =>
      problems.note(severity, () => {
        written += 1;
        return problem(line, severity);
      });
    for (let line = 1; line <= 500; line += 1) note(line, 'info');
    assert.equal(written, MAX_PROBLEMS);
    note(501, 'error');
    assert.equal(written, MAX_PROBLEMS + 1);
    assert.equal(problems.failed, true);
    assert.match(problems.list().at(-1)!.message, /^401 more faults/);
  });

  it('keeps a bounded number, errors before others, and says how many are missing', () => {
    const problems = collectProblems('STS_PROBLEMS_CUT');
    for (let line = 1; line <= MAX_PROBLEMS; line += 1) problems.add(problem(line, 'info'));
    problems.add(problem(500, 'info'));
    problems.add(problem(501, 'error'));
    const list = problems.list();
    assert.equal(list.length, MAX_PROBLEMS + 1);
    assert.equal(list.filter(({ severity }) => severity === 'error').length, 1);
    assert.equal(list.at(-1)?.code, 'STS_PROBLEMS_CUT');
    assert.match(list.at(-1)!.message, /^2 more faults/);
    assert.equal(readingOf(problems, () => 1).value, undefined);
  });

  it('remembers an error that it had no room for', () => {
    const problems = collectProblems('STS_PROBLEMS_CUT');
    for (let line = 0; line < 300; line += 1) problems.add(problem(line, 'error'));
    problems.add(problem(1, 'warning'));
    assert.equal(problems.failed, true);
    assert.equal(problems.list().length, MAX_PROBLEMS + 1);
  });
});

describe('the words of a fault', () => {
  it('quotes foreign text so that nothing in it acts', () => {
    assert.equal(quoted('a"b\n'), '"a\\"b\\n"');
    assert.equal(quoted('\u001b[2J'), '"\\u001b[2J"');
    assert.equal(quoted('a\u202eb\u2028\u009b'), '"a\\u202eb\\u2028\\u009b"');
    assert.equal(quoted('x'.repeat(100)).length, 63);
  });

  it('counts columns in characters', () => {
    assert.equal(columnAt('abc', 0), 1);
    assert.equal(columnAt('a\u{1f600}bc', 3), 3);
  });

  it('guesses what a misspelt word was meant to be', () => {
    const known = ['version', 'mode', 'max_age', 'mx'];
    for (const [word, meant] of [
      ['nmx', 'mx'],
      ['maxage', 'max_age'],
      ['max-age', 'max_age'],
      ['Mode', 'mode'],
      ['mdoe', 'mode'],
      ['modes', 'mode'],
      ['verson', 'version'],
      ['VERSION', 'version'],
    ] as const) {
      assert.equal(didYouMean(word, known), meant, word);
    }
    for (const word of ['note', 'x', 'comment', '']) {
      assert.equal(didYouMean(word, known), undefined, word);
    }
  });

  it('fuzz: quoted text is one line of printable characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        (text) => {
          assert.doesNotMatch(quoted(text), /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
