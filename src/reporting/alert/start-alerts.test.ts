import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { certificate, on, ownHost, ownState, seen } from '../summary/own-state.fixture.ts';
import { type AlertRig, alertRig, type RigOptions } from './alerts.fixture.ts';
import { openAlerts } from './book.ts';

const DAY = 86_400_000;
const MX = 'mx1.example.com';
const EXPIRED = { type: 'certificate-expired', mx: MX } as const;

describe('alerts', () => {
  let store: Store;
  let rigs: AlertRig[];
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    rigs = [];
  });
  afterEach(async () => {
    for (const { alerts } of rigs) await alerts.close();
    await store.close();
  });

  function start(more: Partial<RigOptions> = {}): AlertRig {
    const rig = alertRig({ store, ...more });
    rigs.push(rig);
    return rig;
  }

  function titles({ posts }: AlertRig): readonly string[] {
    return posts.map((json) => {
      const { event, title } = JSON.parse(json) as { event: string; title: string };
      return `${event} ${title}`;
    });
  }

  it('D4: opens once, closes once, opens again: three messages', async () => {
    const rig = start();
    await rig.report(-2, { details: [EXPIRED] });
    for (let look = 0; look < 3; look += 1) await rig.alerts.tick();
    const what = 'example.com: certificate-expired at mx1.example.com, reported by google.com';
    assert.deepEqual(titles(rig), [`opened ${what}`]);
    await rig.report(-1);
    await rig.alerts.tick();
    assert.equal(rig.posts.length, 1, 'one day without it may be chance');
    rig.pass(DAY);
    await rig.report(0);
    for (let look = 0; look < 3; look += 1) await rig.alerts.tick();
    assert.deepEqual(titles(rig).slice(1), [`closed ${what}`]);
    rig.pass(DAY);
    await rig.report(1, { details: [EXPIRED] });
    for (let look = 0; look < 3; look += 1) await rig.alerts.tick();
    assert.deepEqual(titles(rig).slice(2), [`opened ${what}`]);
    assert.equal(rig.mails.length, 3);
    assert.match(
      rig.mails[0]!,
      /^Subject: \[TLS reports\] NEW: example\.com: certificate-expired/m,
    );
    assert.match(rig.mails[1]!, /^Subject: \[TLS reports\] OVER: /m);
  });

  it('I20: a late report about old days raises nothing, and ends nothing', async () => {
    const rig = start();
    await rig.report(-23, { details: [{ ...EXPIRED, sessions: 90 }] });
    await rig.report(-8, { details: [{ ...EXPIRED, sessions: 90 }] });
    await rig.alerts.tick();
    assert.deepEqual(rig.posts, []);
    await rig.report(-7, { details: [EXPIRED] });
    await rig.alerts.tick();
    assert.equal(rig.posts.length, 1);
    await rig.report(-9);
    await rig.alerts.tick();
    assert.equal(rig.posts.length, 1);
  });

  it('only reports whose sender is proven raise alerts, unless the settings count all', async () => {
    const forged = { verified: false, details: [{ ...EXPIRED, sessions: 99 }] } as const;
    const rig = start();
    await rig.report(-1, forged);
    await rig.alerts.tick();
    assert.deepEqual(rig.posts, []);
    await rig.alerts.close();
    const trusting = start({ unauthenticated: 'count' });
    await trusting.alerts.tick();
    assert.equal(trusting.posts.length, 2, 'the failure and the rate');
  });

  it('one sender, then several: one more alert, and none for each that joins', async () => {
    const rig = start();
    await rig.report(-3, { sender: 'mail.ru', details: [EXPIRED] });
    await rig.alerts.tick();
    await rig.report(-2, { sender: 'google.com', details: [EXPIRED] });
    await rig.alerts.tick();
    assert.match(titles(rig)[1]!, /reported by 2 senders/);
    await rig.report(-2, { sender: 'microsoft.com', details: [EXPIRED] });
    await rig.alerts.tick();
    assert.equal(rig.posts.length, 2);
    const other = start();
    assert.equal((await openAlerts(store)).length, 2);
    await other.alerts.tick();
    assert.equal(other.posts.length, 0);
  });

  it('several senders at once are one alert; other hosts and types are others', async () => {
    const rig = start();
    for (const sender of ['a.example', 'b.example', 'c.example']) {
      await rig.report(-1, { sender, details: [EXPIRED, { ...EXPIRED, mx: 'mx2.example.com' }] });
    }
    await rig.alerts.tick();
    assert.deepEqual(titles(rig), [
      'opened example.com: certificate-expired at mx1.example.com, reported by 3 senders',
      'opened example.com: certificate-expired at mx2.example.com, reported by 3 senders',
    ]);
    assert.equal(rig.mails.length, 1, 'one mail for all that was found at once');
  });

  it('what nobody has to mend wakes nobody', async () => {
    const rig = start();
    const passing = { type: 'validation-failure', mx: MX, reason: 'handshake-closed' } as const;
    await rig.report(-1, { details: [passing] });
    await rig.alerts.tick();
    assert.deepEqual(rig.posts, []);
  });

  it('the rate of a day with enough sessions', async () => {
    const rig = start();
    await rig.report(-3, { successes: 95, failures: 5 });
    await rig.report(-2, { successes: 18, failures: 1 });
    await rig.alerts.tick();
    assert.deepEqual(rig.posts, [], '5 % is not above 5 %, and 19 sessions are too few');
    await rig.report(-1, { successes: 94, failures: 6 });
    await rig.alerts.tick();
    assert.match(titles(rig)[0]!, /6 % of 100 sessions of google\.com failed on 2026-11-19/);
    await rig.report(0, { successes: 100 });
    await rig.alerts.tick();
    assert.match(titles(rig)[1]!, /^closed /);
  });

  it('a reporter that fell silent, and speaks again; one of which that is old news', async () => {
    const rig = start();
    for (let day = -20; day <= -4; day += 1) await rig.report(day);
    for (let day = -36; day <= -22; day += 1) await rig.report(day, { sender: 'old.example' });
    for (let day = -20; day <= -5; day += 3) await rig.report(day, { sender: 'seldom.example' });
    await rig.alerts.tick();
    assert.deepEqual(rig.posts, [], 'three days after a report could have come it is silence');
    rig.pass(DAY);
    for (let look = 0; look < 2; look += 1) await rig.alerts.tick();
    assert.deepEqual(titles(rig), [
      'opened example.com: google.com reports no more, the last day was 2026-11-16',
    ]);
    rig.pass(60 * DAY);
    await rig.alerts.tick();
    assert.equal(rig.posts.length, 1, 'silence does not end because nobody looks so far back');
    await rig.report(60);
    await rig.alerts.tick();
    assert.match(titles(rig)[1]!, /^closed /);
  });

  it('each with the cause found, and what to do', async () => {
    const ran = certificate(MX, { validTo: on(11, 19) });
    const own = ownState({ hosts: [ownHost(MX, { tls: [seen(ran, on(9, 1))] })] });
    const rig = start({ ownState: async () => await Promise.resolve(own) });
    await rig.report(-1, { details: [{ ...EXPIRED, reason: 'certificate has expired' }] });
    await rig.alerts.tick();
    const { causes, todo, actor, resultType, senders } = JSON.parse(rig.posts[0]!) as Record<
      string,
      unknown
    >;
    assert.deepEqual(causes, [
      'the certificate of mx1.example.com expired on 2026-11-19, the failures begin that day',
    ]);
    assert.match(todo as string, /Renew it/);
    assert.deepEqual([actor, resultType, senders], ['we', 'certificate-expired', ['google.com']]);
    assert.match(
      rig.mails[0]!,
      /Found: +the certificate of mx1\.example\.com expired on 2026-11-19/,
    );
  });

  it('own look-ups that fail leave the alert without a cause, not untold', async () => {
    const rig = start({ ownState: async () => await Promise.reject(new Error('no network')) });
    await rig.report(-1, { details: [EXPIRED] });
    assert.equal(await rig.alerts.tick(), true);
    assert.equal(rig.posts.length, 1);
  });

  /** Failures at so many hosts that nobody has. */
  function madeUp(count: number): readonly { type: 'validation-failure'; mx: string }[] {
    return Array.from({ length: count }, (_, index) => {
      return { type: 'validation-failure', mx: `m${index}.spam.example` } as const;
    });
  }

  it('a sender that makes up failures opens ten alerts, and one for all the others, once', async () => {
    const rig = start();
    await rig.report(-1, { sender: 'spam.example', successes: 1e9, details: madeUp(200) });
    for (let look = 0; look < 3; look += 1) await rig.alerts.tick();
    assert.equal(rig.posts.length, 11);
    assert.equal(
      titles(rig)[10],
      'opened example.com: 190 more kinds of failure, reported by spam.example',
    );
    assert.equal(rig.mails.length, 1);
    rig.pass(9 * DAY);
    await rig.alerts.tick();
    assert.equal((await openAlerts(store)).length, 0, 'they end like any other');
  });

  it('one that makes up failures and a billion successes silences nobody', async () => {
    const rig = start();
    await rig.report(-1, { sender: 'spam.example', successes: 1e9, details: madeUp(60) });
    await rig.alerts.tick();
    const before = rig.posts.length;
    await rig.report(-1, { successes: 0, details: [{ ...EXPIRED, sessions: 1000 }] });
    await rig.alerts.tick();
    assert.deepEqual(titles(rig).slice(before), [
      'opened example.com: certificate-expired at mx1.example.com, reported by google.com',
      'opened example.com: 100 % of 1000 sessions of google.com failed on 2026-11-19',
    ]);
  });

  it('many strangers leave room for those who report again and again', async () => {
    const rig = start();
    for (let number = 0; number < 9; number += 1) {
      const sender = `spam${number}.example`;
      const details = madeUp(60).map((one) => ({ ...one, mx: `${sender}.${one.mx}` }));
      await rig.report(-1, { sender, successes: 1e6, details });
    }
    await rig.alerts.tick();
    const strangers = rig.posts.length;
    assert.ok(strangers <= 25 + 10, `${strangers} alerts`);
    for (let day = -4; day < 0; day += 1) await rig.report(day, { details: [EXPIRED] });
    await rig.alerts.tick();
    assert.match(titles(rig)[strangers]!, /certificate-expired .* reported by google\.com$/);
  });

  it('a failure that strangers have named before is told again when a known sender names it', async () => {
    const rig = start();
    for (const sender of ['spam1.example', 'spam2.example']) {
      await rig.report(-1, { sender, details: [EXPIRED] });
    }
    await rig.alerts.tick();
    assert.equal(rig.posts.length, 1);
    for (let day = -4; day < 0; day += 1) await rig.report(day, { details: [EXPIRED] });
    for (let look = 0; look < 3; look += 1) await rig.alerts.tick();
    assert.deepEqual(titles(rig).slice(1), [
      'opened example.com: certificate-expired at mx1.example.com, reported by 3 senders',
    ]);
  });

  it('the first report of a sender is marked as such, that of a known one is not', async () => {
    const rig = start();
    await rig.report(-1, { details: [EXPIRED] });
    await rig.alerts.tick();
    assert.equal((JSON.parse(rig.posts[0]!) as { firstReport?: boolean }).firstReport, true);
    assert.match(rig.mails[0]!, /^Note: +first report of this sender/m);
    const known = { sender: 'b.example', details: [{ ...EXPIRED, mx: 'mx2.example.com' }] };
    for (const day of [-4, -3, -2]) await rig.report(day, known);
    await rig.alerts.tick();
    assert.equal((JSON.parse(rig.posts[1]!) as { firstReport?: boolean }).firstReport, undefined);
    assert.doesNotMatch(rig.mails[1]!, /^Note:/m);
  });

  it('senders that the settings ignore raise nothing, and what they raised before ends', async () => {
    const spam = 'spam.example';
    const before = start();
    await before.report(-1, { sender: spam, successes: 1, failures: 99, details: madeUp(3) });
    for (let day = -20; day <= -4; day += 1) await before.report(day, { sender: spam });
    before.pass(DAY);
    await before.alerts.tick();
    assert.equal((await openAlerts(store)).length, 4);
    await before.alerts.close();
    const rig = start({ clock: before.clock, ignoreSenders: [spam] });
    await rig.alerts.tick();
    assert.equal((await openAlerts(store)).length, 0);
    assert.ok(titles(rig).every((title) => title.startsWith('closed ')));
    await rig.report(0, { sender: spam, details: [EXPIRED] });
    await rig.report(0, { details: [EXPIRED], successes: 99 });
    await rig.alerts.tick();
    assert.deepEqual(titles(rig).slice(4), [
      'opened example.com: certificate-expired at mx1.example.com, reported by google.com',
    ]);
  });

  it('rates: none by itself has enough sessions, all together have', async () => {
    const rig = start();
    for (const sender of ['a.example', 'b.example', 'c.example']) {
      await rig.report(-1, { sender, successes: 9, failures: 3 });
    }
    await rig.alerts.tick();
    assert.deepEqual(titles(rig), [
      'opened example.com: 25 % of 36 sessions of small senders failed on 2026-11-19',
    ]);
  });

  it('rates: several senders at once are one alert', async () => {
    const rig = start();
    for (const sender of ['a.example', 'b.example', 'c.example']) {
      await rig.report(-1, { sender, successes: 90, failures: 30 });
    }
    await rig.alerts.tick();
    assert.deepEqual(titles(rig), [
      'opened example.com: 25 % of 360 sessions of 3 senders failed on 2026-11-19',
    ]);
  });

  it('it looks and sends by itself, in the interval of the settings', async () => {
    const rig = start();
    await rig.report(-1, { details: [EXPIRED] });
    await rig.clock.advance(60_000);
    assert.equal(rig.posts.length, 1);
    await rig.report(-1, { sender: 'b.example', details: [{ ...EXPIRED, mx: 'mx2.example.com' }] });
    await rig.clock.advance(rig.settings.alerts.intervalMs - 60_000);
    assert.equal(rig.posts.length, 1);
    await rig.clock.advance(120_000);
    assert.equal(rig.posts.length, 2);
  });

  it('two nodes: one looks; the other takes over when it is gone', async () => {
    const one = start({ node: 'one' });
    const two = start({ node: 'two', clock: one.clock });
    await one.report(-1, { details: [EXPIRED] });
    assert.deepEqual([await one.alerts.tick(), await two.alerts.tick()], [true, false]);
    assert.deepEqual([one.posts.length, two.posts.length], [1, 0]);
    await one.alerts.close();
    assert.equal(await two.alerts.tick(), true);
    assert.equal(two.posts.length, 0, 'what one has told the other does not tell');
  });
});

describe('sending alerts', () => {
  let store: Store;
  let rig: AlertRig;
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    rig = alertRig({ store });
    await rig.report(-1, { details: [EXPIRED] });
  });
  afterEach(async () => {
    await rig.alerts.close();
    await store.close();
  });

  const refused = {
    kind: 'refused',
    failure: { code: 'ALERT_NOT_SENT', detail: 'status 500' },
  } as const;

  async function messages(): Promise<readonly string[]> {
    const rows = await store.db
      .selectFrom('report_alert_message')
      .select(['channel', 'state', 'attempts'])
      .orderBy('channel')
      .execute();
    return rows.map(({ channel, state, attempts }) => `${channel} ${state} ${attempts}`);
  }

  it('S15: both ways, each tried until it is accepted, with the same Message-ID', async () => {
    rig.results.push(refused, refused);
    await rig.alerts.tick();
    assert.deepEqual([rig.mails.length, rig.posts.length], [0, 0]);
    assert.deepEqual(await messages(), ['mail waiting 1', 'webhook waiting 1']);
    await rig.clock.advance(2 * 60_000);
    assert.deepEqual([rig.mails.length, rig.posts.length], [1, 1]);
    assert.deepEqual(await messages(), ['mail sent 2', 'webhook sent 2']);
    const rows = await store.db.selectFrom('report_alert_message').select('id').execute();
    const ids = rows.map(({ id }) => id);
    assert.ok(
      ids.includes(/^Message-ID: <alert\.([^@]+)@example\.com>\r$/m.exec(rig.mails[0]!)![1]!),
    );
    assert.ok(ids.includes((JSON.parse(rig.posts[0]!) as { messageId: string }).messageId));
  });

  it('given up after a day, told in the log, and not before', async () => {
    rig.results.push(...Array.from({ length: 100 }, () => refused));
    await rig.alerts.tick();
    await rig.clock.advance(20 * 3_600_000);
    assert.ok((await messages()).every((text) => / waiting \d+$/.test(text)));
    await rig.clock.advance(6 * 3_600_000);
    assert.ok((await messages()).every((text) => / given-up \d+$/.test(text)));
    const left = rig.results.length;
    await rig.clock.advance(DAY);
    assert.equal(rig.results.length, left, 'nothing is tried any more');
  });

  it('a wait that the other side asks for is kept', async () => {
    const later = { ...refused, kind: 'later', retryAfterMs: 30 * 60_000 } as const;
    rig.results.push(later, later);
    await rig.alerts.tick();
    await rig.clock.advance(29 * 60_000);
    assert.equal(rig.mails.length, 0);
    await rig.clock.advance(2 * 60_000);
    assert.equal(rig.mails.length, 1);
  });
});
