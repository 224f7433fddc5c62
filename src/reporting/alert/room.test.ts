import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, constantFrom, integer, property, record } from 'fast-check';
import type { BookedAlert } from './book.ts';
import type { Habits } from './habits.ts';
import { withinRoom } from './room.ts';
import type { AlertFacts, Finding } from './types.ts';

/** Senders that begin with `known` report daily. */
const habits: Habits = {
  hasHabit: (sender) => sender.startsWith('known'),
  isFirst: () => false,
};

function finding(
  name: string,
  senders: readonly string[],
  more: Partial<AlertFacts> = {},
): Finding {
  const facts: AlertFacts = {
    title: name,
    means: '',
    todo: '',
    actor: 'we',
    firstDay: 10,
    lastDay: 20,
    senders,
    causes: [],
    sessions: 1,
    ...more,
  };
  return { key: name, kind: 'failure', domain: 'a.example', facts };
}

function many(count: number, sender: string): readonly Finding[] {
  return Array.from({ length: count }, (_, index) => finding(`${sender} ${index}`, [sender]));
}

function booked({ key, kind, domain, facts }: Finding): BookedAlert {
  return { event: 'opened', id: key, key, kind, domain, openedAt: 0, lastDay: 20, facts };
}

function room(news: readonly Finding[], open: readonly Finding[] = []) {
  const { taken, collective } = withinRoom({
    domain: 'a.example',
    news,
    open: open.map(booked),
    habits,
  });
  return { taken: taken.map(({ key }) => key), collective };
}

describe('how many alerts may be open', () => {
  it('ten of a sender, and one for the rest', () => {
    const { taken, collective } = room(many(13, 'one'));
    assert.equal(taken.length, 10);
    const [{ facts }] = collective as [Finding];
    assert.deepEqual([facts.more, facts.senders, facts.sessions], [3, ['one'], 3]);
    assert.deepEqual([facts.firstDay, facts.lastDay], [10, 20]);
  });

  it('those that are open count, a collective one does not', () => {
    const rest = finding('rest', ['one'], { more: 7 });
    assert.equal(room(many(9, 'one'), [finding('old', ['one']), rest]).taken.length, 9);
    assert.equal(room(many(10, 'one'), [finding('old', ['one']), rest]).taken.length, 9);
  });

  it('what failed most comes first; senders take turns, those with a habit first', () => {
    const news = [
      ...many(2, 'stranger'),
      finding('big', ['stranger'], { sessions: 99 }),
      ...many(2, 'known'),
    ];
    assert.deepEqual(room(news).taken, ['known 0', 'big', 'known 1', 'stranger 0', 'stranger 1']);
  });

  it('what several report is charged to the one that has room', () => {
    const full = many(10, 'one');
    assert.deepEqual(room([finding('both', ['one', 'two'])], full).taken, ['both']);
    assert.deepEqual(
      room([finding('both', ['one', 'two'])], [...full, ...many(10, 'two')]).taken,
      [],
    );
  });

  it('many strangers fill their part of a domain alone; the rest of all of them is one alert', () => {
    const strangers = Array.from({ length: 9 }, (_, index) => many(9, `s${index}`)).flat();
    const { taken, collective } = room([...strangers, ...many(4, 'known')]);
    assert.equal(taken.filter((key) => key.startsWith('s')).length, 25);
    assert.equal(taken.filter((key) => key.startsWith('known')).length, 4);
    assert.deepEqual(
      collective.map(({ facts }) => facts.title),
      ['a.example: 56 more kinds of failure, reported by 9 senders'],
    );
  });

  it('fuzz: every finding is told, by itself or in one, and no bound is passed', () => {
    const sender = constantFrom('known1', 'known2', 's1', 's2', 's3', 's4');
    const one = record({ senders: array(sender, { maxLength: 3 }), sessions: integer({ min: 0 }) });
    check(
      property(array(one, { maxLength: 150 }), (all) => {
        const news = all.map(({ senders, sessions }, index) =>
          finding(String(index), [...new Set(senders)], { sessions }),
        );
        const { taken, collective } = room(news);
        const inOne = collective.reduce((so, { facts }) => so + (facts.more ?? 0), 0);
        assert.equal(new Set(taken).size + inOne, news.length);
        assert.ok(taken.length <= 75);
        assert.ok(collective.length <= 8);
        // Where each has one reporter, none has more than ten.
        if (news.every(({ facts }) => facts.senders.length === 1)) {
          const counts = Map.groupBy(taken, (key) => news[Number(key)]!.facts.senders[0]);
          assert.ok(counts.values().every(({ length }) => length <= 10));
        }
      }),
      { numRuns: 100 },
    );
  });
});
