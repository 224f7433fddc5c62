import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOW } from '../../tls-policy/evidence.fixture.ts';
import { BOTH, enforcing, EXPIRED_CERTIFICATE, GOOD } from '../deliver.fixture.ts';
import { bench, type Bench } from './dispatcher.fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A bench whose hop example.test rests, since a certificate has expired. */
async function resting(
  options: Parameters<typeof bench>[0] = {},
): Promise<Bench & { readonly ids: () => readonly string[] }> {
  const rig = bench({
    servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
    policies: enforcing(),
    ...options,
  });
  rig.queue.add({ id: 'first', destination: 'example.test' });
  rig.dispatcher.start();
  await rig.clock.advance(10);
  assert.equal(rig.dispatcher.stats().hopsBackingOff, 1);
  return { ...rig, ids: () => rig.queue.settled.map(({ job }) => job.messageId) };
}

describe('dispatcher: a hop that rests for a policy', () => {
  it('RT-4.2.2-1: what says TLS-Required: No goes at once, and the others go on waiting', async () => {
    const { queue, clock, stop, dispatcher, ids, logged } = await resting();
    queue.accept({ id: 'strict', destination: 'example.test' });
    queue.accept({ id: 'less', destination: 'example.test', tlsRequiredNo: true });
    await clock.advance(3_000);
    assert.deepEqual(ids(), ['first', 'less']);
    assert.equal(queue.settled[1]?.settlement.recipients[0]?.state, 'delivered');
    assert.equal(dispatcher.stats().hopsBackingOff, 1, 'its rest goes on');
    assert.partialDeepStrictEqual(logged('delivery').at(-1), {
      enforcement: 'watch',
      tls_required_no: true,
    });
    await stop();
  });

  it('a stream of others does not put it off', async () => {
    const { queue, clock, stop, ids } = await resting();
    queue.accept({ id: 'less', destination: 'example.test', tlsRequiredNo: true });
    for (let index = 0; index < 10; index += 1) {
      queue.accept({ id: `strict-${index}`, destination: 'example.test' });
      await clock.advance(300);
    }
    assert.deepEqual(ids(), ['first', 'less']);
    await stop();
  });

  it('where nobody answers, what asks for less waits too', async () => {
    const { queue, clock, stop, ids } = await resting({ servers: {} });
    queue.accept({ id: 'less', destination: 'example.test', tlsRequiredNo: true });
    await clock.advance(3_000);
    assert.deepEqual(ids(), ['first']);
    await stop();
  });
});

describe('dispatcher: an operator wants a message tried behind a hop that rests', () => {
  it('the destination that was named goes first, by the order of its times', async () => {
    const routes = { of: () => undefined };
    const { queue, clock, stop, dispatcher, ids } = await resting({ more: { routes } });
    queue.add(
      { id: 'older', destination: 'example.test', nextAt: NOW - 1_000 },
      { id: 'named', destination: 'example.test', nextAt: NOW - 1_001 },
    );
    await clock.advance(2_000);
    dispatcher.wake('example.test');
    await clock.advance(10);
    assert.deepEqual(ids(), ['first', 'named']);
    await stop();
  });
});

describe('dispatcher: the end of a message behind a hop that rests', () => {
  it('STS-5.1-5: the last attempt comes in time, also where notifications are kept longer', async () => {
    const { queue, clock, stop, notices, dispatcher } = await resting({
      relay: { giveUpAfterMs: 2 * MINUTE, bounceGiveUpAfterMs: 24 * HOUR },
    });
    queue.add(
      { id: 'ends', destination: 'example.test', acceptedAt: NOW - 110_000, nextAt: NOW - 5_000 },
      { id: 'bounce', destination: 'example.test', from: '', acceptedAt: NOW - HOUR },
    );
    dispatcher.wake();
    await clock.advance(20_000);
    assert.deepEqual(
      notices.map(({ message, ending }) => `${message.id} ${ending ?? ''}`),
      ['ends expired'],
    );
    await stop();
  });

  it('STS-5.1-5: where nobody answers, the look for a newer policy is made all the same', async () => {
    const { queue, clock, stop, notices, policies, network, dispatcher } = await resting({
      servers: {},
    });
    const connections = network.only('connect').length;
    queue.add({ id: 'ends', destination: 'example.test', acceptedAt: NOW - 121 * HOUR });
    dispatcher.wake();
    await clock.advance(2_000);
    assert.equal(notices.length, 1);
    assert.equal(notices[0]?.recipients[0]?.failure?.code, 'DIAL_FAILED');
    assert.ok(policies.asked.includes('recheck example.test'));
    assert.equal(network.only('connect').length, connections);
    await stop();
  });

  it('STS-5.1-5: a newer policy is a reason to try its hosts once more', async () => {
    const { queue, clock, stop, policies, servers, dispatcher } = await resting({ servers: {} });
    servers['2001:db8::1'] = GOOD;
    policies.atSource.set('example.test', { ...BOTH, ...newer() });
    queue.add({ id: 'ends', destination: 'example.test', acceptedAt: NOW - 121 * HOUR });
    dispatcher.wake();
    await clock.advance(2_000);
    assert.equal(queue.settled.at(-1)?.settlement.recipients[0]?.state, 'delivered');
    await stop();
  });
});

function newer(): object {
  return BOTH.kind === 'policy' ? { active: { ...BOTH.active, id: 'newer' } } : {};
}
