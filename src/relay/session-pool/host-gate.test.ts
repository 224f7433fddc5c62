import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock } from '../../clock.fixture.ts';
import { createHostGate, type GateSettings, type HostGate, type HostSlot } from './host-gate.ts';

const A = '192.0.2.1:25';
const B = '192.0.2.2:25';

function gateWith(settings: Partial<GateSettings> = {}): { gate: HostGate; clock: FakeClock } {
  const clock = new FakeClock(0);
  const gate = createHostGate({ clock, settings: { most: 2, perMinute: 0, ...settings } });
  return { gate, clock };
}

describe('host gate', () => {
  it('lets so many in, and no more until one leaves', () => {
    const { gate } = gateWith();
    const first = gate.enter(A);
    assert.ok(first !== undefined && gate.enter(A) !== undefined);
    assert.equal(gate.enter(A), undefined);
    assert.ok(gate.enter(B) !== undefined);
    first.leave();
    first.leave();
    assert.equal(gate.inUse(A), 1);
    assert.ok(gate.enter(A) !== undefined);
    assert.equal(gate.enter(A), undefined);
  });

  it('who waits goes first, in the order of coming', async () => {
    const { gate, clock } = gateWith({ most: 1 });
    const turns: string[] = [];
    const slots: HostSlot[] = [];
    const waits = (name: string) => (slot: HostSlot) => {
      turns.push(name);
      slots.push(slot);
    };
    const first = gate.enter(A);
    gate.wait([A], waits('one'));
    gate.wait([A], waits('two')).cancel();
    gate.wait([A], waits('three'));
    await clock.advance(0);
    assert.deepEqual(turns, []);
    first?.leave();
    assert.deepEqual(turns, ['one']);
    assert.equal(gate.enter(A), undefined);
    slots[0]?.leave();
    assert.deepEqual(turns, ['one', 'three']);
    slots[1]?.leave();
    assert.ok(gate.enter(A) !== undefined);
  });

  it('stands in line at several hosts and takes the first place', async () => {
    const { gate, clock } = gateWith({ most: 1 });
    const [a, b] = [gate.enter(A), gate.enter(B)];
    const turns: string[] = [];
    gate.wait([A, B], ({ host }) => void turns.push(host));
    await clock.advance(0);
    b?.leave();
    a?.leave();
    assert.deepEqual(turns, [B]);
    assert.ok(gate.enter(A) !== undefined);
  });

  it('a place that came free before the line was joined is not lost', async () => {
    const { gate, clock } = gateWith({ most: 1 });
    const turns: string[] = [];
    gate.wait([A], ({ host }) => void turns.push(host));
    assert.deepEqual(turns, []);
    await clock.advance(0);
    assert.deepEqual(turns, [A]);
  });

  it('a rate: the next in line goes when its time has come', async () => {
    const { gate, clock } = gateWith({ most: 10, perMinute: 60 });
    gate.enter(A)?.leave();
    assert.equal(gate.enter(A), undefined);
    const turns: number[] = [];
    for (const _ of [1, 2]) {
      gate.wait([A], (slot) => {
        turns.push(clock.now());
        slot.leave();
      });
    }
    await clock.advance(2_000);
    assert.deepEqual(turns, [1_000, 2_000]);
  });

  it('other limits hold at once', async () => {
    const { gate, clock } = gateWith({ most: 1 });
    gate.enter(A);
    let turns = 0;
    gate.wait([A], () => void (turns += 1));
    gate.wait([A], () => void (turns += 1));
    gate.configure({ most: 2, perMinute: 0 });
    assert.equal(turns, 1);
    gate.close();
    await clock.advance(60_000);
    assert.equal(turns, 1);
  });

  it('a slot is claimed once, for its own host', () => {
    const { gate } = gateWith();
    const slot = gate.enter(A);
    assert.ok(slot !== undefined);
    assert.equal(slot.claim(B), false);
    assert.deepEqual(
      [slot.claimed, slot.claim(A), slot.claimed, slot.claim(A)],
      [false, true, true, false],
    );
  });

  it('fuzz: never more than the limit, and nobody is forgotten', async () => {
    const step = fc.record({
      host: fc.constantFrom(A, B),
      what: fc.constantFrom('enter', 'wait', 'leave', 'cancel'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { gate, clock } = gateWith();
        const slots: HostSlot[] = [];
        const lines: { readonly cancel: () => void; done: boolean }[] = [];
        for (const { host, what } of steps) {
          if (what === 'enter')
            slots.push(...[gate.enter(host)].filter((slot) => slot !== undefined));
          else if (what === 'leave') slots.shift()?.leave();
          else if (what === 'cancel') {
            const line = lines.find(({ done }) => !done);
            line?.cancel();
            if (line !== undefined) line.done = true;
          } else {
            const line = { cancel: () => wait.cancel(), done: false };
            const wait = gate.wait([host], (slot) => {
              line.done = true;
              slots.push(slot);
            });
            lines.push(line);
          }
          await clock.advance(0);
          assert.ok(gate.inUse(A) <= 2 && gate.inUse(B) <= 2);
        }
        while (slots.length > 0) slots.shift()?.leave();
        assert.ok(lines.every(({ done }) => done));
        assert.deepEqual([gate.inUse(A), gate.inUse(B)], [0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
