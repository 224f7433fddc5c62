import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SceneResult } from './play-scene.ts';
import { createSceneTable, resultLine } from './scene-table.ts';

const PASSED: SceneResult = {
  scene: 'starttls-strip-enforce',
  title: 'STARTTLS is stripped; an enforced policy',
  rule: 'RFC 8461 §5',
  requirements: ['STS-5-1'],
  expected: 'deferred',
  got: 'deferred',
  pass: true,
  detail: 'POLICY_TLS_MISSING: not offered',
  tookMs: 12,
};
const FAILED: SceneResult = {
  ...PASSED,
  title: 'x'.repeat(200),
  got: 'delivered',
  pass: false,
  why: 'delivered instead of deferred',
};

describe('scene table', () => {
  it('aligns its columns and fits the width', () => {
    const table = createSceneTable({ columns: 100 });
    const lines = [table.header(), table.row(PASSED), table.row(FAILED).split('\n')[0]!];
    const [expected, got] = [lines[0]!.indexOf('EXPECTED'), lines[0]!.indexOf('GOT')];
    assert.equal(lines[1]!.indexOf('deferred'), expected);
    assert.equal(lines[1]!.lastIndexOf('deferred'), got);
    assert.equal(lines[2]!.lastIndexOf('delivered'), got);
    for (const line of lines) assert.ok(line.length <= 100, line);
    assert.match(lines[1]!, /^✓/);
    assert.match(lines[2]!, /^✗ .*…/);
  });

  it('says why a scene did not pass', () => {
    const [, why] = createSceneTable().row(FAILED).split('\n');
    assert.match(why!, /starttls-strip-enforce: delivered instead of deferred/);
  });

  it('sums up', () => {
    const table = createSceneTable();
    assert.equal(table.summary([PASSED], 1234), 'all 1 scenes ended as they must (1.2 s)');
    assert.match(table.summary([PASSED, FAILED], 0), /^1 of 2 scenes did not/);
  });

  it('writes JSON on one line', () => {
    assert.deepEqual(JSON.parse(resultLine(FAILED)), FAILED);
    assert.doesNotMatch(resultLine(FAILED), /\n/);
  });
});
