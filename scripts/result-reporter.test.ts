import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { resultOf } from './result-reporter.ts';
import { parseResults } from './results.ts';

const event = (type: string, data: object): TestEvent =>
  ({
    type,
    data: { name: 'n', file: '/p/src/a.test.ts', details: { type: 'test' }, ...data },
  }) as unknown as TestEvent;

describe('result reporter', () => {
  it('a test that passed or failed is one line with its relative path', () => {
    assert.deepEqual(resultOf(event('test:pass', {}), '/p'), {
      file: 'src/a.test.ts',
      name: 'n',
      result: 'pass',
    });
    assert.equal(resultOf(event('test:fail', {}), '/p')?.result, 'fail');
  });

  it('a skipped test has not passed', () => {
    assert.equal(resultOf(event('test:pass', { skip: true }), '/p')?.result, 'skip');
    assert.equal(resultOf(event('test:pass', { todo: 'later' }), '/p')?.result, 'todo');
  });

  it('suites and other events are left out', () => {
    assert.equal(resultOf(event('test:pass', { details: { type: 'suite' } }), '/p'), undefined);
    assert.equal(resultOf(event('test:start', {}), '/p'), undefined);
  });

  it('lines are read back', () => {
    const result = { file: 'a', name: 'b', result: 'pass' };
    assert.deepEqual(parseResults(`${JSON.stringify(result)}\n\n`), [result]);
  });
});
