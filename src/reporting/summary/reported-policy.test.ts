import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayOf } from '../day.ts';
import { on, ownHost, ownState, policy, seen } from './own-state.fixture.ts';
import { originOf, type PolicyOrigin, type ReportedPolicy } from './reported-policy.ts';

const OLD = policy(['old.example.com'], { maxAge: 864_000 });
const own = ownState({
  policies: [
    seen(policy(['a.example.com', 'b.example.com']), on(11, 1)),
    seen(OLD, on(6, 1), on(10, 31)),
  ],
  hosts: [
    ownHost('a.example.com', {
      tlsa: [seen(['3 1 1 ab', '3 1 1 cd'], on(11, 1)), seen(['3 1 1 ef'], on(6, 1), on(10, 31))],
    }),
  ],
});

function origin(strings: readonly string[], more: Partial<ReportedPolicy> = {}): PolicyOrigin {
  const day = dayOf(on(11, 18));
  return originOf({ type: 'sts', domain: 'example.com', strings, day, ...more }, own);
}

describe('whose policy a report names', () => {
  it('Q7: ours in another order and with spaces, as one string or as many', () => {
    const lines = ['version: STSv1', 'mode: enforce', 'mx: b.example.com ', 'mx: a.example.com'];
    assert.equal(origin([...lines, 'max_age: 604800']).kind, 'ours');
    assert.equal(
      origin([[...lines.map((line) => line.trim()), 'max_age: 604800'].join('\n')]).kind,
      'ours',
    );
  });

  it('the one of before, and until when its max_age lets a sender use it', () => {
    const found = origin(OLD.text.split('\n'));
    assert.equal(found.kind, 'former');
    assert.match('text' in found ? found.text : '', /until 2026-10-31; its max_age .* 2026-11-10/);
  });

  it('a foreign one: both texts, since when ours holds, and no doubt', () => {
    const found = origin(policy(['mx.evil.example']).text.split('\n'));
    assert.equal(found.kind, 'foreign');
    assert.equal(
      'text' in found ? found.text : '',
      'reported: "version: STSv1 / mode: enforce / mx: mx.evil.example / max_age: 604800"; ' +
        'ours: "version: STSv1 / mode: enforce / mx: a.example.com / mx: b.example.com / max_age: 604800" ' +
        '(changed on 2026-11-01)',
    );
  });

  it('a sender may hold a policy of before our memory: that is said', () => {
    const found = origin(policy(['mx.evil.example'], { maxAge: 31_557_600 }).text.split('\n'));
    assert.match('text' in found ? found.text : '', /may be an older one of ours/);
  });

  it('Q4, Q6: no text, or none of ours known: nothing is claimed', () => {
    assert.equal(origin([]).kind, 'unknown');
    assert.equal(origin(['', ' ']).kind, 'unknown');
    assert.equal(origin(['x'], { type: 'no-policy-found' }).kind, 'unknown');
    const nothing = ownState({ policies: [] });
    const reported = { type: 'sts', domain: 'example.com', strings: ['x'], day: 20_000 };
    assert.equal(originOf(reported, nothing).kind, 'unknown');
  });

  it('TLSA records: a part of ours, former ones, foreign ones', () => {
    const tlsa = (strings: readonly string[], domain = 'a.example.com'): string =>
      origin(strings, { type: 'tlsa', domain }).kind;
    assert.equal(tlsa(['3 1 1 AB']), 'ours');
    assert.equal(tlsa(['3 1 1 ab', '3 1 1 cd']), 'ours');
    assert.equal(tlsa(['3 1 1 ef']), 'former');
    assert.equal(tlsa(['3 1 1 ab', '3 1 1 00']), 'foreign');
    assert.equal(tlsa(['3 1 1 00'], 'else.example.com'), 'unknown');
    assert.equal(tlsa(['nonsense']), 'unknown');
  });
});
