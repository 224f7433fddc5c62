import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createPatternTable, normalPattern } from './patterns.ts';

function tableOf(...patterns: readonly string[]) {
  const table = createPatternTable<string>();
  for (const text of patterns) {
    const pattern = normalPattern(text);
    assert.ok(pattern.ok, text);
    table.add(pattern.value, text);
  }
  return table;
}

describe('the patterns of routes', () => {
  it('a domain fits itself alone, *.domain what is below, * everything', () => {
    const table = tableOf('one.test', '*.two.test', '*');
    assert.equal(table.find('one.test'), 'one.test');
    assert.equal(table.find('a.one.test'), '*');
    assert.equal(table.find('two.test'), '*');
    assert.equal(table.find('a.two.test'), '*.two.test');
    assert.equal(table.find('b.a.two.test'), '*.two.test');
    assert.equal(table.find('badtwo.test'), '*');
    assert.equal(table.find('[192.0.2.1]'), '*');
  });

  it('the first that fits counts, not the closest', () => {
    assert.equal(tableOf('*', 'one.test').find('one.test'), '*');
    assert.equal(tableOf('*.test', 'a.one.test', '*.one.test').find('a.one.test'), '*.test');
    assert.equal(tableOf('*.one.test', '*.test').find('a.one.test'), '*.one.test');
    const table = createPatternTable<number>();
    for (const value of [1, 2]) table.add({ kind: 'exact', name: 'one.test' }, value);
    assert.equal(table.find('one.test'), 1);
  });

  it('capitals, names beyond ASCII and a final dot are the same name', () => {
    const table = tableOf('Bücher.test', '*.EXAMPLE.test.');
    assert.equal(table.find('xn--bcher-kva.test'), 'Bücher.test');
    assert.equal(table.find('BÜCHER.test'), 'Bücher.test');
    assert.equal(table.find('A.example.test'), '*.EXAMPLE.test.');
  });

  it('address literals are compared as addresses', () => {
    const table = tableOf('[192.0.2.1]', '[2001:DB8:0::1]');
    assert.equal(table.find('[192.0.2.1]'), '[192.0.2.1]');
    assert.equal(table.find('[IPv6:2001:db8::1]'), '[2001:DB8:0::1]');
    assert.equal(table.find('[192.0.2.2]'), undefined);
  });

  it('an empty table and a text that is no destination have no route', () => {
    assert.equal(tableOf().find('one.test'), undefined);
    assert.equal(tableOf('*').find('no domain'), undefined);
    assert.equal(tableOf('*').find(''), undefined);
  });

  it('what is no pattern is refused', () => {
    for (const text of ['', '*.', '**', 'a b', '*.[192.0.2.1]', '[host.test]', '[', 'a.*.test']) {
      const pattern = normalPattern(text);
      assert.equal(pattern.ok ? 'ok' : pattern.failure.code, 'ROUTE_PATTERN_INVALID', text);
    }
  });

  it('fuzz: a table finds what a walk over the list finds', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((labels) => labels.join('.'));
    const pattern = fc.oneof(
      name,
      name.map((below) => `*.${below}`),
      fc.constant('*'),
    );
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), name, (patterns, destination) => {
        const found = patterns.find(
          (one) =>
            one === '*' ||
            one === destination ||
            (one.startsWith('*.') && destination.endsWith(one.slice(1))),
        );
        assert.equal(tableOf(...patterns).find(destination), found);
      }),
    );
  });

  it('fuzz: any text is a pattern or a failure', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const pattern = normalPattern(text);
        if (!pattern.ok) assert.equal(pattern.failure.code, 'ROUTE_PATTERN_INVALID');
      }),
    );
  });
});
