import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { sql } from 'kysely';
import { settle } from '../../clock.fixture.ts';
import { silentLog } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { readTally, tallyDays, tallySubjects } from './read-tally.ts';
import {
  DAY,
  EXPIRED_DETAIL,
  NOON,
  session,
  startBench as start,
  stopBench as stop,
  STS_POLICY,
  SUBJECT,
  TLSA_POLICY,
} from './tally.fixture.ts';
import { PILE_LIMITS } from './pile.ts';
import { createTally } from './tally.ts';

const folder = mkdtempSync(join(tmpdir(), 'sts-tally-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const DAY_MS = 86_400_000;

/** Every write fails as on a disk that is gone; the returned function mends it. */
async function breakStore({ db }: Store): Promise<() => Promise<void>> {
  await sql`alter table tally_count rename to tally_count_away`.execute(db);
  return async () =>
    void (await sql`alter table tally_count_away rename to tally_count`.execute(db));
}

describe('the tally', () => {
  it('RPT-4.4-9, RPT-4.4-10, RPT-4.4-17: sessions become totals and details by policy', async () => {
    const bench = await start();
    bench.tally.count(session());
    bench.tally.count(session({ failures: [EXPIRED_DETAIL] }));
    bench.tally.count(session({ failures: [EXPIRED_DETAIL], sessions: 4 }));
    await bench.tally.flush();
    assert.deepEqual(await readTally(bench.store, SUBJECT), {
      ...SUBJECT,
      policies: [
        {
          policy: STS_POLICY,
          successes: 1,
          failures: 5,
          details: [{ ...EXPIRED_DETAIL, count: 5 }],
        },
      ],
    });
    assert.equal(bench.tally.stats().sessions, 6);
    await stop(bench);
  });

  it('RPT-AGG-1, RPT-4.4-11, G3: details that differ in one key stand apart, others add up', async () => {
    const bench = await start();
    const other = { ...EXPIRED_DETAIL, reasonCode: 'another' };
    const { resultType: _type, ...rest } = EXPIRED_DETAIL;
    const swapped = { ...rest, resultType: 'certificate-expired' } as const;
    for (const detail of [other, EXPIRED_DETAIL, swapped]) {
      bench.tally.count(session({ failures: [detail] }));
      await bench.tally.flush();
    }
    const { policies } = await readTally(bench.store, SUBJECT);
    assert.deepEqual(policies[0]?.details, [
      { ...EXPIRED_DETAIL, count: 2 },
      { ...other, count: 1 },
    ]);
    await stop(bench);
  });

  it('a session that fails in two ways is one failed session with two details', async () => {
    const bench = await start();
    const second = { resultType: 'validation-failure', reasonCode: 'sts-mx-mismatch' } as const;
    bench.tally.count(session({ failures: [EXPIRED_DETAIL, second, second] }));
    await bench.tally.flush();
    const [result] = (await readTally(bench.store, SUBJECT)).policies;
    assert.equal(result?.failures, 1);
    assert.deepEqual(
      result?.details.map(({ count }) => count),
      [1, 1],
    );
    await stop(bench);
  });

  it('RPT-AGG-2: a policy whose text changes within the day makes two rows', async () => {
    const bench = await start();
    const strings = STS_POLICY.strings.map((line) => line.replace('enforce', 'testing'));
    bench.tally.count(session());
    bench.tally.count(session({ policy: { ...STS_POLICY, strings } }));
    bench.tally.count(session({ policy: { ...STS_POLICY, mxHosts: ['mx1.example.test'] } }));
    await bench.tally.flush();
    const { policies } = await readTally(bench.store, SUBJECT);
    assert.equal(policies.length, 3);
    await stop(bench);
  });

  it('G2, RPT-4-2: DANE and STS of one domain stand side by side, DANE first', async () => {
    const bench = await start();
    bench.tally.count(session());
    bench.tally.count(session({ policy: TLSA_POLICY }));
    await bench.tally.flush();
    const { policies } = await readTally(bench.store, SUBJECT);
    assert.deepEqual(
      policies.map(({ policy }) => policy.domain),
      ['mx1.example.test', 'example.test'],
    );
    await stop(bench);
  });

  it('RPT-4.1-1, C13: the day is the UTC day of the session, whatever the clock says now', async () => {
    const bench = await start();
    const midnight = (DAY + 1) * DAY_MS;
    bench.clock.jumpTo(midnight + 5);
    bench.tally.count(session({ at: midnight - 1 }));
    bench.tally.count(session({ at: midnight }));
    bench.clock.jumpTo(NOON - 3 * DAY_MS);
    bench.tally.count(session({ at: midnight + 1 }));
    bench.tally.count(session({ at: NOON - 3 * DAY_MS }));
    await bench.tally.flush();
    assert.deepEqual(await tallyDays(bench.store), [DAY - 3, DAY, DAY + 1]);
    const next = await readTally(bench.store, { ...SUBJECT, day: DAY + 1 });
    assert.equal(next.policies[0]?.successes, 2);
    await stop(bench);
  });

  it('waits for company, then writes by itself', async () => {
    const bench = await start();
    bench.tally.count(session());
    await bench.clock.advance(4_000);
    assert.deepEqual(await tallyDays(bench.store), []);
    bench.tally.count(session());
    await bench.clock.advance(1_000);
    assert.deepEqual(await tallyDays(bench.store), [DAY]);
    assert.equal(bench.tally.stats().waiting, 0);
    assert.equal(bench.clock.waiting, 0);
    await stop(bench);
  });

  it('writes at once when there is enough', async () => {
    const bench = await start();
    for (let index = 0; index < 10_000; index += 1) {
      bench.tally.count(session({ recipientDomain: `d${index}.test` }));
    }
    for (let turn = 0; turn < 50 && bench.tally.stats().waiting > 0; turn += 1) await settle();
    const subjects = await tallySubjects(bench.store, DAY);
    assert.equal(subjects.length, 10_000);
    await stop(bench);
  });

  it('RPT-AGG-6: what is counted before and after a restart adds up', async () => {
    const url = `sqlite:${join(folder, 'restart.sqlite')}`;
    for (let run = 1; run <= 2; run += 1) {
      const bench = await start({ url });
      bench.tally.count(session());
      bench.tally.count(session({ failures: [EXPIRED_DETAIL] }));
      await stop(bench);
    }
    const bench = await start({ url });
    const { policies } = await readTally(bench.store, SUBJECT);
    assert.deepEqual(policies, [
      { policy: STS_POLICY, successes: 2, failures: 2, details: [{ ...EXPIRED_DETAIL, count: 2 }] },
    ]);
    await stop(bench);
  });

  it('keeps counting while the store is away, says so once, and writes when it is back', async () => {
    const bench = await start();
    const mend = await breakStore(bench.store);
    bench.tally.count(session());
    await bench.clock.advance(5_000);
    assert.equal(bench.tally.stats().storeUp, false);
    bench.tally.count(session());
    await bench.clock.advance(10_000);
    assert.equal(bench.lines.length, 1, bench.lines.join('\n'));
    await mend();
    await bench.clock.advance(60_000);
    const { policies } = await readTally(bench.store, SUBJECT);
    assert.equal(policies[0]?.successes, 2);
    assert.equal(bench.tally.stats().storeUp, true);
    assert.match(bench.lines[1] ?? '', /written again/);
    await stop(bench);
  });

  it('flush waits for the store', async () => {
    const bench = await start();
    const mend = await breakStore(bench.store);
    bench.tally.count(session());
    let isDone = false;
    const flushed = bench.tally.flush().then(() => (isDone = true));
    await bench.clock.advance(3_000);
    assert.equal(isDone, false);
    await mend();
    await bench.clock.advance(60_000);
    await flushed;
    assert.deepEqual(await tallyDays(bench.store), [DAY]);
    await stop(bench);
  });

  it('a batch whose commit went unanswered is not added twice', async () => {
    const bench = await start();
    const { store } = bench;
    const { db } = store;
    let isCut = true;
    const transaction = () => {
      const real = db.transaction();
      return {
        execute: async (task: Parameters<typeof real.execute>[0]) => {
          const value = await real.execute(task);
          if (!isCut) return value;
          isCut = false;
          throw new Error('the connection broke after COMMIT');
        },
      };
    };
    const shaky = new Proxy(db, {
      get: (target, name) =>
        name === 'transaction' ? transaction : (Reflect.get(target, name) as unknown),
    });
    const tally = createTally({
      store: { ...store, db: shaky },
      clock: bench.clock,
      log: silentLog,
      flushMs: 1_000,
    });
    tally.count(session());
    await bench.clock.advance(1_000);
    assert.equal(tally.stats().storeUp, false);
    tally.count(session());
    await bench.clock.advance(60_000);
    const { policies } = await readTally(store, SUBJECT);
    assert.equal(policies[0]?.successes, 2);
    await tally.close();
    await stop(bench);
  });

  it('closing without a store tells how many sessions are lost', async () => {
    const bench = await start();
    await breakStore(bench.store);
    bench.tally.count(session({ sessions: 7 }));
    await bench.tally.close();
    assert.equal(bench.tally.stats().lostSessions, 7);
    assert.match(bench.lines.at(-1) ?? '', /7 sessions are lost/);
    await bench.store.close();
  });

  it('one count that the database refuses is lost alone', async () => {
    const bench = await start();
    await sql`create trigger no_bad before insert on tally_count
      when new.recipient_domain = 'bad.test' begin select raise(abort, 'no'); end`.execute(
      bench.store.db,
    );
    for (const name of ['a.test', 'bad.test', 'c.test', 'd.test', 'e.test']) {
      bench.tally.count(session({ recipientDomain: name, failures: [EXPIRED_DETAIL] }));
    }
    await bench.tally.flush();
    const subjects = await tallySubjects(bench.store, DAY);
    assert.deepEqual(
      subjects.map(({ domain }) => domain),
      ['a.test', 'c.test', 'd.test', 'e.test'],
    );
    assert.equal(bench.tally.stats().lostSessions, 1);
    await stop(bench);
  });

  it('G4: more ways to fail than a day has room for: cut, with the totals right, across restarts', async () => {
    const url = `sqlite:${join(folder, 'kinds.sqlite')}`;
    for (let run = 1; run <= 3; run += 1) {
      const bench = await start({ url, limits: { kinds: 10 } });
      for (let index = 0; index < 8; index += 1) {
        const reasonCode = `${run}-${index}`;
        bench.tally.count(session({ failures: [{ ...EXPIRED_DETAIL, reasonCode }] }));
      }
      bench.tally.count(session({ failures: [{ ...EXPIRED_DETAIL, reasonCode: '1-0' }] }));
      await bench.tally.flush();
      assert.equal(bench.tally.stats().cutDetails, [0, 6, 8][run - 1]);
      await stop(bench);
    }
    const bench = await start({ url });
    const [result] = (await readTally(bench.store, SUBJECT)).policies;
    assert.equal(result?.failures, 27);
    assert.equal(result?.details.length, 10);
    assert.deepEqual(result?.details[0], { ...EXPIRED_DETAIL, reasonCode: '1-0', count: 4 });
    await stop(bench);
  });

  it('memory is bounded while the store is away: details go first, then totals are known to lack', async () => {
    const bench = await start({ limits: { keys: 100 } });
    const mend = await breakStore(bench.store);
    for (let index = 0; index < 300; index += 1) {
      const failures = [{ ...EXPIRED_DETAIL, reasonCode: String(index) }];
      bench.tally.count(session({ recipientDomain: `d${index}.test`, failures }));
    }
    const { waiting, cutDetails, lostSessions = 0, sessions } = bench.tally.stats();
    assert.equal(sessions, 300);
    assert.equal(waiting, 200);
    assert.ok(cutDetails > 0 && lostSessions > 0);
    await mend();
    await bench.tally.flush();
    const subjects = await tallySubjects(bench.store, DAY);
    assert.equal(subjects.length + lostSessions, 300);
    await stop(bench);
  });

  it('texts are bounded too, with what waits to be written again', async () => {
    const octets = 100_000;
    const bench = await start({ limits: { octets } });
    const mend = await breakStore(bench.store);
    let results = 0;
    const countSome = (): void => {
      for (let index = 0; index < 100; index += 1) {
        results += 1;
        const strings = Array.from(
          { length: 60 },
          (_, line) => `${results} ${line} ${'x'.repeat(900)}`,
        );
        bench.tally.count(session({ policy: { ...STS_POLICY, strings } }));
      }
    };
    countSome();
    await bench.clock.advance(5_000);
    assert.equal(bench.tally.stats().storeUp, false);
    const first = bench.tally.stats().waiting;
    assert.ok(first > 0);
    countSome();
    const { waiting, lostSessions } = bench.tally.stats();
    const text = 2 * PILE_LIMITS.policyText;
    assert.ok(waiting * text <= 2 * octets + 2 * text, `${waiting} texts`);
    assert.equal(lostSessions, 200 - waiting);
    assert.match(bench.lines.join(), /example\.test is too long/);
    await mend();
    await bench.tally.flush();
    countSome();
    assert.ok(bench.tally.stats().waiting >= first);
    await stop(bench);
  });

  it('one policy text has room for many domains', async () => {
    const bench = await start({ limits: { octets: 100_000 } });
    const strings = Array.from({ length: 9 }, () => 'x'.repeat(900));
    for (let index = 0; index < 500; index += 1) {
      const policy = { ...STS_POLICY, strings };
      bench.tally.count(session({ recipientDomain: `d${index}.test`, policy }));
    }
    assert.equal(bench.tally.stats().lostSessions, 0);
    await stop(bench);
  });

  it('what comes after the end is lost, and said to be; no timer is left', async () => {
    const bench = await start();
    const closing = bench.tally.close();
    bench.tally.count(session());
    await closing;
    assert.equal(bench.tally.stats().lostSessions, 0);
    assert.deepEqual(await tallyDays(bench.store), [DAY]);
    bench.tally.count(session({ sessions: 2 }));
    bench.tally.count(session());
    assert.equal(bench.tally.stats().lostSessions, 3);
    assert.equal(bench.clock.waiting, 0);
    assert.equal(bench.lines.length, 1, bench.lines.join('\n'));
    await bench.store.close();
  });
});
