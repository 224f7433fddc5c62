import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeClock } from '../src/clock.fixture.ts';
import { addReport, settleTarget } from '../src/reporting/send/outbox.ts';
import { claimTarget, dueTargets } from '../src/reporting/send/claim.ts';
import { readSendLog } from '../src/reporting/send/send-log.ts';
import { addSuppression, readSuppressions } from '../src/reporting/send/suppression.ts';
import {
  countsOf,
  HOUR,
  MARCH_1,
  MIDNIGHT,
  SETTINGS,
  startRig,
  stsResult,
  type Rig,
  type World,
  worldOf,
} from '../src/reporting/send/sender.fixture.ts';
import type { SendResult } from '../src/reporting/types.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import { startPostgres, type PostgresPeer } from './peers/postgres.ts';

let postgres: PostgresPeer;
let stores: readonly [Store, Store];

const MINUTE = 60_000;

function worldWith(domains: readonly string[], more: Partial<World> = {}): World {
  return worldOf(
    countsOf(
      MARCH_1,
      Object.fromEntries(domains.map((domain) => [domain, [stsResult(domain, 5, 1)]])),
    ),
    Object.fromEntries(
      domains.map((domain) => [domain, `https://r.test/${domain},mailto:tls@${domain}`]),
    ),
    { settings: { ...SETTINGS, spreadMs: 10 * MINUTE }, ...more },
  );
}

/** Both nodes live through this time, and look for what is due at the same moments. */
async function live(nodes: readonly Rig[], clock: FakeClock, ms: number): Promise<void> {
  const end = clock.now() + ms;
  while (clock.now() < end) {
    clock.jumpTo(clock.now() + MINUTE);
    await Promise.all(nodes.map(async ({ sender }) => await sender.tick()));
  }
}

describe('reports of nodes that share PostgreSQL', () => {
  before(async () => {
    postgres = await startPostgres();
    stores = [await openStore(postgres.url), await openStore(postgres.url)];
  });
  after(async () => {
    for (const store of stores) await store.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    const [{ db }] = stores;
    await db.deleteFrom('report_target').execute();
    await db.deleteFrom('report_outbox').execute();
    await db.deleteFrom('report_subject').execute();
    await db.deleteFrom('lease').execute();
  });

  it('RPT-AGG-5: two nodes make and send 100 reports to 200 places, each once', async () => {
    const domains = Array.from({ length: 100 }, (_, index) => `d${index}.test`);
    const down = { code: 'HTTP_CONNECT_FAILED', detail: 'nobody answers' } as const;
    const tries = new Map<string, number>();
    // Once each place is down: when it is up again both nodes find all of them due at the same time.
    const answer = async (to: string): Promise<SendResult> => {
      tries.set(to, (tries.get(to) ?? 0) + 1);
      await sleep(2);
      return tries.get(to) === 1
        ? { kind: 'later', failure: down }
        : { kind: 'accepted', text: 'taken' };
    };
    const world = worldWith(domains, { answer });
    const clock = new FakeClock(MIDNIGHT - 5 * MINUTE);
    const nodes = [
      await startRig(world, { clock, store: stores[0], node: 'one' }),
      await startRig(world, { clock, store: stores[1], node: 'two' }),
    ];
    await live(nodes, clock, 40 * MINUTE);
    assert.equal(tries.size, 200);
    assert.ok([...tries.values()].every((count) => count === 2));
    const made = nodes.map(({ sender }) => sender.stats().subjects.made);
    assert.equal(
      made.reduce((sum, count) => sum + count, 0),
      100,
    );
    const accepted = nodes.map(({ sender }) => sender.stats().targets.accepted);
    assert.ok(
      accepted.every((count) => count > 0),
      `both nodes send: ${accepted.join(' and ')}`,
    );
    const log = await readSendLog(stores[0], { fromDay: MARCH_1, now: clock.now() });
    assert.ok(log.every(({ state, targets }) => state === 'delivered' && targets.length === 2));
    assert.deepEqual([log[0]?.successes, log[0]?.failures], [5, 1]);
    for (const { sender } of nodes) await sender.close();
  });

  it('counts that come late are told by one of two', async () => {
    const world = worldWith(['a.test']);
    const clock = new FakeClock(MIDNIGHT - 5 * MINUTE);
    const nodes = [
      await startRig(world, { clock, store: stores[0], node: 'one' }),
      await startRig(world, { clock, store: stores[1], node: 'two' }),
    ];
    await live(nodes, clock, 30 * MINUTE);
    world.counts.set(`${MARCH_1} recipient a.test`, [stsResult('a.test', 50, 1)]);
    await live(nodes, clock, 150 * MINUTE);
    const late = nodes.map(({ sender }) => sender.stats().subjects.late);
    assert.equal(late[0]! + late[1]!, 1);
    for (const { sender } of nodes) await sender.close();
  });

  it('S10: the report that a dead node had claimed is sent by the other one after the deadline', async () => {
    const world = worldWith(['a.test']);
    const clock = new FakeClock(MIDNIGHT + HOUR);
    const node = await startRig(world, { clock, store: stores[1], node: 'alive' });
    const end = Promise.withResolvers<SendResult>();
    const dead = await startRig(worldWith(['a.test'], { answer: async () => await end.promise }), {
      clock,
      store: stores[0],
      node: 'dead',
    });
    void dead.sender.tick();
    for (let turn = 0; turn < 200 && dead.world.sent.length < 2; turn += 1) {
      clock.jumpTo(clock.now() + MINUTE);
      void dead.sender.tick();
      await sleep(10);
    }
    assert.equal(dead.world.sent.length, 2);
    await live([node], clock, 5 * MINUTE);
    assert.equal(world.sent.length, 0, 'the claim holds');
    await live([node], clock, 10 * MINUTE);
    assert.equal(world.sent.length, 2);
    end.resolve({ kind: 'accepted', text: 'too late' });
    await dead.sender.close();
    await node.sender.close();
    assert.deepEqual(
      (await node.targets()).map(({ state }) => state),
      ['accepted', 'accepted'],
    );
    assert.equal(dead.sender.stats().targets.accepted, 0, 'it was not its claim any more');
  });

  it('one report is added once, claimed by one of two, and its end seen by both', async () => {
    const report = {
      reportId: 'r@s.test',
      day: MARCH_1,
      domain: 'a.test',
      fileName: 'f.json.gz',
      submitter: 's.test',
      organization: 'S',
      policies: 1,
      successes: 9_007_199_254_740_991,
      failures: 0,
      record: 'v=TLSRPTv1; …',
      content: new Uint8Array([1, 2, 3]),
      targets: [
        { kind: 'https', uri: 'https://r.test/', url: 'https://r.test/' },
        { kind: 'mailto', uri: 'mailto:a@b.test', address: 'a@b.test' },
      ],
      mode: 'all',
      madeAt: MIDNIGHT,
      madeBy: 'one',
      sendAt: MIDNIGHT,
    } as const;
    const added = await Promise.all(stores.map(async (store) => await addReport(store, report)));
    assert.equal(added.filter(Boolean).length, 1);
    const claim = { now: MIDNIGHT, holdMs: MINUTE, maxPerTarget: 10 };
    const claims = await Promise.all(
      stores.map(async (store, node) => {
        const owner = String(node);
        return await claimTarget(store, { reportId: 'r@s.test', number: 0 }, { ...claim, owner });
      }),
    );
    const won = claims.filter((each) => each !== undefined);
    assert.equal(won.length, 1);
    assert.deepEqual([...won[0]!.content], [1, 2, 3]);
    const second = await claimTarget(
      stores[0],
      { reportId: 'r@s.test', number: 1 },
      { ...claim, owner: 'x' },
    );
    assert.equal(second?.target, 'a@b.test');
    assert.deepEqual(await dueTargets(stores[0], { ...claim, owner: 'x' }, { limit: 9 }), []);
    const refused = {
      state: 'refused',
      at: MIDNIGHT,
      wasTried: true,
      code: 'REPORT_SEND_HTTP_REFUSED',
      text: 'no',
    } as const;
    const owner = claims[0] === undefined ? '1' : '0';
    const settled = await Promise.all([
      settleTarget(stores[0], { reportId: 'r@s.test', number: 0, owner }, refused),
      settleTarget(stores[1], { reportId: 'r@s.test', number: 1, owner: 'x' }, refused),
      settleTarget(stores[1], { reportId: 'r@s.test', number: 1, owner: 'stranger' }, refused),
    ]);
    assert.deepEqual(settled, [true, true, false]);
    const [row] = await readSendLog(stores[1], { fromDay: MARCH_1, now: MIDNIGHT });
    assert.equal(row?.state, 'failed', 'the last of two that end at once ends the report');
    assert.equal(row.successes, 9_007_199_254_740_991);
  });

  it('the list of suppressed places is one for both', async () => {
    const added = { place: 'b.test', reason: 'they asked', addedAt: 1, addedBy: 'me' };
    assert.equal(await addSuppression(stores[0], added), 'added');
    assert.deepEqual(await readSuppressions(stores[1]), [added]);
  });
});
