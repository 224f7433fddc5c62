import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type JsonNode, readJsonTree } from './read-report-json.ts';

const WIDE = { depth: 100, values: 100_000 };

/** What `JSON.parse` would make of it. */
function plain(node: JsonNode): unknown {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries(Array.from(node.fields, ([key, value]) => [key, plain(value)]));
    case 'array':
      return node.items.map(plain);
    case 'string':
    case 'literal':
      return node.value;
    case 'number':
      return Number(node.source);
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

const SIGNS = ['{', '}', '[', ']', ',', ':', '"', '\\', '-', ' ', '\n', '\t'];
const WORDS = ['"a"', '1', '.5', 'e3', '0', 'true', 'null', 'nul', '{}', '[]', '"a":1'];
const PIECES = [...SIGNS, ...WORDS, '"\\u00e9"', '"\\x"', '"\u0001"'];

/** Text that is nearly JSON: made of the pieces that JSON is made of. */
const nearly = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 9 })
  .map((pieces) => pieces.join(''));

describe('reading JSON as a tree', () => {
  it('fuzz: takes what JSON.parse takes and means the same', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.jsonValue({ maxDepth: 5 }).map((value) => JSON.stringify(value, null, 1)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const tree = readJsonTree(text, WIDE);
        assert.ok(tree.ok);
        assert.deepEqual(plain(tree.root), JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it('fuzz: refuses what JSON.parse refuses', () => {
    fc.assert(
      fc.property(nearly, (text) => {
        const tree = readJsonTree(text, WIDE);
        const expected = parsed(text);
        assert.equal(tree.ok, expected !== undefined, text);
        if (tree.ok) assert.deepEqual(plain(tree.root), expected!.value);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses the faults of every kind at their place', () => {
    const faults = [
      ['', 0],
      ['[1,]', 3],
      ['{"a":1,}', 7],
      ['{"a" 1}', 5],
      ['{a:1}', 1],
      ['[1 2]', 3],
      ['"abc', 4],
      ['"a\nb"', 2],
      ['01', 1],
      ['+1', 0],
      ['NaN', 0],
      ['tru', 0],
      ['{}x', 2],
      ['[', 1],
      [`[${'1'.repeat(500)}]`, 1],
    ] as const;
    for (const [text, at] of faults) {
      const tree = readJsonTree(text, WIDE);
      assert.ok(!tree.ok && tree.why === 'syntax', text);
      if (text !== '01') assert.equal(tree.at, at, text);
    }
  });

  it('P23: the last of two equal keys counts, and the key may be called anything', () => {
    const tree = readJsonTree('{"a":1,"__proto__":2,"a":3,"constructor":4}', WIDE);
    assert.ok(tree.ok && tree.root.kind === 'object');
    assert.deepEqual(tree.duplicates, [{ key: 'a', at: 21 }]);
    assert.deepEqual(Array.from(tree.root.fields.keys()), ['a', '__proto__', 'constructor']);
    assert.equal(plain(tree.root.fields.get('a')!), 3);
  });

  it('I14: a hundred thousand levels are refused at the limit, one level less is taken', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = readJsonTree(open.repeat(100_000), { depth: 32, values: 1e9 });
      assert.ok(!deep.ok && deep.why === 'depth');
      assert.equal(deep.at, 32 * open.length);
      const inner = open === '[' ? '' : '1';
      const nested = (levels: number) => open.repeat(levels) + inner + close.repeat(levels);
      assert.ok(readJsonTree(nested(32), { depth: 32, values: 100 }).ok);
      assert.ok(!readJsonTree(nested(33), { depth: 32, values: 100 }).ok);
    }
  });

  it('I14: a million values are refused at the limit', () => {
    const tree = readJsonTree(`[${'0,'.repeat(1_000_000)}0]`, { depth: 32, values: 1000 });
    assert.ok(!tree.ok && tree.why === 'values');
  });
});
