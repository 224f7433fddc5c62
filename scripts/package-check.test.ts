import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importableNames } from './package-check.ts';

describe('package check', () => {
  it('subpaths become names that can be imported', () => {
    const exports = { '.': './dist/index.js', './dns': './dist/dns/index.js', './p': './p.json' };
    assert.deepEqual(importableNames({ name: 'x', exports }), ['x', 'x/dns']);
  });
});
