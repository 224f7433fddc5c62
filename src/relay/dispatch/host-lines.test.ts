import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../clock.fixture.ts';
import type { MapWorld } from '../../dns/map-resolver.fixture.ts';
import { GOOD, RECORDS } from '../deliver.fixture.ts';
import { bench, type Bench, type BenchOptions } from './dispatcher.fixture.ts';

/** Domains whose one MX host is the same. */
const names = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `d${String(index).padStart(5, '0')}.test`);

function many(count: number, options: BenchOptions = {}): Bench & { readonly domains: string[] } {
  const domains = names(count);
  const mx = { MX: [{ preference: 10, exchange: 'mx2.example.test' }] };
  const records: MapWorld['records'] = {
    ...RECORDS,
    ...Object.fromEntries(domains.map((domain) => [domain, mx])),
  };
  const servers = { '192.0.2.2': GOOD, '192.0.2.3': GOOD };
  return { ...bench({ servers, world: { records }, ...options }), domains };
}

/** Lets deliveries go on until nothing is left, and says how many hung together at most. */
async function drain({ clock, hanging, letGo, queue }: Bench, stepMs = 1): Promise<number> {
  let most = 0;
  for (let round = 0; queue.rows.size > 0; round += 1) {
    assert.ok(round < 5_000, `${queue.rows.size} jobs are left`);
    most = Math.max(most, hanging());
    await letGo(1);
    await clock.advance(stepMs);
  }
  return most;
}

describe('many domains on one host', () => {
  it('open no more sessions together than the host may have, and all are served in turn', async () => {
    const rig = many(60, { hang: true, relay: { concurrencyPerHost: 4, sessionIdleMs: 0 } });
    for (const domain of rig.domains) {
      for (const id of ['a', 'b', 'c'])
        rig.queue.add({ id: `${id}-${domain}`, destination: domain });
    }
    rig.dispatcher.start();
    await rig.clock.advance(10);
    assert.equal(rig.hanging(), 4);
    assert.equal(rig.dispatcher.stats().inFlight, 4);
    // The first one has all that it has under way.
    assert.equal(rig.dispatcher.stats().hopsInLine, 59);
    // Long enough for a turn to end with its message.
    assert.equal(await drain(rig, 1_000), 4);
    assert.equal(rig.queue.settled.length, 180);
    // In turn: nobody has the second message in line before all have had the first.
    const order = rig.queue.settled.map(({ job }) => job.destination);
    assert.equal(new Set(order.slice(0, 66)).size, 60);
    assert.ok(rig.queue.settled.every(({ settlement }) => settlement.counts));
    assert.equal(rig.logged('delivery').length, 180);
    await rig.clock.advance(10_000);
    assert.equal(rig.dispatcher.stats().hopsInLine, 0);
    assert.equal(rig.dispatcher.stats().taken, 0);
    await rig.stop();
  });

  it('mail for other hosts goes on, whatever waits there', async () => {
    const rig = many(500, { hang: true, relay: { concurrencyPerHost: 4, concurrency: 20 } });
    for (const domain of rig.domains) rig.queue.add({ id: domain, destination: domain });
    rig.dispatcher.start();
    await rig.clock.advance(100);
    assert.equal(rig.hanging(), 4);
    assert.ok(rig.dispatcher.stats().taken <= 60, `${rig.dispatcher.stats().taken} taken`);
    rig.queue.accept({ id: 'other', destination: 'other.test' });
    await settle();
    assert.equal(rig.hanging(), 5);
    assert.equal(rig.dispatcher.stats().hopsInLine, 496);
    await drain(rig);
    assert.equal(rig.queue.settled.length, 501);
    await rig.stop();
  });

  it('a turn is a session with many messages, and not without end', async () => {
    const rig = many(3, { hang: true, relay: { concurrencyPerHost: 1 } });
    for (const domain of rig.domains) {
      for (let n = 0; n < 10; n += 1) {
        rig.queue.add({ id: `${domain}-${n}`, destination: domain });
      }
    }
    rig.dispatcher.start();
    await rig.clock.advance(10);
    await drain(rig, 0);
    const order = rig.queue.settled.map(({ job }) => job.destination);
    const changes = order.filter((domain, index) => index > 0 && domain !== order[index - 1]);
    assert.equal(order.length, 30);
    assert.ok(changes.length <= 4, `${changes.length} changes`);
    assert.equal(rig.dispatcher.stats().inFlight, 0);
    await rig.stop();
  });

  it('a rate per host holds for all of them together', async () => {
    const rig = many(5, { relay: { messagesPerMinutePerHost: 60 } });
    for (const domain of rig.domains) rig.queue.add({ id: domain, destination: domain });
    rig.dispatcher.start();
    await rig.clock.advance(10);
    const done: number[] = [rig.queue.settled.length];
    for (let second = 1; second <= 4; second += 1) {
      await rig.clock.advance(1_000);
      done.push(rig.queue.settled.length);
    }
    assert.deepEqual(done, [1, 2, 3, 4, 5]);
    await rig.stop();
  });

  it('who stands in line goes on when the limit is raised, and gives everything back at the end', async () => {
    const rig = many(30, { hang: true, relay: { concurrencyPerHost: 1 } });
    for (const domain of rig.domains) rig.queue.add({ id: domain, destination: domain });
    rig.dispatcher.start();
    await rig.clock.advance(10);
    assert.equal(rig.hanging(), 1);
    const relay = { ...rig.config.relay, concurrencyPerHost: 10 };
    rig.dispatcher.reload({ ...rig.config, relay });
    await rig.clock.advance(10);
    assert.equal(rig.hanging(), 10);
    await rig.stop();
    assert.equal(rig.dispatcher.stats().taken, 0);
    assert.equal(rig.queue.rows.size, 30);
    assert.ok([...rig.queue.rows.values()].every(({ takenBy }) => takenBy === undefined));
  });

  it('a message at the end of its time is not returned because its host is full', async () => {
    const rig = many(2, { hang: true, relay: { concurrencyPerHost: 1 } });
    const [first = '', second = ''] = rig.domains;
    rig.queue.add({ id: 'first', destination: first });
    rig.dispatcher.start();
    await rig.clock.advance(10);
    rig.queue.add({ id: 'old', destination: second, acceptedAt: rig.clock.now() - 6 * 86_400_000 });
    rig.dispatcher.wake(second);
    await rig.clock.advance(60_000);
    assert.equal(rig.queue.settled.length, 0);
    await rig.letGo(1);
    await rig.clock.advance(1);
    await rig.letGo();
    await rig.clock.advance(1);
    assert.deepEqual(
      rig.queue.settled.map(({ settlement }) => settlement.recipients[0]?.state),
      ['delivered', 'delivered'],
    );
    await rig.stop();
  });
});
