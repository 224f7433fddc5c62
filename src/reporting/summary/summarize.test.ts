import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FakeClock } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { TODAY } from './own-state.fixture.ts';
import { addReport } from './rollups.fixture.ts';
import { summarize } from './summarize.ts';
import type { Summary } from './summary-types.ts';

const run = promisify(execFile);

/** Shortly before midnight: a time zone east of Greenwich has the next day. */
const clock = new FakeClock(Date.UTC(2026, 10, 20, 23, 30));

describe('the summary of received reports', () => {
  let store: Store;
  before(async () => {
    store = await openStore('sqlite::memory:');
    const mx = 'mx1.example.com';
    const expired = { type: 'certificate-expired', mx, reason: 'certificate has expired' } as const;
    await addReport(store, {
      day: TODAY - 1,
      successes: 90,
      details: [{ ...expired, sessions: 10 }],
    });
    await addReport(store, {
      day: TODAY - 2,
      successes: 50,
      failures: 5,
      details: [{ ...expired, sessions: 3 }],
    });
    await addReport(store, {
      day: TODAY - 2,
      sender: 'microsoft.com',
      verified: false,
      successes: 40,
      details: [
        { type: 'certificate-expired', mx },
        { type: 'unknown', sessions: 2 },
      ],
    });
    await addReport(store, { day: TODAY - 40, details: [expired] });
    await addReport(store, { day: TODAY - 1, domain: 'b.example', type: 'tlsa', successes: 7 });
  });
  after(async () => await store.close());

  interface More {
    readonly domain?: string;
    readonly days?: number;
    readonly ignoreSenders?: readonly string[];
  }

  async function sum(more: More): Promise<Summary> {
    return await summarize({ store, clock, days: 30, ...more });
  }

  it('adds up sessions by domain, day, month, policy type and sender', async () => {
    const summary = await sum({});
    assert.deepEqual(summary.total, { reports: 4, successes: 187, failures: 18 });
    assert.equal(summary.days.length, 30);
    assert.deepEqual(summary.days.slice(-3), [
      { day: TODAY - 2, reports: 2, successes: 90, failures: 8 },
      { day: TODAY - 1, reports: 2, successes: 97, failures: 10 },
      { day: TODAY, reports: 0, successes: 0, failures: 0 },
    ]);
    assert.deepEqual(
      summary.domains.map(({ domain, reports }) => [domain, reports]),
      [
        ['example.com', 3],
        ['b.example', 1],
      ],
    );
    assert.deepEqual(summary.months, [
      { month: '2026-11', reports: 4, successes: 187, failures: 18 },
    ]);
    assert.deepEqual(summary.policyTypes.slice(0, 2), [
      { type: 'tlsa', successes: 7, failures: 0 },
      { type: 'sts', successes: 180, failures: 18 },
    ]);
    assert.deepEqual(summary.senders, [
      {
        sender: 'google.com',
        reports: 3,
        verifiedReports: 3,
        successes: 147,
        failures: 15,
        lastDay: TODAY - 1,
      },
      {
        sender: 'microsoft.com',
        reports: 1,
        verifiedReports: 0,
        successes: 40,
        failures: 3,
        lastDay: TODAY - 2,
      },
    ]);
  });

  it('D2: the sums by day are those of the whole, whatever the time zone', async () => {
    const script = fileURLToPath(new URL('./summarize-in-zone.fixture.ts', import.meta.url));
    const zones = ['Pacific/Kiritimati', 'Etc/GMT+12'];
    const results = await Promise.all(
      zones.map(async (zone) => {
        const env = { ...process.env, TZ: zone };
        const { stdout } = await run(process.execPath, [script], { env });
        return JSON.parse(stdout) as Summary;
      }),
    );
    assert.deepEqual(results[1], results[0]);
    assert.equal(results[0]!.lastDay, TODAY);
    const { days, total } = results[0]!;
    assert.equal(
      days.reduce((so, { failures }) => so + failures, 0),
      total.failures,
    );
    assert.equal(
      days.reduce((so, { successes }) => so + successes, 0),
      total.successes,
    );
  });

  it('failure kinds with first and last day, senders, reasons and meaning', async () => {
    const { failures, itemised, total } = await sum({ domain: 'example.com' });
    const [expired, unknown] = failures;
    assert.equal(failures.length, 2);
    assert.equal(expired?.sessions, 14);
    assert.equal(expired.firstDay, TODAY - 40, 'the first day ever, not of the range');
    assert.equal(expired.lastDay, TODAY - 1);
    assert.deepEqual(expired.senders, [
      { name: 'google.com', sessions: 13 },
      { name: 'microsoft.com', sessions: 1 },
    ]);
    assert.deepEqual(expired.reasons, [
      { name: 'certificate has expired', sessions: 13 },
      { name: '', sessions: 1 },
    ]);
    assert.match(expired.meaning.means, /expired/);
    assert.deepEqual(
      [unknown?.type, unknown?.rawType, unknown?.sessions],
      ['unknown', 'Testing', 2],
    );
    assert.deepEqual([itemised, total.failures], [16, 18], 'Q18: both are kept');
  });

  it('failures by type, host, sender and reason', async () => {
    const summary = await sum({});
    assert.deepEqual(summary.failuresByType, [
      { name: 'certificate-expired', sessions: 14 },
      { name: 'unknown', sessions: 2 },
    ]);
    assert.deepEqual(summary.failuresByHost[0], { name: 'mx1.example.com', sessions: 14 });
    assert.deepEqual(summary.failuresBySender[1], { name: 'microsoft.com', sessions: 3 });
    assert.deepEqual(summary.failuresByReason[0], {
      name: 'certificate has expired',
      sessions: 13,
    });
  });

  it('a domain alone, a range that ends today, and reports that do not count', async () => {
    assert.equal((await sum({ domain: 'b.example' })).total.successes, 7);
    assert.equal((await sum({ domain: 'nobody.example' })).total.reports, 0);
    assert.equal((await sum({ days: 1 })).total.reports, 0);
    assert.equal((await sum({ days: 41 })).total.reports, 5);
    assert.deepEqual((await sum({})).notCounted, { unproven: 0, conflicts: 0, replaced: 0 });
  });

  it('senders that are ignored are part of no sum, and are named', async () => {
    const ignoreSenders = ['microsoft.com', 'never.heard.example'];
    for (const more of [{}, { domain: 'example.com' }]) {
      const all = await sum(more);
      const some = await sum({ ...more, ignoreSenders });
      assert.deepEqual(some.ignored, all.senders.slice(1));
      assert.deepEqual(some.senders, all.senders.slice(0, 1));
      const { reports, successes, failures } = all.total;
      const total = { reports: reports - 1, successes: successes - 40, failures: failures - 3 };
      assert.deepEqual(some.total, total);
      assert.deepEqual(some.months, [{ month: '2026-11', ...total }]);
      const day = { day: TODAY - 2, reports: 1, successes: 50, failures: 5 };
      assert.deepEqual(some.days.at(-3), day);
      assert.equal(some.domains[0]?.failures, 15);
      assert.equal(some.policyTypes[1]?.failures, 15);
      assert.deepEqual(some.failuresBySender, [{ name: 'google.com', sessions: 13 }]);
      assert.deepEqual(all.ignored, []);
    }
    const nobody = await sum({ ignoreSenders: ['google.com', 'microsoft.com'] });
    assert.deepEqual(nobody.total, { reports: 0, successes: 0, failures: 0 });
    assert.deepEqual([nobody.domains, nobody.months, nobody.failures], [[], [], []]);
  });

  it('nothing at all is a summary too', async () => {
    const empty = await openStore('sqlite::memory:');
    const summary = await summarize({ store: empty, clock, days: 7 });
    assert.deepEqual(summary.total, { reports: 0, successes: 0, failures: 0 });
    assert.deepEqual(summary.failures, []);
    await empty.close();
  });
});
