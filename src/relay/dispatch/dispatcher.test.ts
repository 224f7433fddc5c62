import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../clock.fixture.ts';
import { NOW, stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { greylisted, rejected } from '../../tls-policy/network.fixture.ts';
import { enforcing, EXPIRED_CERTIFICATE, GOOD } from '../deliver.fixture.ts';
import { bench } from './dispatcher.fixture.ts';
import type { FakeJob } from './queue.fixture.ts';
import type { DispatchConfig } from './types.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const jobs = (count: number, destination: string, more: Partial<FakeJob> = {}): FakeJob[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${destination}-${String(index).padStart(6, '0')}`,
    destination,
    ...more,
  }));

describe('dispatcher', () => {
  it('delivers what is due and what is fresh, and settles it', async () => {
    const { queue, dispatcher, stop, clock, logged } = bench();
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    queue.accept({ id: 'm2', destination: 'example.test' });
    await settle();
    assert.deepEqual(
      queue.settled.map(({ job, settlement }) => [
        job.messageId,
        settlement.recipients.map(({ state, code, host }) => `${state} ${code} ${host}`),
        settlement.retryAt,
        settlement.evidence,
      ]),
      ['m1', 'm2'].map((id) => [id, ['delivered 2.0.0 mx1.example.test'], undefined, undefined]),
    );
    assert.equal(queue.rows.size, 0);
    const [line, second] = logged('delivery');
    assert.equal(line?.['id'], 'm1');
    assert.equal(line['status'], 'delivered');
    assert.equal(line['tls'], 'authenticated');
    assert.equal(line['host'], 'mx1.example.test');
    assert.equal(line['reused'], false);
    assert.equal(second?.['reused'], true);
    assert.equal(dispatcher.stats().taken, 0);
    await stop();
  });

  it('SMTP-4.5.4.1-2: the recipients of a job go in one transaction', async () => {
    const { queue, dispatcher, stop, clock, network } = bench();
    queue.add({ id: 'm1', destination: 'example.test', to: ['a@example.test', 'b@example.test'] });
    dispatcher.start();
    await clock.advance(0);
    assert.deepEqual(network.only('mail'), ['mail 2001:db8::1 tls a@example.test,b@example.test']);
    await stop();
  });

  it('SMTP-4.5.4.1-1: waits after the first, second … failed attempt, and in the end returns it', async () => {
    const { queue, dispatcher, stop, clock, notices } = bench({
      servers: { '2001:db8::1': { ...GOOD, answer: greylisted } },
      relay: {
        retryWaitsMs: [MINUTE, 5 * MINUTE],
        giveUpAfterMs: 15 * MINUTE,
        delayNoticeAfterMs: 6 * MINUTE,
      },
    });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(20 * MINUTE);
    assert.deepEqual(
      queue.settled.map(({ settlement }) => (settlement.at - NOW) / MINUTE),
      [0, 1, 6, 11, 15],
    );
    assert.deepEqual(
      notices.map(({ kind, ending, attempts }) => [kind, ending, attempts]),
      [
        ['delayed', undefined, 3],
        ['failed', 'expired', 5],
      ],
    );
    assert.equal(queue.rows.size, 0);
    await stop();
  });

  it('a server that says no for good: returned at once', async () => {
    const { queue, dispatcher, stop, clock, notices } = bench({
      servers: { '2001:db8::1': { ...GOOD, answer: rejected } },
    });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(queue.settled[0]?.settlement.recipients[0]?.state, 'failed');
    assert.deepEqual(
      notices.map(({ kind, ending }) => [kind, ending]),
      [['failed', 'rejected']],
    );
    await stop();
  });

  it('STS-5-5: a policy that fails only ever defers before the end, with what was decided', async () => {
    const { queue, dispatcher, stop, clock, notices } = bench({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(),
    });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    const [first] = queue.settled;
    assert.equal(first?.settlement.recipients[0]?.state, 'waiting');
    assert.equal(first.settlement.recipients[0].code, '4.7.5');
    assert.equal(first.settlement.retryAt, NOW + MINUTE);
    assert.equal(first.settlement.evidence?.decision?.policy.sts?.mode, 'enforce');
    assert.equal(first.settlement.evidence.events[0]?.outcome, 'refused');
    assert.deepEqual(notices, []);
    await stop();
  });

  it('STS-5-4, STS-5.1-5, STS-10.3-1: the last attempt looks for a newer policy before it returns the message', async () => {
    const setUp = (): ReturnType<typeof bench> => {
      const it = bench({
        servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
        policies: enforcing(),
      });
      it.queue.add({
        id: 'm1',
        destination: 'example.test',
        acceptedAt: NOW - 5 * DAY,
        attempts: 30,
      });
      return it;
    };
    const stays = setUp();
    stays.dispatcher.start();
    await stays.clock.advance(0);
    assert.equal(stays.policies.asked.at(-1), 'recheck example.test');
    assert.equal(stays.queue.settled[0]?.settlement.recipients[0]?.state, 'failed');
    assert.equal(stays.notices[0]?.ending, 'expired');
    await stays.stop();
    const changed = setUp();
    changed.policies.atSource.set('example.test', stsPolicy('none'));
    changed.dispatcher.start();
    await changed.clock.advance(0);
    assert.equal(changed.queue.settled[0]?.settlement.recipients[0]?.state, 'delivered');
    await changed.stop();
  });

  it('STS-5.1-5: where DNS keeps the last look from being made, the message waits for it', async () => {
    const { queue, dispatcher, stop, clock, policies } = bench({
      servers: { '2001:db8::1': EXPIRED_CERTIFICATE },
      policies: enforcing(),
    });
    const status = stsPolicy('enforce', ['mx1.example.test', 'mx2.example.test']);
    assert.ok(status.kind === 'policy');
    const refreshFailure = { code: 'DNS_SERVFAIL', detail: 'SERVFAIL' } as const;
    const unsure = { ...status, active: { ...status.active, refreshFailure } };
    policies.atSource.set('example.test', unsure);
    queue.add({ id: 'm1', destination: 'example.test', acceptedAt: NOW - 5 * DAY });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(queue.settled[0]?.settlement.recipients[0]?.state, 'waiting');
    await clock.advance(DAY);
    assert.equal(queue.settled.at(-1)?.settlement.recipients[0]?.state, 'failed');
    await stop();
  });

  it('RT-4.2.1-3, RT-4.2.1-4, RT-4.2.1-5: REQUIRETLS that no host can meet is returned at once', async () => {
    const { queue, dispatcher, stop, clock, notices, network } = bench({
      servers: { '2001:db8::1': GOOD, '192.0.2.1': GOOD, '192.0.2.2': GOOD },
      policies: enforcing(),
    });
    queue.add({ id: 'm1', destination: 'example.test', envelope: { requireTls: true } });
    dispatcher.start();
    await clock.advance(0);
    assert.deepEqual(network.only('mail'), []);
    assert.equal(network.only('connect').length, 3);
    assert.equal(queue.settled[0]?.settlement.recipients[0]?.code, '5.7.30');
    assert.deepEqual(
      notices.map(({ kind, ending }) => [kind, ending]),
      [['failed', 'rejected']],
    );
    await stop();
  });

  it('success is reported where it was asked for and the server cannot', async () => {
    const { queue, dispatcher, stop, clock, notices } = bench();
    queue.add({ id: 'm1', destination: 'example.test', more: { notify: ['SUCCESS'] } });
    dispatcher.start();
    await clock.advance(0);
    // The server of this test offers DSN: it sees to it.
    assert.deepEqual(notices, []);
    await stop();
  });

  it('never more at once than the settings say, to one hop and in all', async () => {
    const { queue, dispatcher, stop, clock, hanging } = bench({
      hang: true,
      relay: { concurrency: 5, concurrencyPerHop: 3 },
    });
    queue.add(...jobs(10, 'example.test'), ...jobs(10, 'other.test'));
    dispatcher.start();
    await clock.advance(0);
    assert.equal(hanging(), 5);
    assert.equal(dispatcher.stats().inFlight, 5);
    await stop();
    const one = bench({ hang: true, relay: { concurrencyPerHop: 3 } });
    one.queue.add(...jobs(10, 'example.test'));
    one.dispatcher.start();
    await one.clock.advance(0);
    assert.equal(one.hanging(), 3);
    await one.stop();
  });

  it('a hop with very many due messages does not starve another', async () => {
    const { queue, dispatcher, stop, clock, letGo, network, hanging } = bench({
      hang: true,
      relay: { concurrency: 4, concurrencyPerHop: 4 },
    });
    queue.add(...jobs(1_200, 'example.test', { nextAt: NOW - 1000 }), ...jobs(1, 'other.test'));
    dispatcher.start();
    await clock.advance(0);
    assert.ok(dispatcher.stats().taken <= 32, `${dispatcher.stats().taken} taken`);
    assert.equal(hanging(), 4);
    for (let turn = 0; turn < 3; turn += 1) await letGo();
    assert.ok(network.only('mail').includes('mail 192.0.2.3 tls r@other.test'));
    await stop();
  });

  it('goes through a backlog without looking at all of it again', async () => {
    const { queue, dispatcher, stop, clock } = bench();
    queue.add(...jobs(2_000, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    for (let turn = 0; turn < 100 && queue.rows.size > 0; turn += 1) await settle();
    assert.equal(queue.settled.length, 2_000);
    assert.equal(queue.calls.filter((call) => call === 'due').length <= 6, true);
    await stop();
  });

  it('a rate for each hop is kept', async () => {
    const { queue, dispatcher, stop, clock } = bench({ relay: { messagesPerMinutePerHop: 6 } });
    queue.add(...jobs(10, 'example.test'), ...jobs(1, 'other.test'));
    dispatcher.start();
    await clock.advance(0);
    assert.equal(queue.settled.length, 2);
    await clock.advance(30_000);
    assert.equal(queue.settled.length, 5);
    await clock.advance(70_000);
    assert.equal(queue.settled.length, 11);
    await stop();
  });

  it('wake: an operator who says now is heard at once', async () => {
    const { queue, dispatcher, stop, clock, servers } = bench({ servers: {} });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(dispatcher.stats().hopsBackingOff, 1);
    servers['2001:db8::1'] = GOOD;
    const row = queue.rows.get('m1 example.test')!;
    row.job = { ...row.job, nextAt: clock.now() };
    dispatcher.wake('example.test');
    await settle();
    assert.equal(queue.rows.size, 0);
    await stop();
  });

  it('reload: other limits count at once, and kept sessions are closed', async () => {
    const { queue, dispatcher, stop, clock, hanging, config, letGo } = bench({
      hang: true,
      relay: { concurrencyPerHop: 1 },
    });
    queue.add(...jobs(5, 'example.test'));
    dispatcher.start();
    await clock.advance(0);
    assert.equal(hanging(), 1);
    dispatcher.reload({ ...config, relay: { ...config.relay, concurrencyPerHop: 3 } });
    assert.equal(dispatcher.stats().inFlight, 3);
    await letGo();
    assert.equal(dispatcher.stats().sessions.idle <= 3, true);
    await stop();
  });

  it('SMTP-5.1-5: who we are is asked at each change of settings', async () => {
    const own = ({ smtp }: DispatchConfig) => ({ names: [smtp.heloName], addresses: [] });
    const { queue, dispatcher, stop, clock, config } = bench({ more: { own } });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    dispatcher.reload({ ...config, smtp: { ...config.smtp, heloName: 'mx1.example.test' } });
    queue.accept({ id: 'm2', destination: 'example.test' });
    await clock.advance(0);
    const codes = queue.settled.map(({ settlement }) => settlement.recipients[0]?.text ?? '');
    assert.match(codes[0] ?? '', /^250/);
    assert.match(codes[1] ?? '', /lead back to this host/);
    await stop();
  });

  it('a change of settings is a reason to try at once', async () => {
    const { queue, dispatcher, stop, clock, servers, config } = bench({ servers: {} });
    queue.add({ id: 'm1', destination: 'example.test' });
    dispatcher.start();
    await clock.advance(0);
    assert.equal(dispatcher.stats().hopsBackingOff, 1);
    queue.accept({ id: 'm2', destination: 'example.test' });
    await clock.advance(1_000);
    assert.equal(queue.settled.length, 1);
    servers['2001:db8::1'] = GOOD;
    dispatcher.reload(config);
    await clock.advance(100);
    assert.equal(queue.settled[1]?.job.messageId, 'm2');
    assert.equal(queue.settled[1].settlement.recipients[0]?.state, 'delivered');
    await stop();
  });
});
