import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { settle } from '../clock.fixture.ts';
import { nextHopText } from '../tls-policy/next-hop.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import {
  ask,
  atHand,
  bench,
  HOUR,
  MINUTE,
  NOT_FOUND,
  recordOf,
  SECURE,
} from './answerer.fixture.ts';
import { payloadOf } from './netstring.ts';

describe('answers', () => {
  it('a cold one asks the engine, a warm one is at hand', async () => {
    const it = bench();
    assert.equal(await ask(it, 'postfix d.test'), SECURE);
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
    assert.equal(it.asked.length, 1);
    assert.deepEqual(it.counted, ['postfix secure cold', 'postfix secure hit']);
  });

  it('B19: a first contact gets less than the budget, so that a slow policy host is no TEMP', async () => {
    const it = bench();
    await ask(it, 'postfix d.test');
    await ask(it, 'sts e.test');
    it.settings = { ...it.settings, firstContactMs: 1_000 };
    await ask(it, 'postfix f.test');
    assert.deepEqual(
      it.asked.map(([, budgetMs]) => budgetMs),
      [4_000, 3_200, 1_000],
    );
  });

  it('H18, B19: who joins a more patient look-up waits for the policy host no longer than alone', async () => {
    const it = bench();
    it.settings = { ...it.settings, budgetMs: 20_000, firstContactMs: 10_000 };
    const patient = Promise.withResolvers<DecisionRecord>();
    it.find = async (nextHop, { budgetMs } = {}) =>
      budgetMs === 400 ? recordOf(nextHop, it.clock, { pending: true }) : await patient.promise;
    const first = ask(it, 'postfix d.test');
    await it.clock.advance(2_000);
    const joined = Promise.all([ask(it, 'sts d.test'), ask(it, 'sendmail d.test')]);
    await it.clock.advance(3_199);
    assert.deepEqual(it.counted, []);
    await it.clock.advance(1);
    assert.deepEqual(await joined, [NOT_FOUND, NOT_FOUND]);
    const hop = { kind: 'domain', domain: 'd.test', port: 25 } as const;
    patient.resolve(recordOf(hop, it.clock, { mode: 'enforce' }));
    assert.equal(await first, SECURE);
    assert.equal(atHand(it, 'sts d.test'), 'OK secure match=mx.d.test servername=hostname');
    assert.deepEqual(
      it.asked.map(([, budgetMs]) => budgetMs),
      [10_000, 400],
    );
  });

  it('H18: where DNS is slow too, it is told within its own time', async () => {
    const it = bench();
    it.settings = { ...it.settings, budgetMs: 20_000 };
    it.find = async () => await new Promise(() => undefined);
    const first = ask(it, 'postfix d.test');
    await it.clock.advance(2_000);
    const joined = ask(it, 'sts d.test');
    await it.clock.advance(4_000);
    assert.match(await joined, /^TEMP POLICY_ANSWER_LATE: .* within 4000 ms/);
    await it.clock.advance(14_000);
    assert.match(await first, /^TEMP POLICY_ANSWER_LATE: .* within 20000 ms/);
  });

  it('H8: nonsense is answered without a question', () => {
    const it = bench();
    for (const key of ['.d.test', '', '[192.0.2.1]', '/run/lmtp', 'd\0.test', '_x.d.test']) {
      assert.equal(atHand(it, `postfix ${key}`), NOT_FOUND);
    }
    for (const request of ['', 'postfix', 'd.test']) assert.equal(atHand(it, request), NOT_FOUND);
    assert.deepEqual(it.asked, []);
    assert.equal(it.counted[0], 'postfix no-domain hit');
  });

  it('H9, H10: every spelling of a domain is one entry and one question', async () => {
    const it = bench();
    assert.equal(await ask(it, 'postfix d.test'), SECURE);
    for (const key of ['D.TEST', 'd.test.', 'd.test:25', 'd.test:smtp']) {
      assert.equal(atHand(it, `postfix ${key}`), SECURE, key);
    }
    await ask(it, 'postfix münchen.test');
    assert.deepEqual(
      it.asked.map(([name]) => name),
      ['d.test', 'xn--mnchen-3ya.test'],
    );
  });

  it('H11, G28: brackets and ports are next hops of their own', async () => {
    const it = bench();
    for (const key of ['d.test', '[d.test]', '[d.test]:587', 'd.test:587']) {
      await ask(it, `postfix ${key}`);
    }
    assert.deepEqual(
      it.asked.map(([name]) => name),
      ['d.test', '[d.test]', '[d.test]:587', 'd.test:587'],
    );
    assert.equal(it.answerer.size, 1);
  });

  it('H17: the map name chooses the words, an unknown one gets the default', async () => {
    const it = bench();
    await ask(it, 'postfix d.test');
    assert.equal(atHand(it, 'QUERY d.test'), SECURE);
    assert.equal(atHand(it, 'whatever d.test'), SECURE);
    assert.equal(atHand(it, ' d.test'), SECURE);
    assert.match(atHand(it, 'QUERYwithTLSRPT d.test') ?? '', /^OK secure .*policy_type=sts/);
    assert.match(atHand(it, 'sts d.test') ?? '', / servername=hostname$/);
    it.settings = { ...it.settings, defaultDialect: 'postfix-tlsrpt' };
    assert.match(atHand(it, 'other d.test') ?? '', /policy_type=sts/);
    assert.equal(it.asked.length, 1);
    it.answerer.forget();
    assert.match(await ask(it, 'whatever d.test'), /policy_type=sts/);
  });

  it('H24: DNS that is slower than the budget: TEMP, and the answer is kept for the retry', async () => {
    const it = bench();
    const slow = Promise.withResolvers<DecisionRecord>();
    it.find = async () => await slow.promise;
    const answers = Promise.all([ask(it, 'postfix d.test'), ask(it, 'sts d.test')]);
    await it.clock.advance(3_999);
    assert.deepEqual(it.counted, []);
    await it.clock.advance(1);
    assert.deepEqual(it.counted, ['sendmail temp cold']);
    await it.clock.advance(1_000);
    for (const answer of await answers) assert.match(answer, /^TEMP POLICY_ANSWER_LATE: .*d\.test/);
    slow.resolve(
      recordOf({ kind: 'domain', domain: 'd.test', port: 25 }, it.clock, { mode: 'enforce' }),
    );
    await settle();
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
    assert.deepEqual(
      it.asked.map(([, budgetMs]) => budgetMs),
      [4_000, 400],
    );
  });

  it('an engine that breaks is TEMP, and asked again', async () => {
    const it = bench();
    it.find = async () => await Promise.reject(new Error('a bug'));
    assert.match(await ask(it, 'postfix d.test'), /^TEMP POLICY_ANSWER_BROKEN: .*a bug/);
    it.find = async (nextHop) => recordOf(nextHop, it.clock, { mode: 'enforce' });
    assert.equal(await ask(it, 'postfix d.test'), SECURE);
  });

  it('a thousand equal requests are one question', async () => {
    const it = bench();
    const all = Array.from({ length: 1_000 }, async () => await ask(it, 'postfix d.test'));
    assert.deepEqual([...new Set(await Promise.all(all))], [SECURE]);
    assert.equal(it.asked.length, 1);
  });
});

describe('answers that have run out', () => {
  it('are given at once and renewed behind', async () => {
    const it = bench();
    await ask(it, 'postfix d.test');
    await it.clock.advance(6 * MINUTE);
    it.find = async (nextHop) => recordOf(nextHop, it.clock);
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
    await settle();
    assert.equal(it.asked.length, 2, 'renewed once');
    assert.equal(atHand(it, 'postfix d.test'), NOT_FOUND);
    assert.deepEqual(it.counted.slice(1), [
      'postfix secure stale',
      'postfix secure stale',
      'postfix none hit',
    ]);
  });

  it('are cold again after max_stale', async () => {
    const it = bench();
    it.find = async (nextHop) => recordOf(nextHop, it.clock);
    await ask(it, 'postfix d.test');
    await it.clock.advance(5 * MINUTE + HOUR - 1);
    assert.equal(atHand(it, 'postfix e.test'), undefined);
    await it.clock.advance(1);
    assert.equal(atHand(it, 'postfix d.test'), undefined);
  });

  it('E9: are never given after the end of the policy', async () => {
    const it = bench();
    it.find = async (nextHop) =>
      recordOf(nextHop, it.clock, { mode: 'enforce', policyTtl: 10 * MINUTE });
    await ask(it, 'postfix d.test');
    await it.clock.advance(10 * MINUTE - 1);
    it.find = async () => await new Promise(() => undefined);
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
    await it.clock.advance(1);
    assert.equal(atHand(it, 'postfix d.test'), undefined);
  });

  it('are never given late where something could not be found out', async () => {
    const it = bench();
    it.find = async (nextHop) =>
      recordOf(
        nextHop,
        it.clock,
        nextHop.kind === 'domain' && nextHop.domain === 'd.test'
          ? { pending: true, ttl: 5_000 }
          : { dnsFails: true, ttl: 5_000 },
      );
    assert.equal(await ask(it, 'postfix d.test'), NOT_FOUND);
    assert.match(await ask(it, 'postfix e.test'), /^TEMP /);
    assert.equal(atHand(it, 'postfix d.test'), NOT_FOUND);
    await it.clock.advance(5_000);
    assert.equal(atHand(it, 'postfix d.test'), undefined);
    assert.equal(atHand(it, 'postfix e.test'), undefined);
  });

  it('E18: a clock that went back makes them cold', async () => {
    const it = bench();
    await ask(it, 'postfix d.test');
    it.clock.jumpTo(it.clock.now() - 24 * HOUR);
    assert.equal(atHand(it, 'postfix d.test'), undefined);
  });
});

describe('forgetting', () => {
  it('E13: a domain is found out anew, others are not', async () => {
    const it = bench();
    await ask(it, 'postfix d.test');
    await ask(it, 'postfix [d.test]:587');
    await ask(it, 'postfix e.test');
    it.find = async (nextHop) => recordOf(nextHop, it.clock);
    it.answerer.forget('d.test');
    assert.equal(await ask(it, 'postfix d.test'), NOT_FOUND);
    assert.equal(await ask(it, 'postfix [d.test]:587'), NOT_FOUND);
    assert.match(atHand(it, 'postfix e.test') ?? '', /^OK secure/);
    it.answerer.forget();
    assert.equal(atHand(it, 'postfix e.test'), undefined);
  });

  it('what is being looked up meanwhile is looked up again', async () => {
    const it = bench();
    const before = Promise.withResolvers<DecisionRecord>();
    it.find = async () => await before.promise;
    const answer = ask(it, 'postfix d.test');
    await settle();
    it.answerer.forget('d.test');
    it.find = async (nextHop) => recordOf(nextHop, it.clock, { mode: 'enforce' });
    before.resolve(recordOf({ kind: 'domain', domain: 'd.test', port: 25 }, it.clock));
    assert.equal(await answer, SECURE);
    assert.equal(it.asked.length, 2);
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
  });
});

describe('the log', () => {
  it('tells each change once with its reason, and no first contact', async () => {
    const it = bench();
    await ask(it, 'postfix d.test');
    await ask(it, 'sts d.test');
    assert.deepEqual(it.lines, []);
    it.find = async (nextHop) => recordOf(nextHop, it.clock);
    it.answerer.forget('d.test');
    await ask(it, 'postfix d.test');
    it.answerer.forget('d.test');
    await ask(it, 'postfix d.test');
    assert.equal(it.lines.length, 1);
    const { event, domain, from, to, why } = it.lines[0] as unknown as Record<string, string>;
    assert.deepEqual(
      [event, domain, from, to],
      ['decision-changed', 'd.test', 'secure mx.d.test', 'none'],
    );
    assert.ok((why ?? '').length > 0);
  });
});

describe('trying out', () => {
  it('F5: computes, counts and logs, and tells nobody', async () => {
    const it = bench();
    it.settings = { ...it.settings, dryRun: true };
    assert.equal(atHand(it, 'postfix d.test'), NOT_FOUND);
    await settle();
    assert.equal(atHand(it, 'postfix d.test'), NOT_FOUND);
    assert.deepEqual(it.counted, ['postfix secure cold', 'postfix secure hit']);
    assert.equal((it.lines[0] as { to: string }).to, 'secure mx.d.test');
    it.settings = { ...it.settings, dryRun: false };
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
  });
});

describe('the cache of answers', () => {
  it('I9: is bounded; domains without a policy go first', async () => {
    const it = bench({ maxEntries: 10 });
    it.find = async (nextHop) =>
      recordOf(nextHop, it.clock, nextHopText(nextHop) === 'd.test' ? { mode: 'enforce' } : {});
    await ask(it, 'postfix d.test');
    atHand(it, 'postfix d.test');
    for (let index = 0; index < 25; index += 1) await ask(it, `postfix flood${index}.test`);
    assert.equal(it.answerer.size, 10);
    assert.equal(atHand(it, 'postfix d.test'), SECURE);
    for (let index = 0; index < 1_000; index += 1) await ask(it, `postfix flood${index}.test`);
    assert.equal(it.answerer.size, 10);
    assert.equal(atHand(it, 'postfix d.test'), undefined);
  });

  it('may be switched off', async () => {
    const it = bench({ maxEntries: 0 });
    assert.equal(await ask(it, 'postfix d.test'), SECURE);
    assert.equal(await ask(it, 'postfix d.test'), SECURE);
    assert.deepEqual([it.answerer.size, it.asked.length], [0, 2]);
  });

  it('one domain in a thousand spellings takes no more room than in a few', async () => {
    const it = bench();
    for (let port = 1; port <= 1_000; port += 1) await ask(it, `postfix d.test:${port}`);
    assert.equal(it.answerer.size, 1);
    assert.equal(await ask(it, 'postfix d.test:999'), SECURE);
  });

  it('fuzz: after any history an answer is what the engine says now, or was within its time', async () => {
    const step = fc.oneof(
      fc.record({ ask: fc.nat({ max: 5 }) }),
      fc.record({ forget: fc.nat({ max: 5 }) }),
      fc.record({ change: fc.nat({ max: 5 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const it = bench({ maxEntries: 3 });
        const modes = new Map<string, 'enforce' | undefined>();
        it.find = async (nextHop) => {
          const mode = modes.get(nextHopText(nextHop));
          return recordOf(nextHop, it.clock, mode === undefined ? {} : { mode });
        };
        for (const action of steps) {
          if ('ask' in action) {
            const name = `d${action.ask}.test`;
            const expected = modes.get(name) === undefined ? /^NOTFOUND $/ : /^OK secure/;
            assert.match(await ask(it, `postfix ${name}`), expected);
          } else if ('forget' in action) {
            it.answerer.forget(`d${action.forget}.test`);
          } else {
            const name = `d${action.change}.test`;
            modes.set(name, modes.get(name) === undefined ? 'enforce' : undefined);
            it.answerer.forget(name);
          }
          assert.ok(it.answerer.size <= 3);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('framing', () => {
  it('a whole netstring, and its payload', async () => {
    const it = bench();
    const framed = await it.answerer.frame('postfix d.test');
    assert.equal(framed, `${SECURE.length}:${SECURE},`);
    assert.equal(payloadOf(framed).toString(), SECURE);
    assert.equal(await it.answerer.frame('postfix .d.test'), '9:NOTFOUND ,');
  });
});
