import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { certificate, on, ownHost, ownState, seen } from '../summary/own-state.fixture.ts';
import { type AlertRig, alertRig, type RigOptions } from './alerts.fixture.ts';

const MX = 'mx1.example.com';
const BILLION = 1_000_000_000;
const TOLD = 'example.com: certificate-expired at mx1.example.com, reported by';

const failed = (sessions: number, reason?: string) =>
  ({
    type: 'certificate-not-trusted',
    mx: MX,
    sessions,
    ...(reason === undefined ? {} : { reason }),
  }) as const;
const expired = (sessions: number, reason?: string) =>
  ({ ...failed(sessions, reason), type: 'certificate-expired' }) as const;

describe('what one sender says makes no other silent', () => {
  let store: Store;
  let rig: AlertRig;
  let rigs: AlertRig[];
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    rigs = [];
    rig = start();
  });
  afterEach(async () => {
    for (const { alerts } of rigs) await alerts.close();
    await store.close();
  });

  function start(more: Partial<RigOptions> = {}): AlertRig {
    const made = alertRig({ store, ...more });
    rigs.push(made);
    return made;
  }

  /** What was told since it was asked last. */
  async function told(): Promise<readonly string[]> {
    for (let look = 0; look < 3; look += 1) await rig.alerts.tick();
    return rig.posts.splice(0).map((json) => {
      const { event, title } = JSON.parse(json) as { event: string; title: string };
      return `${event} ${title}`;
    });
  }

  it('a reason that passes by itself hides no failure that does not', async () => {
    await rig.report(-1, {
      successes: 99_000,
      details: [expired(5_000), expired(1, 'ECONNRESET')],
    });
    assert.deepEqual(await told(), [`opened ${TOLD} google.com`]);
    await rig.report(0, { successes: 99_000, details: [expired(5_000), expired(9, 'ECONNRESET')] });
    assert.deepEqual(await told(), [], 'it goes on');
  });

  it('nor does that of another sender, however many sessions it claims', async () => {
    for (const sender of ['google.com', 'microsoft.com']) {
      await rig.report(-1, { sender, successes: 99_000, details: [failed(5_000)] });
    }
    const evil = { sender: 'evil.example', successes: BILLION };
    await rig.report(-1, { ...evil, details: [failed(BILLION, 'handshake-timeout')] });
    const what = 'example.com: certificate-not-trusted at mx1.example.com, reported by 2 senders';
    assert.ok((await told()).includes(`opened ${what}`));
    await rig.report(0, { ...evil, details: [failed(BILLION, 'ECONNRESET')] });
    assert.deepEqual(
      (await told()).filter((title) => title.includes('not-trusted')),
      [],
    );
  });

  it('what nobody has to mend still raises nothing', async () => {
    await rig.report(-1, { successes: 99_000, details: [failed(50, 'ECONNRESET')] });
    assert.deepEqual(await told(), []);
  });

  it('rates: small senders are judged without the big ones', async () => {
    const small = Array.from({ length: 20 }, (_, index) => `s${index}.example`);
    for (const sender of small) await rig.report(-1, { sender, successes: 0, failures: 5 });
    await rig.report(-1, { sender: 'evil.example', successes: BILLION });
    await rig.report(-1, { sender: 'other.example', failures: 200 });
    const titles = await told();
    assert.equal(titles.length, 2);
    assert.ok(
      titles.includes(
        'opened example.com: 100 % of 100 sessions of small senders failed on 2026-11-19',
      ),
    );
  });

  it('however many fill the room, one that reports daily is heard', async () => {
    const fillers = Array.from({ length: 8 }, (_, index) => `evil${index}.example`);
    for (let day = -13; day < 0; day += 1) {
      for (const sender of fillers) {
        const details = Array.from({ length: 12 }, (_, index) => ({
          ...expired(5),
          mx: `${index}.${sender}`,
        }));
        await rig.report(day, { sender, successes: 9_000, details: day < -3 ? [] : details });
      }
      if (day < -1) await rig.report(day, { successes: 9_000 });
    }
    assert.ok((await told()).length >= 50);
    await rig.report(-1, { successes: 9_000, details: [expired(5)] });
    assert.deepEqual(await told(), [`opened ${TOLD} google.com`]);
  });

  it('what speaks against a failure is not told as its cause', async () => {
    const fine = certificate(MX, { validTo: on(12, 30) });
    const own = ownState({ hosts: [ownHost(MX, { tls: [seen(fine, on(9, 1))] })] });
    rig = start({ ownState: async () => await Promise.resolve(own), node: 'two' });
    await rig.report(-1, { details: [failed(5)] });
    await rig.alerts.tick();
    const { causes, against } = JSON.parse(rig.posts[0]!) as Record<string, readonly string[]>;
    assert.deepEqual(causes, []);
    assert.match(against![0]!, /^we trust what mx1\.example\.com serves/);
    assert.match(rig.mails[0]!, /^But: +we trust/m);
    assert.doesNotMatch(rig.mails[0]!, /Found:/);
  });
});
