import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import type { Failure } from '../../failure.ts';
import { openStore } from '../../store/open-store.ts';
import type { SendResult } from '../types.ts';
import {
  countsOf,
  DAY,
  HOUR,
  MARCH_1,
  MIDNIGHT,
  pass,
  SETTINGS,
  startRig,
  stsResult,
  type World,
  worldOf,
} from './sender.fixture.ts';

const WINDOW = 6 * HOUR;

function oneDomain(rua: string, more: Partial<World> = {}): World {
  return worldOf(
    countsOf(MARCH_1, { 'a.test': [stsResult('a.test', 3, 1)] }),
    { 'a.test': rua },
    more,
  );
}

describe('the report sender and accidents', () => {
  it('RPT-AGG-6: a service that was down over midnight reports the day all the same, an older one not', async () => {
    const counts = countsOf(MARCH_1, { 'a.test': [stsResult('a.test', 1)] });
    counts.set(`${MARCH_1 - 2} recipient a.test`, [stsResult('a.test', 7)]);
    const world = worldOf(counts, { 'a.test': 'https://r.test/v1' });
    await using rig = await startRig(world, { clock: new FakeClock(MIDNIGHT + 20 * HOUR) });
    await pass(rig, HOUR);
    assert.equal(world.sent.length, 1);
  });

  it('S10: a crash after sending and before noting it: once more, with the same ids, and no more', async () => {
    const world = oneDomain('mailto:x@b.test');
    const store = await openStore('sqlite::memory:');
    const clock = new FakeClock(MIDNIGHT - HOUR);
    const crash = Promise.withResolvers<SendResult>();
    world.answer = async () => await crash.promise;
    const first = await startRig(world, { store, clock });
    while (world.sent.length === 0) {
      await clock.advance(60_000);
    }
    // This node is gone for good: it never notes what came of it.
    const [claimed] = await store.db.selectFrom('report_target').select('claimed_by').execute();
    assert.equal(claimed?.claimed_by, 'node-1');
    world.answer = () => ({ kind: 'accepted', text: '250' });
    const second = await startRig(world, { store, clock, node: 'node-2' });
    await second.sender.tick();
    assert.equal(world.sent.length, 1, 'the claim of the first node holds');
    await pass(second, 11 * 60_000);
    assert.equal(world.sent.length, 2);
    const [one, two] = world.sent.map(({ content }) => Buffer.from(content).toString('latin1'));
    const ids = (mail: string): readonly (string | undefined)[] => [
      /Message-ID:\s+(<.*?>)/.exec(mail)?.[1],
      /Report-ID:\s+(<.*?>)/.exec(mail)?.[1],
    ];
    assert.deepEqual(ids(one!), ids(two!));
    await pass(second, 30 * HOUR, 10 * 60_000);
    assert.equal(world.sent.length, 2);
    crash.resolve({ kind: 'accepted', text: 'too late' });
    await first.sender.close();
    await second.sender.close();
    assert.equal((await second.targets())[0]?.state, 'accepted');
    await store.close();
  });

  it('two nodes on one store make and send each report once', async () => {
    const domains = Array.from({ length: 40 }, (_, index) => `d${index}.test`);
    const world = worldOf(
      countsOf(
        MARCH_1,
        Object.fromEntries(domains.map((domain) => [domain, [stsResult(domain, 1)]])),
      ),
      Object.fromEntries(domains.map((domain) => [domain, `https://r.test/${domain}`])),
      { settings: { ...SETTINGS, spreadMs: 60_000 } },
    );
    const store = await openStore('sqlite::memory:');
    const clock = new FakeClock(MIDNIGHT - HOUR);
    const one = await startRig(world, { store, clock });
    const two = await startRig(world, { store, clock, node: 'node-2' });
    for (let minute = 0; minute < 65; minute += 1) {
      clock.jumpTo(clock.now() + 60_000);
      await Promise.all([one.sender.tick(), two.sender.tick()]);
    }
    assert.deepEqual(
      world.sent.map(({ to }) => to).sort(),
      domains.map((domain) => `https://r.test/${domain}`).sort(),
    );
    const [a, b] = [one.sender.stats(), two.sender.stats()];
    assert.equal(a.subjects.made + b.subjects.made, 40);
    assert.ok(a.isLeader !== b.isLeader);
    await one.sender.close();
    await two.sender.close();
    await store.close();
  });

  it('while the store is away everything waits; what was sent is noted once it is back', async () => {
    const world = oneDomain('https://r.test/v1');
    const store = await openStore('sqlite::memory:');
    let down = false;
    const db = new Proxy(store.db, {
      get: (of, key) => {
        if (down) throw new Error('the database is away');
        const value: unknown = Reflect.get(of, key);
        return typeof value === 'function' ? (value.bind(of) as unknown) : value;
      },
    });
    world.answer = () => {
      down = true;
      return { kind: 'accepted', text: 'ok' };
    };
    const rig = await startRig(world, { store: { ...store, db } });
    await pass(rig, WINDOW);
    assert.equal(world.sent.length, 1);
    assert.equal(rig.sender.stats().storeUp, false);
    assert.equal(rig.sender.stats().unsettled, 1);
    const errors = rig.log.lines.filter(({ level }) => level === 'error');
    assert.equal(errors.length, 1, 'told once');
    down = false;
    await rig.sender.tick();
    assert.deepEqual(await rig.targets(), [{ target: 'https://r.test/v1', state: 'accepted' }]);
    assert.equal(rig.sender.stats().storeUp, true);
    await rig.sender.close();
    await store.close();
  });

  it('stops within a moment: what is under way is called off, and waits for the next start', async () => {
    const world = oneDomain('https://r.test/v1');
    const clock = new FakeClock(MIDNIGHT - HOUR);
    const store = await openStore('sqlite::memory:');
    const rig = await startRig(world, {
      store,
      clock,
      postReport: async (_url, _gzip, signal) =>
        await new Promise((resolve) => {
          world.sent.push({ at: clock.now(), to: 'https', content: new Uint8Array() });
          const failure: Failure = { code: 'HTTP_ABORTED', detail: 'called off' };
          signal?.addEventListener('abort', () => resolve({ kind: 'later', failure }));
        }),
    });
    while (world.sent.length === 0) await clock.advance(60_000);
    const closing = rig.sender.close();
    await clock.advance(5_000);
    await closing;
    const [row] = await store.db.selectFrom('report_target').selectAll().execute();
    assert.deepEqual(
      [row?.state, row?.attempts, row?.claimed_by, row?.last_code],
      ['waiting', 0, null, 'REPORT_SEND_INTERRUPTED'],
    );
    assert.equal(clock.waiting, 0, 'no timer is left');
    await store.close();
  });

  it('without organisation or contact nothing is sent, and the log says so once', async () => {
    const world = oneDomain('https://r.test/v1', { settings: { ...SETTINGS, contact: '' } });
    await using rig = await startRig(world);
    await pass(rig, WINDOW, 10 * 60_000);
    assert.deepEqual(world.sent, []);
    assert.equal(rig.log.lines.filter(({ level }) => level === 'error').length, 1);
  });

  it('the log of reports is kept for 90 days', async () => {
    const world = oneDomain('https://r.test/v1');
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    rig.clock.jumpTo(MIDNIGHT + 80 * DAY);
    await rig.sender.tick();
    assert.equal((await rig.targets()).length, 1);
    rig.clock.jumpTo(MIDNIGHT + 92 * DAY);
    await rig.sender.tick();
    assert.deepEqual(await rig.targets(), []);
  });
});
