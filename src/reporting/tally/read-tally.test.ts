import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropTally, readTally, tallyDays, tallySubjects, tallyTotals } from './read-tally.ts';
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

const DAY_MS = 86_400_000;

describe('reading the tally', () => {
  it('RPT-1.1-1: subjects are recipient domains, and TLSA base domains with all their recipients', async () => {
    const bench = await start();
    const failed = { policy: TLSA_POLICY, failures: [EXPIRED_DETAIL] };
    bench.tally.count(session());
    bench.tally.count(session({ policy: TLSA_POLICY }));
    bench.tally.count(session({ ...failed, recipientDomain: 'other.test' }));
    bench.tally.count(session({ ...failed, recipientDomain: 'third.test' }));
    await bench.tally.flush();
    assert.deepEqual(
      (await tallySubjects(bench.store, DAY)).map(({ scope, domain }) => `${scope} ${domain}`),
      [
        'recipient example.test',
        'recipient other.test',
        'recipient third.test',
        'mx-host mx1.example.test',
      ],
    );
    assert.deepEqual(Object.fromEntries(await tallyTotals(bench.store, DAY)), {
      'example.test': 2,
      'other.test': 1,
      'third.test': 1,
      'mx1.example.test': 3,
    });
    const host = { day: DAY, scope: 'mx-host', domain: 'mx1.example.test' } as const;
    assert.deepEqual((await readTally(bench.store, host)).policies, [
      {
        policy: TLSA_POLICY,
        successes: 1,
        failures: 2,
        details: [{ ...EXPIRED_DETAIL, count: 2 }],
      },
    ]);
    await stop(bench);
  });

  it('a subject without counts has no policies', async () => {
    const bench = await start();
    assert.deepEqual(await readTally(bench.store, SUBJECT), { ...SUBJECT, policies: [] });
    assert.deepEqual(await tallySubjects(bench.store, DAY), []);
    const nobody = { day: DAY, scope: 'mx-host', domain: '' } as const;
    bench.tally.count(session());
    await bench.tally.flush();
    assert.deepEqual((await readTally(bench.store, nobody)).policies, []);
    await stop(bench);
  });

  it('RPT-AGG-6: old days are dropped with all that only they needed', async () => {
    const bench = await start();
    bench.tally.count(session({ failures: [EXPIRED_DETAIL] }));
    bench.tally.count(session({ at: NOON - DAY_MS, policy: TLSA_POLICY }));
    await bench.tally.flush();
    assert.equal(await dropTally(bench.store, DAY), 1);
    assert.deepEqual(await tallyDays(bench.store), [DAY]);
    const policies = await bench.store.db.selectFrom('tally_policy').select('type').execute();
    assert.deepEqual(
      policies.map(({ type }) => type),
      ['sts'],
    );
    assert.equal(await dropTally(bench.store, DAY + 1), 1);
    for (const table of [
      'tally_failure',
      'tally_policy',
      'tally_detail',
      'tally_writer',
    ] as const) {
      assert.deepEqual(await bench.store.db.selectFrom(table).selectAll().execute(), [], table);
    }
    // The same policy comes back after its text was dropped.
    bench.tally.count(session({ at: NOON + DAY_MS }));
    await bench.tally.flush();
    const { policies: again } = await readTally(bench.store, { ...SUBJECT, day: DAY + 1 });
    assert.equal(again[0]?.successes, 1);
    await stop(bench);
  });

  it('texts with quotes, controls and letters of all kinds come back as they were', async () => {
    const bench = await start();
    const strings = ['a "quoted" \\ line', 'tab\there', 'nul\u0000', 'ü 漢 😀', '\ud800 half'];
    bench.tally.count(session({ policy: { ...STS_POLICY, strings } }));
    await bench.tally.flush();
    const [result] = (await readTally(bench.store, SUBJECT)).policies;
    assert.deepEqual(result?.policy.strings, strings);
    await stop(bench);
  });
});
