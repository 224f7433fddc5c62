import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { changeJobs, type JobChange } from './change-jobs.ts';
import type { QueueFilter } from './filter.ts';
import { listJobs, totals } from './list-jobs.ts';
import { readContent, readMessage } from './read-message.ts';
import { removeJobs, type Removed } from './remove-jobs.ts';
import { collect, jobsIn, NOW, seed } from './seed.fixture.ts';
import { surveyQueue } from './survey.ts';

const HOUR = 3_600_000;
const FOUND = {
  m1: { acceptedAt: NOW - 10 * HOUR, nextAt: NOW + HOUR, attempts: 7, lastText: '451 later' },
  m2: { from: 'Carol@Else.test', to: ['bob@there.test', 'x@other_there.test', 'y@other.test'] },
} as const;

let store: Store;
beforeEach(async () => {
  store = await openStore('sqlite::memory:');
});
afterEach(async () => await store.close());

async function standard(): Promise<void> {
  await seed(store, [
    { id: 'm1', ...FOUND.m1 },
    { id: 'm2', ...FOUND.m2, held: ['other.test'], taken: ['other_there.test'] },
    { id: 'm3', from: '', to: ['x@xother.test'], acceptedAt: NOW - HOUR },
  ]);
}

async function keys(filter: QueueFilter): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { messageId, destination } of listJobs(store, { filter })) {
    found.push(`${messageId}/${destination}`);
  }
  const { jobs } = await totals(store, filter);
  assert.equal(jobs, found.length, 'what is listed is what is counted');
  return found;
}

describe('the queue as a list', () => {
  const CASES: readonly (readonly [filter: QueueFilter, expected: readonly string[]])[] = [
    [
      {},
      ['m1/there.test', 'm2/other.test', 'm2/other_there.test', 'm2/there.test', 'm3/xother.test'],
    ],
    [{ ids: ['m1', 'm3', 'nowhere'] }, ['m1/there.test', 'm3/xother.test']],
    [{ ids: [] }, []],
    [{ destination: 'there.test' }, ['m1/there.test', 'm2/there.test']],
    [{ sender: 'carol@else.TEST', destination: 'there.test' }, ['m2/there.test']],
    [{ sender: '' }, ['m3/xother.test']],
    [{ sender: '@here.test' }, ['m1/there.test']],
    [{ recipient: '@other_there.test' }, ['m2/other_there.test']],
    [{ recipient: '@other.test' }, ['m2/other.test']],
    [{ recipient: 'BOB@there.test', ids: ['m2'] }, ['m2/there.test']],
    [{ state: 'held' }, ['m2/other.test']],
    [{ state: 'delivering' }, ['m2/other_there.test']],
    [{ state: 'waiting' }, ['m1/there.test', 'm2/there.test', 'm3/xother.test']],
    [{ acceptedUntil: NOW - HOUR }, ['m1/there.test', 'm3/xother.test']],
  ];
  for (const [filter, expected] of CASES) {
    it(`filter ${JSON.stringify(filter)}`, async () => {
      await standard();
      assert.deepEqual(await keys(filter), expected);
    });
  }

  it('a row has what a person wants to know first', async () => {
    await standard();
    const [row] = await collect(listJobs(store, { filter: { ids: ['m1'] } }));
    assert.deepEqual(row, {
      messageId: 'm1',
      destination: 'there.test',
      state: 'waiting',
      acceptedAt: NOW - 10 * HOUR,
      size: 25,
      sender: 'alice@here.test',
      recipients: 1,
      recipient: 'bob@there.test',
      attempts: 7,
      nextAt: NOW + HOUR,
      lastText: '451 later',
      lastCode: '4.7.5',
      lastHost: 'mx.there.test',
      lastAt: NOW,
    });
  });

  it('pages: the rest goes on behind the last one, none twice and none left out', async () => {
    const ids = Array.from({ length: 1203 }, (_, index) => `m${String(index).padStart(5, '0')}`);
    await seed(
      store,
      ids.map((id) => ({ id })),
    );
    const all = await collect(listJobs(store, { filter: {} }));
    assert.deepEqual(
      all.map(({ messageId }) => messageId),
      ids,
    );
    const some = await collect(listJobs(store, { filter: {}, limit: 3, after: all[499]! }));
    assert.deepEqual(
      some.map(({ messageId }) => messageId),
      ids.slice(500, 503),
    );
  });

  it('totals count a message once', async () => {
    await standard();
    const { oldestAcceptedAt, ...counts } = await totals(store, {});
    assert.equal(oldestAcceptedAt, NOW - 10 * HOUR);
    const expected = { messages: 3, jobs: 5, waiting: 3, held: 1, delivering: 1, octets: 75 };
    assert.deepEqual(counts, expected);
  });
});

describe('one message', () => {
  it('is shown with recipients, jobs and content', async () => {
    await standard();
    const shown = await readMessage(store, 'm2');
    assert.deepEqual(
      shown?.recipients.map(({ address, destination }) => [address, destination]),
      [
        ['bob@there.test', 'there.test'],
        ['x@other_there.test', 'other_there.test'],
        ['y@other.test', 'other.test'],
      ],
    );
    assert.deepEqual(
      shown.jobs.map(({ destination, state, takenBy }) => [destination, state, takenBy]),
      [
        ['other.test', 'held', undefined],
        ['other_there.test', 'delivering', 'seed'],
        ['there.test', 'waiting', undefined],
      ],
    );
    const content = Buffer.concat(await collect(readContent(store, 'm2')));
    assert.match(content.toString(), /^Subject: hello\r\n/);
    assert.equal(await readMessage(store, 'nowhere'), undefined);
  });

  it('a damaged attempt does not hide the rest', async () => {
    await standard();
    const damaged = { events: '{', decision_digest: 'gone', number: 1, started_at: 1, ended_at: 2 };
    await store.db
      .insertInto('queue_attempt')
      .values({ message_id: 'm1', destination: 'there.test', ...damaged })
      .execute();
    const shown = await readMessage(store, 'm1');
    assert.deepEqual(shown?.attempts[0]?.events, []);
  });
});

describe('what was never tried', () => {
  it('shows what the newest attempt said of others at its destination', async () => {
    await seed(store, [
      { id: 'm1', attempts: 1, lastText: '451 later', nextAt: NOW + HOUR },
      { id: 'm2', to: ['a@there.test', 'b@other.test'] },
    ]);
    const rows = await collect(listJobs(store, { filter: { ids: ['m2'] } }));
    assert.deepEqual(
      rows.map(({ destination, behind }) => [destination, behind]),
      [
        ['other.test', undefined],
        ['there.test', { text: '451 later', code: '4.7.5', host: 'mx.there.test', at: NOW }],
      ],
    );
  });
});

describe('hold, release, retry', () => {
  const change = async (filter: QueueFilter, to: JobChange): Promise<readonly number[]> => {
    const result = await changeJobs(store, {
      filter,
      change: to,
      now: NOW,
      clock: new FakeClock(NOW),
    });
    return [result.changed, result.inDelivery, result.unconcerned];
  };
  const nextAt = async (id: string): Promise<number> => {
    const rows = await collect(listJobs(store, { filter: { ids: [id] } }));
    return rows[0]!.nextAt;
  };

  it('a job that a node works on is left alone', async () => {
    await standard();
    assert.deepEqual(await change({}, 'hold'), [3, 1, 1]);
    assert.deepEqual(await jobsIn(store), [
      'm1/there.test held',
      'm2/other.test held',
      'm2/other_there.test delivering',
      'm2/there.test held',
      'm3/xother.test held',
    ]);
    assert.deepEqual(await change({}, 'hold'), [0, 1, 4]);
    assert.deepEqual(await change({ ids: ['m2'] }, 'release'), [2, 1, 0]);
  });

  it('what is named is due before all others at its destination', async () => {
    await seed(store, [
      { id: 'm1', nextAt: NOW - HOUR },
      { id: 'm2', nextAt: NOW + HOUR },
    ]);
    await changeJobs(store, {
      filter: { ids: ['m2'] },
      change: 'retry',
      now: NOW,
      clock: new FakeClock(NOW),
    });
    const [first, second] = await collect(listJobs(store, { filter: {} }));
    assert.ok(second!.nextAt < first!.nextAt);
  });

  it('retry makes due what waits, and what is held only if that is meant', async () => {
    await standard();
    assert.equal(await nextAt('m1'), NOW + HOUR);
    assert.deepEqual(await change({}, 'retry'), [3, 1, 1]);
    assert.equal(await nextAt('m1'), NOW);
    assert.deepEqual(await change({ state: 'held' }, 'retry-held'), [1, 0, 0]);
    assert.deepEqual(await keys({ state: 'held' }), []);
  });

  it('many jobs are changed page by page, by the same condition', async () => {
    const seeds = Array.from({ length: 1100 }, (_, index) => ({
      id: `m${String(index).padStart(5, '0')}`,
      to: [index % 2 === 0 ? 'a@even.test' : 'a@odd.test'],
    }));
    await seed(store, seeds);
    const pauses: number[] = [];
    const result = await changeJobs(store, {
      filter: { destination: 'odd.test' },
      change: 'hold',
      now: NOW,
      clock: { sleep: async (ms) => await Promise.resolve(void pauses.push(ms)) },
    });
    // Whoever waits for the lock finds it free between two pages.
    assert.deepEqual(pauses, [20, 20]);
    assert.deepEqual([result.changed, result.destinations], [550, ['odd.test']]);
    assert.equal((await keys({ state: 'held' })).length, 550);
  });
});

describe('drop and bounce', () => {
  const remove = async (filter: QueueFilter, how: 'drop' | 'bounce'): Promise<Removed> =>
    await removeJobs(store, {
      filter,
      how,
      by: 'root',
      reportingMta: 'relay.here.test',
      clock: Object.assign(new FakeClock(NOW), { sleep: async () => await Promise.resolve() }),
    });
  const tables = async (): Promise<readonly number[]> => {
    const counts: number[] = [];
    for (const table of ['queue_message', 'queue_part', 'queue_job', 'queue_recipient'] as const) {
      counts.push((await store.db.selectFrom(table).selectAll().execute()).length);
    }
    return counts;
  };

  it('dropped is gone without a word, what else the message has stays', async () => {
    await standard();
    const dropped = await remove({ ids: ['m2', 'm3'] }, 'drop');
    const { jobs, recipients, inDelivery, notifications } = dropped;
    assert.deepEqual([jobs, recipients, inDelivery, notifications], [3, 3, 1, 0]);
    assert.deepEqual(await jobsIn(store), [
      'm1/there.test waiting',
      'm2/other_there.test delivering',
    ]);
    const shown = await readMessage(store, 'm2');
    assert.deepEqual(
      shown?.recipients.map(({ state, lastText }) => [state, lastText]),
      [
        ['dropped', 'dropped by root'],
        ['waiting', ''],
        ['dropped', 'dropped by root'],
      ],
    );
  });

  it('nothing remains of a message whose last job is dropped', async () => {
    await standard();
    await remove({ ids: ['m1'] }, 'drop');
    await remove({ ids: ['m3'] }, 'drop');
    assert.deepEqual(await tables(), [1, 1, 3, 3]);
  });

  it('RFC 5321 §6.1: bounced is returned: the author is told in the same transaction', async () => {
    await standard();
    const result = await remove({ ids: ['m1'] }, 'bounce');
    assert.deepEqual([result.jobs, result.notifications, result.untold], [1, 1, []]);
    const own = { sender: '', destination: 'here.test' };
    const [bounce] = await collect(listJobs(store, { filter: own }));
    assert.deepEqual(
      [bounce?.recipient, bounce?.sender, bounce?.state, bounce?.nextAt],
      ['alice@here.test', '', 'waiting', NOW],
    );
    const content = Buffer.concat(await collect(readContent(store, bounce!.messageId))).toString();
    assert.equal(bounce!.size, Buffer.byteLength(content));
    assert.match(content, /bob@there\.test/);
    assert.match(content, /^Subject: hello\r$/m);
  });

  it('RFC 5321 §4.5.5: of a bounce that is bounced nobody is told, and that is said', async () => {
    await standard();
    const result = await remove({ ids: ['m3'] }, 'bounce');
    assert.deepEqual([result.jobs, result.notifications], [1, 0]);
    assert.match(result.untold[0]?.why ?? '', /null reverse-path/);
  });

  it('held jobs can be dropped and bounced; jobs of a node cannot', async () => {
    await standard();
    assert.equal((await remove({ state: 'held' }, 'bounce')).jobs, 1);
    const taken = await remove({ state: 'delivering' }, 'bounce');
    assert.deepEqual([taken.jobs, taken.inDelivery], [0, 1]);
  });

  it('a transaction that met another one is run again', async () => {
    await standard();
    let tries = 0;
    const transaction = (): unknown => {
      tries += 1;
      if (tries === 1) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
      return store.db.transaction();
    };
    const db = new Proxy(store.db, {
      get: (target, name) => {
        if (name === 'transaction') return transaction;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const removed = await removeJobs(
      { ...store, db },
      {
        filter: { ids: ['m1'] },
        how: 'drop',
        by: 'root',
        reportingMta: 'relay.here.test',
        clock: new FakeClock(NOW),
      },
    );
    assert.deepEqual([removed.jobs, tries], [1, 2]);
  });

  it('many: in pieces, until none is left', async () => {
    await seed(
      store,
      Array.from({ length: 120 }, (_, index) => ({ id: `m${String(index).padStart(5, '0')}` })),
    );
    assert.equal((await remove({}, 'drop')).jobs, 120);
    assert.deepEqual(await tables(), [0, 0, 0, 0]);
  });
});

describe('the queue in numbers', () => {
  it('by state, destination and age; newcomers since the look before', async () => {
    await standard();
    const first = await surveyQueue(store, { now: NOW });
    assert.deepEqual([first.messages, first.jobs, first.held, first.destinations], [3, 5, 1, 4]);
    assert.deepEqual(
      first.ages.map(({ messages }) => messages),
      [1, 0, 1, 1, 0],
    );
    assert.deepEqual(first.top[0], {
      destination: 'there.test',
      jobs: 2,
      held: 0,
      delivering: 0,
      nextAt: NOW,
    });
    assert.equal(first.arrived, undefined);
    await seed(store, [{ id: 'm4' }, { id: 'm5' }]);
    const second = await surveyQueue(store, { now: NOW + 1000, before: first });
    assert.deepEqual([second.arrived, second.newestId], [2, 'm5']);
  });

  it('an empty queue', async () => {
    const { messages, top, newestId, ages } = await surveyQueue(store, { now: NOW });
    assert.deepEqual([messages, top, newestId, ages.length], [0, [], '', 5]);
  });
});
