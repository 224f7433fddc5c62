import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { fetchGroup } from './fetch-group.ts';
import type { FetchSlots, SlotOutcome, Urgency } from './fetch-slots.ts';
import { createFetchSlots } from './fetch-slots.ts';
import { MINUTE } from './life-cycle.fixture.ts';

interface Bench {
  readonly slots: FetchSlots;
  readonly clock: FakeClock;
  /** Names of the tasks that have begun. */
  readonly begun: string[];
  readonly ends: Map<string, string>;
  /** Starts a task of that name which ends when it is told to. */
  readonly start: (name: string, urgency?: Urgency, group?: string) => void;
  readonly finish: (name: string) => Promise<void>;
}

function bench(count: number): Bench {
  const clock = new FakeClock();
  const slots = createFetchSlots({ slots: count, clock, patienceMs: 5_000 });
  const begun: string[] = [];
  const ends = new Map<string, string>();
  const gates = new Map<string, () => void>();
  return {
    slots,
    clock,
    begun,
    ends,
    start: (name, urgency = 'waited-for', group = name) => {
      const task = async (cut: AbortSignal): Promise<void> => {
        begun.push(name);
        await new Promise<void>((resolve) => gates.set(name, resolve));
        if (cut.aborted) ends.set(`${name} aborted`, 'yes');
      };
      const note = ({ kind }: SlotOutcome<void>): void => void ends.set(name, kind);
      slots.run({ urgency, group }, task).then(note, () => ends.set(name, 'rejected'));
    },
    finish: async (name) => {
      gates.get(name)!();
      await settle();
    },
  };
}

describe('fetch slots', () => {
  it('half are for callers, and a flood of them leaves the refreshes theirs', async () => {
    const { slots, start, begun, finish } = bench(8);
    for (let n = 0; n < 10; n += 1) start(`c${n}`);
    start('r0', 'background');
    start('r1', 'background');
    start('r2', 'background');
    await settle();
    assert.deepEqual(begun, ['c0', 'c1', 'c2', 'c3', 'r0', 'r1']);
    assert.equal(slots.underWay, 6);
    assert.deepEqual([slots.waiting('waited-for'), slots.waiting('background')], [6, 1]);
    await finish('c2');
    await finish('r0');
    assert.deepEqual(begun.slice(6), ['c4', 'r2']);
  });

  it('what takes longer than callers wait makes way; when slow ones fill their part it is cut', async () => {
    const { slots, start, begun, ends, clock } = bench(8);
    for (const name of ['a', 'b', 'c', 'd']) start(name);
    await clock.advance(4_000);
    start('later');
    await clock.advance(1_000);
    assert.deepEqual([ends.get('a'), ends.get('b')], [undefined, undefined]);
    assert.deepEqual([ends.get('c'), ends.get('d')], ['cut', 'cut']);
    assert.equal(begun.at(-1), 'later');
    assert.equal(slots.underWay, 3);
    // It has waited a second of its five.
    await clock.advance(3_999);
    assert.equal(ends.get('later'), undefined);
    await clock.advance(1);
    assert.equal(ends.get('later'), 'cut');
    assert.equal(slots.underWay, 2);
  });

  it('whoever waits too long for a slot is told so, and its task never begins', async () => {
    const { slots, start, begun, ends, clock, finish } = bench(4);
    for (const name of ['a', 'b', 's']) start(name);
    start('r', 'background');
    start('q', 'background');
    await clock.advance(5_000);
    assert.equal(ends.get('s'), 'no-slot');
    assert.ok(!begun.includes('s'));
    await clock.advance(5_000);
    assert.equal(ends.get('r'), 'cut');
    assert.ok(begun.includes('q'));
    await finish('q');
    assert.equal(ends.get('q'), 'done');
    assert.equal(slots.waiting('background'), 0);
  });

  it('one group has a quarter of a lane, and groups have turns', async () => {
    const { start, begun, finish } = bench(16);
    for (let n = 0; n < 20; n += 1) start(`evil${n}`, 'waited-for', 'evil.test');
    await settle();
    assert.deepEqual(begun, ['evil0', 'evil1']);
    for (let n = 0; n < 6; n += 1) start(`x${n}`);
    await settle();
    assert.equal(begun.length, 8);
    start('y');
    start('z');
    await settle();
    await finish('evil0');
    await finish('x0');
    await finish('x1');
    assert.deepEqual(begun.slice(8), ['evil2', 'y', 'z']);
  });

  it('the queue is bounded, for all and for one group', async () => {
    const { slots, start, ends } = bench(4);
    for (let n = 0; n < 150; n += 1) start(`e${n}`, 'background', 'evil.test');
    await settle();
    assert.equal(slots.waiting('background'), 100);
    for (let n = 0; n < 1_500; n += 1) start(`x${n}`, 'background');
    await settle();
    assert.equal(slots.waiting('background'), 1_000);
    assert.equal(ends.get('x1499'), 'no-slot');
  });

  it('a task that fails gives its slot back', async () => {
    const clock = new FakeClock();
    const slots = createFetchSlots({ slots: 4, clock, patienceMs: 5_000 });
    const claim = { urgency: 'waited-for', group: 'a' } as const;
    const broken = slots.run(claim, async () => await Promise.reject(new Error('no')));
    await assert.rejects(broken, /no/);
    assert.deepEqual(await slots.run(claim, async () => await Promise.resolve(7)), {
      kind: 'done',
      value: 7,
    });
    assert.equal(slots.underWay, 0);
    assert.equal(clock.waiting, 0);
  });

  it('a refresh has minutes to wait for its turn', async () => {
    const { start, ends, clock } = bench(4);
    // The first is slow and keeps the slow slot; each further one is cut after ten seconds.
    for (let n = 0; n < 60; n += 1) start(`r${n}`, 'background');
    await clock.advance(5 * MINUTE + 10_000);
    const kinds = [...ends.values()];
    assert.equal(kinds.filter((kind) => kind === 'cut').length, 29);
    assert.equal(kinds.filter((kind) => kind === 'no-slot').length, 30);
  });
});

describe('groups of fetches', () => {
  it('are the domains under one name that is sold', () => {
    const groups = ['a.b.evil.test', 'evil.test', 'test', 'x.y.co.uk', 'co.uk', 'a.firm.de'];
    assert.deepEqual(groups.map(fetchGroup), [
      'evil.test',
      'evil.test',
      'test',
      'y.co.uk',
      'co.uk',
      'firm.de',
    ]);
  });
});
