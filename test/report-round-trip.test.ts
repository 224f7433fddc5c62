import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RESULT_TYPES } from '../src/failure.ts';
import { readTally, tallyDays, tallySubjects } from '../src/reporting/tally/read-tally.ts';
import { summarize } from '../src/reporting/summary/summarize.ts';
import { openStore } from '../src/store/open-store.ts';
import type { PolicyResult } from '../src/tlsrpt/report.ts';
import { eventually } from './peers/relay-in-world.ts';
import { REPORTED_DOMAINS, type RoundTrip, startRoundTrip } from './peers/report-round-trip.ts';

/** `domain type` and how many sessions. */
type Table = Readonly<Record<string, number>>;

interface Numbers {
  readonly sessions: Table;
  readonly failures: Table;
}

async function counted(url: string): Promise<readonly PolicyResult[]> {
  const store = await openStore(url, { use: 'look' });
  try {
    const days = await tallyDays(store);
    const subjects = (
      await Promise.all(days.map(async (day) => await tallySubjects(store, day)))
    ).flat();
    const recipients = subjects.filter(({ scope }) => scope === 'recipient');
    const tallies = await Promise.all(recipients.map(async (each) => await readTally(store, each)));
    return tallies.flatMap(({ policies }) => policies);
  } finally {
    await store.close();
  }
}

const sum = (pairs: readonly (readonly [string, number])[]): Table => {
  const table: Record<string, number> = {};
  for (const [key, count] of pairs) table[key] = (table[key] ?? 0) + count;
  return Object.fromEntries(
    Object.entries(table).toSorted(([one], [other]) => one.localeCompare(other)),
  );
};

async function counts(url: string): Promise<Numbers> {
  const policies = await counted(url);
  return {
    sessions: sum(
      policies.map(({ policy, successes, failures }) => [policy.domain, successes + failures]),
    ),
    failures: sum(
      policies.flatMap(({ policy, details }) =>
        details.map(({ resultType, count }) => [`${policy.domain} ${resultType}`, count] as const),
      ),
    ),
  };
}

async function told(trip: RoundTrip): Promise<Numbers> {
  const store = await openStore(trip.stores.receiver, { use: 'look' });
  try {
    const { domains, failures } = await summarize({ store, clock: trip.clock, days: 5 });
    return {
      sessions: sum(domains.map(({ domain, successes, failures: f }) => [domain, successes + f])),
      failures: sum(failures.map(({ domain, type, sessions }) => [`${domain} ${type}`, sessions])),
    };
  } finally {
    await store.close();
  }
}

describe('TLS reports, from the session to the summary', () => {
  let trip: RoundTrip;
  before(async () => {
    trip = await startRoundTrip();
  });
  after(async () => {
    await trip.close();
  });

  it('RPT-4.2-1, RPT-AGG-6: every session is counted, also over a restart in the midst of the day', async () => {
    const [first, second] = [REPORTED_DOMAINS.slice(0, 7), REPORTED_DOMAINS.slice(7)];
    for (const { plan } of first) await trip.mail(plan.name);
    await eventually(async () => (await counted(trip.stores.sender)).length >= 7 || undefined);
    await trip.restartSender();
    for (const { plan } of second) await trip.mail(plan.name);
    const all = REPORTED_DOMAINS.length;
    await eventually(async () => (await counted(trip.stores.sender)).length >= all || undefined);
    const seen = Object.keys((await counts(trip.stores.sender)).failures);
    for (const { plan, type } of REPORTED_DOMAINS) {
      const types = seen.filter((key) => key.includes(plan.name)).map((key) => key.split(' ')[1]);
      assert.deepEqual(types, type === undefined ? [] : [type], plan.name);
    }
    const types = new Set(seen.map((key) => key.split(' ')[1] ?? ''));
    assert.equal(types.size, RESULT_TYPES.length);
    assert.deepEqual(types, new Set<string>(RESULT_TYPES));
  });

  it('RPT-3-11, RPT-3-13, RPT-3-14: after midnight the reports go out by mail and by HTTPS, and the summary of the receiver says the same numbers', async () => {
    const expected = await counts(trip.stores.sender);
    trip.nextDay();
    const domains = Object.keys(expected.sessions).length;
    let got = await told(trip);
    await eventually(
      async () => {
        await trip.wait();
        got = await told(trip);
        return Object.keys(got.sessions).length >= domains || undefined;
      },
      () => `all of ${JSON.stringify(expected.sessions)}: ${JSON.stringify(got.sessions)}`,
    );
    assert.deepEqual(got, expected);
  });

  it('RPT-3-16, RPT-3-17: what came by mail is proven by the signature, what came by HTTPS is not', async () => {
    const store = await openStore(trip.stores.receiver, { use: 'look' });
    const { senders } = await summarize({ store, clock: trip.clock, days: 5 });
    await store.close();
    const { reports, verifiedReports, sender } = senders[0]!;
    assert.equal(senders.length, 1);
    assert.equal(sender, 'lab.test');
    const byMail = Math.ceil(REPORTED_DOMAINS.length / 2);
    assert.deepEqual([verifiedReports, reports], [byMail, REPORTED_DOMAINS.length]);
  });
});
