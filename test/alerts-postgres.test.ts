import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../src/log/log.ts';
import { alertRig } from '../src/reporting/alert/alerts.fixture.ts';
import { openAlerts } from '../src/reporting/alert/book.ts';
import { lookForAlerts } from '../src/reporting/alert/look.ts';
import { recentPolicies } from '../src/reporting/alert/recent.ts';
import { gatherOwnState } from '../src/reporting/summary/own-state.ts';
import {
  noteSighting,
  pruneSightings,
  readSightings,
} from '../src/reporting/summary/own-history.ts';
import { ownState, TODAY } from '../src/reporting/summary/own-state.fixture.ts';
import { addReport } from '../src/reporting/summary/rollups.fixture.ts';
import { summarize } from '../src/reporting/summary/summarize.ts';
import { mapResolver } from '../src/dns/map-resolver.fixture.ts';
import { fail } from '../src/failure.ts';
import { FakeClock } from '../src/clock.fixture.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import { type PostgresPeer, startPostgres } from './peers/postgres.ts';

const MX = 'mx1.example.com';
const EXPIRED = { type: 'certificate-expired', mx: MX, sessions: 7 } as const;
const NOON = (TODAY + 0.5) * 86_400_000;

describe('alerts and the summary on PostgreSQL', () => {
  let postgres: PostgresPeer;
  let one: Store;
  let two: Store;
  before(async () => {
    postgres = await startPostgres();
    one = await openStore(postgres.url);
    two = await openStore(postgres.url);
  });
  after(async () => {
    await one.close();
    await two.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    for (const table of [
      'report_alert',
      'report_alert_message',
      'own_state',
      'lease',
      'report_daily',
      'report_daily_sender',
      'report_daily_failure',
    ] as const) {
      await one.db.deleteFrom(table).execute();
    }
  });

  it('the summary says the same as on SQLite, in numbers and not in text', async () => {
    const lite = await openStore('sqlite::memory:');
    for (const store of [one, lite]) {
      await addReport(store, { day: TODAY - 1, successes: 93, details: [EXPIRED] });
      await addReport(store, { day: TODAY - 1, sender: 'b.example', successes: 5, type: 'tlsa' });
      await addReport(store, { day: TODAY - 40, successes: 1, details: [EXPIRED] });
      await addReport(store, { day: TODAY, domain: 'b.example', successes: 2 });
    }
    const clock = new FakeClock(NOON);
    for (const more of [{}, { domain: 'example.com' }, { ignoreSenders: ['b.example'] }]) {
      const expected = await summarize({ store: lite, clock, days: 30, ...more });
      assert.deepEqual(await summarize({ store: one, clock, days: 30, ...more }), expected);
      assert.equal(typeof expected.total.successes, 'number');
    }
    await lite.close();
  });

  it('two nodes that look at the same moment raise one alert and write its messages once', async () => {
    await addReport(one, { day: TODAY - 1, successes: 100, details: [EXPIRED] });
    const { settings, alerts } = alertRig({ store: one });
    const clock = new FakeClock(NOON);
    const look = async (store: Store) =>
      await lookForAlerts({
        store,
        clock,
        log: silentLog,
        settings: settings.alerts,
        trust: 'verified',
        ownState: async () => await Promise.resolve(ownState()),
      });
    const events = (await Promise.all([one, two, one, two].map(look))).flat();
    assert.deepEqual(events.map(({ kind }) => kind).toSorted(), ['failure', 'rate']);
    assert.equal((await openAlerts(two)).length, 2);
    const messages = await one.db.selectFrom('report_alert_message').selectAll().execute();
    const posts = messages.filter(({ channel }) => channel === 'webhook');
    assert.equal(posts.length, 2);
    await one.db.deleteFrom('report_daily_failure').execute();
    await one.db.deleteFrom('report_daily_sender').execute();
    const closed = (await Promise.all([two, one].map(look))).flat();
    assert.deepEqual(
      closed.map(({ event }) => event),
      ['closed', 'closed'],
    );
    await alerts.close();
  });

  it('one of two nodes looks and sends; D4: open, closed, open again', async () => {
    const first = alertRig({ store: one, node: 'one' });
    const second = alertRig({ store: two, node: 'two', clock: first.clock });
    const both = async (): Promise<void> => {
      await Promise.all([first.alerts.tick(), second.alerts.tick()]);
    };
    const rate = { successes: 1000 };
    await addReport(one, { day: TODAY - 3, ...rate, details: [EXPIRED] });
    await both();
    await addReport(one, { day: TODAY - 1, ...rate });
    await both();
    await addReport(one, { day: TODAY, ...rate, details: [EXPIRED] });
    await both();
    const events = [...first.posts, ...second.posts].map(
      (json) => (JSON.parse(json) as { event: string }).event,
    );
    assert.deepEqual(events, ['opened', 'closed', 'opened']);
    assert.equal(first.mails.length + second.mails.length, 3);
    await first.alerts.close();
    await second.alerts.close();
  });

  it('what we see of ourselves is noted by both nodes and is one history', async () => {
    const clock = new FakeClock(NOON);
    const resolver = mapResolver({
      records: { 'example.com': { MX: [{ preference: 1, exchange: MX }] } },
    });
    const fetcher = { fetch: async () => await Promise.resolve(fail('HTTP_STATUS', '404')) };
    const gather = async (store: Store) =>
      await gatherOwnState({ store, clock, domain: 'example.com', resolver, fetcher, port: 25 });
    await Promise.all([gather(one), gather(two), gather(one)]);
    await clock.advance(1000);
    const state = await gather(two);
    assert.deepEqual(state.mx, [{ value: [MX], firstSeen: NOON, lastSeen: NOON + 1000 }]);
    await noteSighting(one, { subject: 'example.com', kind: 'mx', value: [], at: NOON + 2000 });
    await pruneSightings(two, NOON + 9999);
    const left = await readSightings(one, { subject: 'example.com', kind: 'mx' });
    assert.deepEqual(
      left.map(({ value }) => value),
      [[]],
    );
  });

  it('policies that were named are found', async () => {
    assert.deepEqual(await recentPolicies(one, 0, 'verified'), []);
    assert.deepEqual(await recentPolicies(one, 0, 'all'), []);
  });
});
