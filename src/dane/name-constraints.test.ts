import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dnsConstraintBroken } from './name-constraints.ts';

describe('dnsConstraintBroken', () => {
  const permits = (base: string, name: string): boolean =>
    !dnsConstraintBroken({ permitted: [base], excluded: [] }, name);
  const excludes = (base: string, name: string): boolean =>
    dnsConstraintBroken({ excluded: [base] }, name);

  it('a subtree is the name and everything below, whole labels only', () => {
    assert.ok(permits('example.test', 'example.test'));
    assert.ok(permits('example.test', 'a.b.EXAMPLE.test'));
    assert.ok(!permits('example.test', 'notexample.test'));
    assert.ok(!permits('a.example.test', 'example.test'));
    assert.ok(permits('', 'anything.test'));
  });

  it('a leading dot leaves the name itself out', () => {
    assert.ok(permits('.example.test', 'a.example.test'));
    assert.ok(!permits('.example.test', 'example.test'));
  });

  it('an excluded subtree wins, and nothing permitted means everything is', () => {
    assert.ok(excludes('example.test', 'mx.example.test'));
    assert.ok(!excludes('example.test', 'mx.other.test'));
    assert.ok(
      dnsConstraintBroken({ permitted: ['test'], excluded: ['example.test'] }, 'example.test'),
    );
  });

  it('a wildcard that could stand for an excluded name is excluded', () => {
    assert.ok(excludes('bad.example.test', '*.example.test'));
    assert.ok(!excludes('bad.other.test', '*.example.test'));
    assert.ok(!excludes('a.bad.example.test', '*.example.test'));
  });
});
