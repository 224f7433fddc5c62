import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../clock.fixture.ts';
import { NOW, stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { enforcing, EXPIRED_CERTIFICATE, GOOD } from '../deliver.fixture.ts';
import { bench } from './dispatcher.fixture.ts';
import type { FakeJob } from './queue.fixture.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const jobs = (count: number, destination: string, more: Partial<FakeJob> = {}): FakeJob[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${destination}-${String(index).padStart(6, '0')}`,
    destination,
    ...more,
  }));

describe('dispatcher: dead hops', () => {
  it('SMTP-4.5.4.1-1: one message finds out whether a dead hop is still dead, not all of them', async () => {
    const { queue, dispatcher, stop, clock, network } = bench({ servers: {} });
    queue.add(...jobs(300, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    const atFirst = queue.settled.length;
    assert.ok(atFirst <= 20, `${atFirst} tried at once`);
    const writes = queue.calls.filter((call) => call.startsWith('giveBack')).length;
    assert.ok(writes <= 3, `${writes} writes`);
    assert.equal(dispatcher.stats().hopsBackingOff, 1);
    assert.equal(dispatcher.stats().taken, 0);
    await clock.advance(29_000);
    assert.equal(queue.settled.length, atFirst);
    const connections = network.only('connect').length;
    await clock.advance(2_000);
    assert.equal(queue.settled.length, atFirst + 1);
    assert.equal(network.only('connect').length, connections + 3);
    // 30 s, 1 min, 2 min, 4 min, 5 min, 5 min …
    await clock.advance(8 * MINUTE);
    assert.equal(queue.settled.length, atFirst + 4);
    await stop();
  });

  it('slow start: back among the living, one at a time, then more', async () => {
    const { queue, dispatcher, stop, clock, servers, hanging, letGo } = bench({
      servers: {},
      hang: true,
      relay: { concurrencyPerHop: 4, sessionIdleMs: 0 },
    });
    queue.add(...jobs(40, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    assert.equal(hanging(), 4);
    // mx1 has two addresses, mx2 one.
    for (let address = 0; address < 3; address += 1) await letGo();
    assert.equal(dispatcher.stats().hopsBackingOff, 1);
    servers['2001:db8::1'] = GOOD;
    await clock.advance(30_000);
    const seen: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      seen.push(hanging());
      await letGo();
    }
    assert.deepEqual(seen, [1, 2, 4, 4, 4]);
    await stop();
  });

  it('another hop goes on meanwhile, also with fresh mail', async () => {
    const { queue, dispatcher, stop, clock } = bench({ servers: { '192.0.2.3': GOOD } });
    queue.add(...jobs(50, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    queue.accept({ id: 'fresh', destination: 'other.test' });
    queue.accept({ id: 'waits', destination: 'example.test' });
    await settle();
    assert.equal(queue.settled.at(-1)?.job.messageId, 'fresh');
    assert.equal(queue.rows.get('waits example.test')?.takenBy, undefined);
    await stop();
  });

  it('a message at the end of its time is returned although its hop is left alone', async () => {
    const { queue, dispatcher, stop, clock, notices, network } = bench({ servers: {} });
    queue.add({ id: 'a', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(1_000);
    const connections = network.only('connect').length;
    queue.add(...jobs(5, 'example.test', { acceptedAt: NOW - 6 * DAY }));
    dispatcher.wake();
    await settle();
    assert.equal(notices.filter(({ ending }) => ending === 'expired').length, 5);
    assert.equal(notices[0]?.recipients[0]?.failure?.code, 'DIAL_FAILED');
    assert.equal(network.only('connect').length, connections);
    await stop();
  });

  it('STS-5.1-5: the same after a policy failure, but with a look for a newer policy', async () => {
    const { queue, dispatcher, stop, clock, notices, policies } = bench({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(),
    });
    queue.add({ id: 'a', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(1_000);
    const looks = policies.asked.filter((what) => what.startsWith('recheck')).length;
    queue.add(...jobs(2, 'example.test', { acceptedAt: NOW - 6 * DAY }));
    dispatcher.wake();
    await settle();
    assert.equal(notices.length, 2);
    assert.equal(policies.asked.filter((what) => what.startsWith('recheck')).length, looks + 2);
    await stop();
  });

  it('what a message itself is to blame for does not slow its hop down', async () => {
    const { queue, dispatcher, stop, clock } = bench({
      servers: { '2001:db8::1': GOOD },
      policies: enforcing(stsPolicy('testing')),
    });
    queue.add({ id: 'a', destination: 'example.test', envelope: { requireTls: true } });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(dispatcher.stats().hopsBackingOff, 0);
    await stop();
  });
});

describe('dispatcher: trouble of our own', () => {
  it('an error of this program: tried again later, logged, and the others go on', async () => {
    const { queue, dispatcher, stop, clock, logged } = bench();
    queue.add(
      {
        id: 'bad',
        destination: 'example.test',
        content: () => {
          throw new TypeError('a bug');
        },
      },
      { id: 'good', destination: 'example.test' },
    );
    dispatcher.start();
    await clock.advance(0);
    const states = queue.settled.map(({ job, settlement }) => [
      job.messageId,
      settlement.recipients[0]?.state,
      settlement.retryAt,
    ]);
    assert.deepEqual(
      new Map(states.map(([id, ...rest]) => [id, rest])),
      new Map([
        ['bad', ['waiting', NOW + MINUTE]],
        ['good', ['delivered', undefined]],
      ]),
    );
    assert.match(String(logged('delivery-broken')[0]?.['error']), /TypeError: a bug/);
    assert.equal(dispatcher.stats().hopsBackingOff, 0);
    await stop();
  });

  it('an error in the middle of the dispatcher itself: the job comes again, the process lives', async () => {
    const { queue, dispatcher, stop, clock, logged } = bench();
    queue.add({ id: 'bad', destination: 'example.test' });
    const row = queue.rows.get('bad example.test')!;
    let asked = 0;
    const { recipients } = row.job;
    row.job = Object.defineProperty({ ...row.job }, 'recipients', {
      get: () => {
        asked += 1;
        // After the delivery, where what follows is worked out.
        if (asked === 2) throw new RangeError('a bug');
        return recipients;
      },
    });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(queue.settled[0]?.settlement.recipients[0]?.state, 'waiting');
    assert.equal(logged('delivery-broken').length, 1);
    assert.equal(dispatcher.stats().taken, 0);
    await stop();
  });

  it('an error in writing a notification: nobody is returned unheard', async () => {
    let broken = true;
    const { queue, dispatcher, stop, clock } = bench({
      more: {
        notify() {
          if (broken) throw new Error('a bug');
          return { notifications: [], dropped: [] };
        },
      },
    });
    queue.add({ id: 'm1', destination: 'null.test' });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(queue.settled[0]?.settlement.recipients[0]?.state, 'waiting');
    broken = false;
    await clock.advance(MINUTE);
    assert.equal(queue.settled[1]?.settlement.recipients[0]?.state, 'failed');
    await stop();
  });

  it('the database goes during a delivery: settled when it is back, nothing new and nothing twice', async () => {
    const { queue, dispatcher, stop, clock, network, letGo, hanging, logged } = bench({
      hang: true,
      relay: { concurrencyPerHop: 2 },
    });
    queue.add(...jobs(6, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    queue.down = true;
    await letGo();
    await clock.advance(5 * MINUTE);
    await letGo();
    // What had begun before the loss was seen may have gone on; nothing begins after it.
    const sent = network.only('mail').length;
    assert.ok(sent <= 4, `${sent} sent`);
    assert.equal(hanging(), 0);
    assert.equal(queue.settled.length, 0);
    assert.equal(logged('queue-database')[0]?.['state'], 'down');
    queue.down = false;
    for (let turn = 0; turn < 4; turn += 1) {
      await clock.advance(15_000);
      await letGo();
    }
    assert.equal(queue.settled.length, 6);
    assert.equal(network.only('mail').length, 6);
    assert.equal(queue.rows.size, 0);
    await stop();
  });

  it('a full disk: what was delivered is settled when there is room, and nothing new begins', async () => {
    const { queue, dispatcher, stop, clock, network } = bench({ relay: { concurrencyPerHop: 2 } });
    queue.add(...jobs(50, 'example.test'));
    queue.full = true;
    dispatcher.start();
    await clock.advance(5 * MINUTE);
    const sent = network.only('mail').length;
    assert.ok(sent < 50, `${sent} sent`);
    assert.equal(queue.settled.length, 0);
    queue.full = false;
    await clock.advance(MINUTE);
    assert.equal(queue.rows.size, 0);
    assert.equal(network.only('mail').length, 50);
    await stop();
  });

  it('the database is gone at the start, and comes', async () => {
    const { queue, dispatcher, stop, clock } = bench();
    queue.add({ id: 'm1', destination: 'example.test' });
    queue.down = true;
    dispatcher.start();
    await clock.advance(10_000);
    queue.down = false;
    await clock.advance(2_000);
    assert.equal(queue.rows.size, 0);
    await stop();
  });

  it('a settlement that a healthy database refuses holds nobody up, and nobody is forgotten', async () => {
    const { queue, dispatcher, stop, clock } = bench({
      more: {
        notify: () => ({ notifications: [{ message: {} as never, content: [] }], dropped: [] }),
      },
    });
    queue.refuse = ({ notifications }) => notifications.length > 0;
    queue.add({ id: 'bad', destination: 'null.test' }, { id: 'good', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(100);
    assert.deepEqual(
      queue.settled.map(({ job }) => job.messageId),
      ['good'],
    );
    await clock.advance(5_000);
    assert.equal(queue.settled[1]?.settlement.recipients[0]?.state, 'waiting');
    assert.equal(queue.settled[1].settlement.notifications.length, 0);
    await stop();
  });

  it('a job that another node has taken meanwhile is let go', async () => {
    const { queue, dispatcher, stop, clock, letGo, logged } = bench({ hang: true });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    queue.rows.get('m1 example.test')!.takenBy = 'another node';
    await letGo();
    assert.equal(queue.settled.length, 0);
    assert.equal(logged('not-written').length, 1);
    assert.equal(dispatcher.stats().taken, 0);
    await stop();
  });
});

describe('dispatcher: stopping', () => {
  it('what is under way may end, what waits goes back, and nothing new begins', async () => {
    const { queue, dispatcher, clock, letGo, hanging } = bench({
      hang: true,
      relay: { concurrencyPerHop: 2 },
    });
    queue.add(...jobs(10, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    const stopped = dispatcher.stop();
    await settle();
    assert.equal(queue.handOver?.hasRoom('other.test'), false);
    await letGo();
    await stopped;
    assert.equal(hanging(), 0);
    assert.equal(queue.settled.length, 2);
    assert.ok([...queue.rows.values()].every(({ takenBy }) => takenBy === undefined));
    assert.equal(dispatcher.stats().taken, 0);
    assert.equal(clock.waiting, 0);
  });

  it('what does not end in time is broken off and goes back as it was', async () => {
    const { queue, dispatcher, clock, logged } = bench({ hang: true });
    queue.add({ id: 'm1', destination: 'example.test', attempts: 3 });
    dispatcher.start();
    await clock.advance(0);
    const stopped = dispatcher.stop();
    await clock.advance(19_000);
    assert.equal(dispatcher.stats().inFlight, 1);
    await clock.advance(1_000);
    await stopped;
    const row = queue.rows.get('m1 example.test');
    assert.equal(row?.takenBy, undefined);
    assert.equal(row?.job.attempts, 3);
    assert.deepEqual(queue.settled, []);
    assert.equal(logged('delivery')[0]?.['status'], 'given-back');
  });

  it('it ends although the database is gone', async () => {
    const { queue, dispatcher, clock, letGo, logged } = bench({ hang: true });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    queue.down = true;
    await letGo();
    const stopped = dispatcher.stop();
    await clock.advance(30_000);
    await stopped;
    assert.match(JSON.stringify(logged('not-written')), /m1/);
  });
});

describe('dispatcher: shadow mode', () => {
  it('delivers as if no policy was enforced, and says what would have waited', async () => {
    const { queue, dispatcher, stop, clock, logged, registry } = bench({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE, '192.0.2.3': GOOD },
      policies: enforcing(),
      relay: { shadow: true },
    });
    queue.add(
      { id: 'bad', destination: 'example.test' },
      { id: 'good', destination: 'other.test' },
    );
    dispatcher.start();
    await clock.advance(0);
    assert.ok(
      queue.settled.every(({ settlement }) => settlement.recipients[0]?.state === 'delivered'),
    );
    const [line, ...others] = logged('would-wait');
    assert.deepEqual(others, []);
    assert.equal(line?.['id'], 'bad');
    assert.equal(line['result_type'], 'certificate-expired');
    assert.match(await registry.metrics(), /smtp_sts_relay_would_wait_total 1/);
    await stop();
  });

  it('RT-4.2.1-4: REQUIRETLS still holds', async () => {
    const { queue, dispatcher, stop, clock, network } = bench({
      policies: enforcing(),
      relay: { shadow: true },
    });
    queue.add({ id: 'm1', destination: 'example.test', envelope: { requireTls: true } });
    dispatcher.start();
    await clock.advance(0);
    assert.deepEqual(network.only('mail'), []);
    await stop();
  });

  it('STS-5-2: a policy in testing that fails would not have held anything back', async () => {
    const { queue, dispatcher, stop, clock, logged } = bench({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(stsPolicy('testing')),
      relay: { shadow: true },
    });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(queue.rows.size, 0);
    assert.deepEqual(logged('would-wait'), []);
    await stop();
  });
});
