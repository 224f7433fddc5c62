import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../clock.fixture.ts';
import { decisionFromJson } from '../../tls-policy/decision-record.ts';
import { evaluate } from '../../tls-policy/evaluate.ts';
import { hostEvidence, KNOBS, mxEvidence } from '../../tls-policy/evidence.fixture.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import {
  accept,
  EMPTY,
  messageTo,
  queueRig,
  rowCounts,
  settlement,
  takeDue,
  textOf,
} from './queue.fixture.ts';
import { PART_OCTETS } from './sink.ts';
import type { Notification } from './types.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function notification(content = 'a notification'): Notification {
  return {
    message: messageTo(['alice@here.test'], { envelope: { from: '' }, origin: { via: 'own' } }),
    content: [Buffer.from(content)],
  };
}

function decision(): DecisionRecord {
  const evidence = mxEvidence([hostEvidence('mx1.example.test', 'usable')]);
  return { version: 1, evidence, knobs: KNOBS, policy: evaluate(evidence, KNOBS) };
}

describe('a settlement', () => {
  it('SMTP-6.1-1: shares the transaction of the next message, and waits for it 10 ms at most', async () => {
    const rig = await queueRig({ settleWaitMs: 10 });
    const { queue, clock } = rig;
    for (const to of ['bob', 'carol', 'dave']) await accept(queue, messageTo([`${to}@there.test`]));
    const jobs = await takeDue(queue, clock.now());
    const done: string[] = [];
    const settling = jobs.map((job, index) => async (): Promise<void> => {
      await queue.settle(job, settlement(job, 'delivered', { at: clock.now() }));
      done.push(`job ${index}`);
    });
    const first = settling[0]!();
    await clock.advance(9);
    assert.deepEqual(done, []);
    await accept(queue, messageTo(['erin@there.test']));
    await first;
    assert.deepEqual(done, ['job 0']);
    const second = settling[1]!();
    await clock.advance(10);
    await second;
    // Whoever closes does not wait for company.
    const third = settling[2]!();
    await settle();
    await rig.close();
    await third;
    assert.deepEqual(done, ['job 0', 'job 1', 'job 2']);
  });

  it('SMTP-6.1-1: queues its notifications with it, all or nothing', async () => {
    const rig = await queueRig();
    const { queue, clock } = rig;
    const at = clock.now();
    await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, at);
    const long = notification('x'.repeat(PART_OCTETS * 2));
    const done = await queue.settle(
      job!,
      settlement(job!, 'failed', { at, notifications: [notification(), long] }),
    );
    assert.equal(done, true);
    const jobs = await takeDue(queue, at);
    assert.deepEqual(
      jobs.map(({ destination, message }) => [destination, message.envelope.from, message.origin]),
      [
        ['here.test', '', { via: 'own' }],
        ['here.test', '', { via: 'own' }],
      ],
    );
    assert.equal(await textOf(jobs[0]!), 'a notification');
    assert.equal((await textOf(jobs[1]!)).length, PART_OCTETS * 2);
    await rig.close();
  });

  it('writes nothing where the job is no longer ours', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const at = clock.now();
    await accept(queue, messageTo(['bob@there.test', 'carol@other.test']));
    const jobs = await takeDue(queue, at);
    await store.db.updateTable('queue_job').set({ taken_by: 'another' }).execute();
    const before = await rowCounts(store);
    const notifications = [notification(), notification('x'.repeat(PART_OCTETS * 2))];
    const evidence = { startedAt: at, endedAt: at, events: [], decision: decision() };
    for (const [job, state] of [[jobs[0]!, 'failed'] as const, [jobs[1]!, 'waiting'] as const]) {
      const outcome = settlement(job, state, { at, notifications, evidence });
      assert.equal(await queue.settle(job, outcome), false);
      assert.equal(await queue.settle(job, outcome), false);
    }
    assert.deepEqual(await rowCounts(store), before);
    const states = await store.db.selectFrom('queue_recipient').select('state').execute();
    assert.deepEqual(
      states.map(({ state }) => state),
      ['waiting', 'waiting'],
    );
    await rig.close();
  });

  it('a job that is given back untried counts no attempt', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    await queue.settle(job!, settlement(job!, 'waiting', { at: clock.now(), counts: false }));
    const row = await store.db.selectFrom('queue_job').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([row.attempts, row.first_failed_at, row.taken_by], [0, null, null]);
    await rig.close();
  });

  it('when the first attempt failed stays known', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const first = clock.now();
    await accept(queue, messageTo(['bob@there.test']));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const [job] = await takeDue(queue, clock.now());
      await queue.settle(job!, settlement(job!, 'waiting', { at: clock.now() }));
      await clock.advance(MINUTE);
    }
    const row = await store.db.selectFrom('queue_job').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([row.attempts, row.first_failed_at], [3, first]);
    await rig.close();
  });

  it('a decision is stored once for all messages that it keeps waiting, and goes with the last', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const at = clock.now();
    await Promise.all(
      [1, 2, 3].map(async () => await accept(queue, messageTo(['b@example.test']))),
    );
    const jobs = await takeDue(queue, at);
    const record = decision();
    for (const [index, job] of jobs.entries()) {
      const evidence = {
        startedAt: at,
        endedAt: at + 5,
        // The third one decided the same by itself.
        decision: index === 2 ? decision() : record,
        events: [],
      };
      await queue.settle(job, settlement(job, 'waiting', { at, evidence }));
    }
    const stored = await store.db.selectFrom('queue_decision').selectAll().execute();
    const attempts = await store.db.selectFrom('queue_attempt').selectAll().execute();
    assert.equal(stored.length, 1);
    assert.deepEqual(decisionFromJson(stored[0]!.record), { ok: true, value: record });
    assert.deepEqual(
      attempts.map((row) => [row.number, row.ended_at, row.events, row.decision_digest]),
      jobs.map(() => [1, at + 5, '[]', stored[0]!.digest]),
    );
    await clock.advance(2 * HOUR);
    assert.equal((await store.db.selectFrom('queue_decision').selectAll().execute()).length, 1);
    for (const job of await takeDue(queue, clock.now())) {
      await queue.settle(job, settlement(job, 'delivered', { at: clock.now() }));
    }
    assert.deepEqual(await rowCounts(store), EMPTY);
    await clock.advance(5 * MINUTE);
    assert.equal((await store.db.selectFrom('queue_decision').selectAll().execute()).length, 0);
    await rig.close();
  });

  it('each attempt is kept with its number', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['b@example.test', 'c@other.test']));
    for (const state of ['waiting', 'waiting', 'failed'] as const) {
      const [job] = await queue.take(
        await queue.dueFor('example.test', { now: clock.now(), limit: 1 }),
      );
      const evidence = { startedAt: 1, endedAt: 2, events: [] };
      await queue.settle(job!, settlement(job!, state, { at: clock.now(), evidence }));
    }
    const attempts = await store.db.selectFrom('queue_attempt').select('number').execute();
    assert.deepEqual(
      attempts.map(({ number }) => number),
      [1, 2, 3],
    );
    await rig.close();
  });

  it('texts that a database refuses are stored without what it refuses', async () => {
    const rig = await queueRig();
    const { queue, clock } = rig;
    const at = clock.now();
    await accept(queue, messageTo(['bob@there.test'], { messageIdHeader: 'a\0b\ud800' }));
    const [job] = await takeDue(queue, at);
    assert.equal(job!.message.messageIdHeader, 'ab\ufffd');
    const outcome = settlement(job!, 'waiting', { at });
    const recipients = outcome.recipients.map((one) => ({
      ...one,
      text: `\0${'y'.repeat(9_999)}`,
    }));
    await queue.settle(job!, { ...outcome, recipients });
    const [again] = await takeDue(queue, at);
    assert.equal(again!.recipients[0]!.lastText, 'y'.repeat(1_999));
    await rig.close();
  });
});
