import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import type { Job } from '../queue/types.ts';
import type { RecipientReport } from '../types.ts';
import { RELAY } from './dispatcher.fixture.ts';
import { fakeQueue, type FakeJob } from './queue.fixture.ts';
import { consequencesOf, isExpired, type Consequences } from './settlement.ts';

const HOUR = 3_600_000;
const clock = new FakeClock();
const NOW = clock.now();

function jobOf(more: Partial<FakeJob> = {}): Job {
  const queue = fakeQueue(clock);
  queue.add({ id: 'm1', destination: 'd.test', to: ['a@d.test', 'b@d.test'], ...more });
  return queue.rows.get('m1 d.test')!.job;
}

const taken = (recipient: string, speaksDsn: boolean): RecipientReport => ({
  recipient,
  status: 'delivered',
  reply: { code: 250, enhanced: '2.0.0', lines: ['ok'] },
  host: 'mx.d.test',
  speaksDsn,
});
const later = (recipient: string): RecipientReport => ({
  recipient,
  status: 'deferred',
  failure: { code: 'SMTP_RCPT_REFUSED', detail: 'mx.d.test answered 451' },
  reply: { code: 451, enhanced: '4.7.1', lines: ['later'] },
});

function after(
  job: Job,
  recipients: readonly RecipientReport[],
  endedAt = NOW,
  isLast = false,
): Consequences {
  return consequencesOf({
    job,
    report: { recipients, hops: [] },
    startedAt: endedAt,
    endedAt,
    isLast,
    settings: RELAY,
    reportingMta: 'us.test',
  });
}

describe('what follows from an attempt', () => {
  it('DSN-3461-1: a success is reported by us where it was asked for and the server cannot', () => {
    const asked = jobOf({ more: { notify: ['SUCCESS'] } });
    const reports = [taken('a@d.test', false), taken('b@d.test', true)];
    const { notices } = after(asked, reports);
    assert.deepEqual(
      notices.map(({ kind, recipients }) => [kind, recipients.map(({ address }) => address)]),
      [['relayed', ['a@d.test']]],
    );
    assert.deepEqual(after(jobOf(), reports).notices, []);
  });

  it('some are delivered, some wait: each has a state of its own, and the evidence is kept', () => {
    const { settlement } = after(jobOf(), [taken('a@d.test', true), later('b@d.test')]);
    assert.deepEqual(
      settlement.recipients.map(({ number, state, code }) => [number, state, code]),
      [
        [0, 'delivered', '2.0.0'],
        [1, 'waiting', '4.7.1'],
      ],
    );
    assert.equal(settlement.retryAt, NOW + 60_000);
    assert.ok(settlement.evidence !== undefined);
  });

  it('DSN-R2: who waits is told once, and until when it is tried', () => {
    const job = jobOf({ acceptedAt: NOW - 5 * HOUR });
    const reports = [taken('a@d.test', true), later('b@d.test')];
    const { notices, settlement } = after(job, reports);
    assert.equal(settlement.delayNoticeSent, true);
    assert.deepEqual(
      notices.map(({ kind, recipients, willRetryUntil }) => [
        kind,
        recipients.map(({ address }) => address),
        willRetryUntil,
      ]),
      [['delayed', ['b@d.test'], NOW - 5 * HOUR + RELAY.giveUpAfterMs]],
    );
    assert.deepEqual(after({ ...job, delayNoticeSent: true }, reports).notices, []);
  });

  it('STS-5.1-5: an attempt that only ended after the time is followed by a last one', () => {
    const job = jobOf({ acceptedAt: NOW });
    const end = NOW + RELAY.giveUpAfterMs;
    const { settlement, notices } = after(job, [later('a@d.test'), later('b@d.test')], end + 5);
    assert.equal(settlement.retryAt, end);
    assert.equal(notices.filter(({ kind }) => kind === 'failed').length, 0);
    const last = after(job, [later('a@d.test'), later('b@d.test')], end + 10, true);
    assert.equal(last.settlement.retryAt, undefined);
    assert.deepEqual(
      last.notices.map(({ kind, ending }) => [kind, ending]),
      [['failed', 'expired']],
    );
  });

  it('SMTP-4.5.4.1-1: a notification is given up sooner', () => {
    const job = jobOf({ from: '', acceptedAt: NOW });
    assert.equal(isExpired(job, RELAY, NOW + 24 * HOUR - 1), false);
    assert.equal(isExpired(job, RELAY, NOW + 24 * HOUR), true);
    assert.equal(isExpired(jobOf(), RELAY, NOW + 24 * HOUR), false);
  });

  it('a recipient without a report waits', () => {
    const { settlement } = after(jobOf(), [taken('a@d.test', true)]);
    assert.equal(settlement.recipients[1]?.state, 'waiting');
  });
});
