import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATALOGUE, requirementsOf } from './catalogue.ts';
import { type TestRun, conformance, idsOf, titleOf } from './generate.ts';
import { type Row, type Section, bindsUs, isStrong, needsProof, section } from './requirement.ts';

const ROWS: readonly Row[] = [
  ['STS-1-1', 'MUST', 'S', 'One `thing`.'],
  ['STS-1-2', 'SHOULD', 'S P', 'Another | thing.'],
  ['STS-1-3', 'REC', 'S', 'A third.'],
  ['STS-1-4', 'MUST', 'R', 'Not ours.'],
  ['STS-1-5', 'MUST', 'S', 'For tomorrow.', { later: 'comes with the queue' }],
  ['STS-1-6', 'MAY', 'S', 'Half of it.', { note: 'the rule | alone' }],
];
const SECTIONS: readonly Section[] = [section({ id: 'X', title: 'Things', spec: 'RFC 1' }, ROWS)];

const run = (name: string, result: TestRun['result'] = 'pass'): TestRun => ({
  file: 'src/a.test.ts',
  name,
  result,
});

/** The row of an ID in the page. */
function rowOf(markdown: string, id: string): string {
  return markdown.split('\n').find((line) => line.startsWith(`| ${id} |`)) ?? '';
}

describe('conformance', () => {
  it('reads the IDs at the start of a name', () => {
    assert.deepEqual(idsOf('STS-3.1-13, STS-3.1-14: two records'), ['STS-3.1-13', 'STS-3.1-14']);
    assert.deepEqual(idsOf('STS-App-B-1 DSN-R1 RT-5-1: x'), ['STS-App-B-1', 'DSN-R1', 'RT-5-1']);
    assert.equal(titleOf('STS-3.1-13: two: records'), 'two: records');
  });

  it('other names have no IDs', () => {
    for (const name of ['TLS-Required: No is kept', 'fuzz: never throws', 'XYZ-3-2: x', 'plain']) {
      assert.deepEqual(idsOf(name), [], name);
      assert.equal(titleOf(name), name);
    }
  });

  it('a passing test proves each ID in its name', () => {
    const { markdown, unproven } = conformance(SECTIONS, [run('STS-1-1, STS-1-2: both')]);
    assert.deepEqual(unproven, []);
    const row = rowOf(markdown, 'STS-1-1');
    assert.equal(row, '| STS-1-1 | MUST | S | One `thing`. | `src/a.test.ts` both | proven |');
  });

  it('failing, skipped and missing tests prove nothing', () => {
    const ids = (tests: readonly TestRun[]): string[] =>
      conformance(SECTIONS, tests).unproven.map((requirement) => requirement.id);
    assert.deepEqual(ids([]), ['STS-1-1', 'STS-1-2']);
    assert.deepEqual(ids([run('STS-1-1: a', 'fail'), run('STS-1-2: b', 'skip')]), [
      'STS-1-1',
      'STS-1-2',
    ]);
    assert.deepEqual(ids([run('STS-1-1: a'), run('STS-1-1: b', 'fail'), run('STS-1-2: c')]), [
      'STS-1-1',
    ]);
  });

  it('an ID that the catalogue does not know is found', () => {
    const { unknown } = conformance(SECTIONS, [run('STS-1-1, STS-1-9: typo')]);
    assert.deepEqual(unknown, ['STS-1-9 in src/a.test.ts: STS-1-1, STS-1-9: typo']);
  });

  it('rows say why nothing proves them', () => {
    const { markdown } = conformance(SECTIONS, []);
    assert.match(rowOf(markdown, 'STS-1-3'), /\| open \|$/);
    assert.match(rowOf(markdown, 'STS-1-4'), /\| other role \|$/);
    assert.match(rowOf(markdown, 'STS-1-5'), /\| later: comes with the queue \|$/);
  });

  it('a row says where its proof is narrower than itself', () => {
    const { markdown } = conformance(SECTIONS, [run('STS-1-6: the rule')]);
    assert.match(rowOf(markdown, 'STS-1-6'), /\| proven: the rule \\\| alone \|$/);
    const { markdown: without } = conformance(SECTIONS, []);
    assert.match(rowOf(without, 'STS-1-6'), /\| open: the rule/);
  });

  it('text of a name or a row cannot leave its cell', () => {
    const { markdown } = conformance(SECTIONS, [run('STS-1-2: a | b <i>')]);
    assert.match(rowOf(markdown, 'STS-1-2'), /Another \\\| thing\..*a \\\| b &lt;i>/);
  });

  it('the page does not depend on the order of the tests', () => {
    const tests = [run('STS-1-1: b'), run('STS-1-1: a'), run('STS-1-2: c')];
    assert.equal(
      conformance(SECTIONS, tests).markdown,
      conformance(SECTIONS, tests.toReversed()).markdown,
    );
  });

  it('the summary counts', () => {
    const { markdown } = conformance(SECTIONS, [run('STS-1-1: a'), run('STS-1-2: a', 'fail')]);
    assert.match(markdown, /^\| ours: MUST, SHOULD \| 3 \| 1 \| 1 \| 0 \| 1 \| 0 \|$/m);
    assert.match(markdown, /^\| other roles \| 1 \| 0 \| 0 \| 0 \| 0 \| 1 \|$/m);
  });
});

describe('catalogue', () => {
  const all = requirementsOf(CATALOGUE);

  it('every ID is there once and is recognised in a test name', () => {
    const ids = all.map((requirement) => requirement.id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length > 200);
    for (const id of ids) assert.deepEqual(idsOf(`${id}: x`), [id]);
  });

  it('roles and texts are well formed', () => {
    const roles = new Set(['S', 'P', 'R', 'DP', 'TG', 'TC', 'MSA', '-']);
    for (const { id, roles: own, what } of all) {
      assert.ok(own.length > 0 && own.every((role) => roles.has(role)), id);
      assert.match(what, /^.+\.$/, id);
    }
  });

  it('nothing that binds us is put off', () => {
    const putOff = all.filter(
      (one) => one.later !== undefined && bindsUs(one) && isStrong(one.level),
    );
    assert.deepEqual(putOff, []);
    assert.ok(all.filter(needsProof).length > 100);
  });
});
