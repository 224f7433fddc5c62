import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { sql } from 'kysely';
import { FakeClock } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { localProcesses } from './process-identity.ts';
import {
  accept,
  fakeProcesses,
  messageTo,
  queueRig,
  type QueueRig,
  settlement,
  takeDue,
} from './queue.fixture.ts';
import { PART_OCTETS } from './sink.ts';

const YEAR = 365 * 24 * 60 * 60_000;
const SECOND = 1_000;

/** Two nodes on different machines that share a store; one has taken a job. */
async function twoNodes(): Promise<{
  readonly store: Store;
  readonly alive: QueueRig;
  readonly silent: QueueRig;
}> {
  const store = await openStore('sqlite::memory:');
  const silent = await queueRig({
    store,
    owner: 'silent',
    processes: fakeProcesses('b', () => false),
  });
  await accept(silent.queue, messageTo(['bob@there.test']));
  assert.equal((await takeDue(silent.queue, silent.clock.now())).length, 1);
  const alive = await queueRig({
    store,
    owner: 'alive',
    clock: new FakeClock(),
    processes: fakeProcesses('a', () => false),
  });
  return { store, alive, silent };
}

async function takers(store: Store): Promise<readonly (string | null)[]> {
  const rows = await store.db.selectFrom('queue_job').select('taken_by').execute();
  return rows.map((row) => row.taken_by);
}

describe('nodes of a queue', () => {
  it('a node that stays silent for 30 seconds is dead: others have its jobs, and its late word counts for nothing', async () => {
    const { store, alive, silent } = await twoNodes();
    const upload = silent.queue.open();
    await upload.write(Buffer.alloc(2 * PART_OCTETS));
    await alive.clock.advance(29 * SECOND);
    assert.deepEqual(await takers(store), ['silent']);
    await alive.clock.advance(SECOND);
    assert.deepEqual(await takers(store), [null]);
    assert.deepEqual(alive.codes, ['QUEUE_NODE_DEAD']);
    const [job] = await takeDue(alive.queue, alive.clock.now());
    const late = { at: 1 };
    assert.equal(await silent.queue.settle(job!, settlement(job!, 'delivered', late)), false);
    assert.deepEqual(await takers(store), ['alive']);
    const lost = await upload.commit(messageTo(['bob@there.test']));
    assert.ok(!lost.ok && lost.failure.code === 'QUEUE_UPLOAD_LOST');
    await alive.close();
    await store.close();
  });

  it('a node that was taken for dead takes a job again only when it is done with it here', async () => {
    const { store, alive, silent } = await twoNodes();
    await alive.clock.advance(30 * SECOND);
    const due = await silent.queue.due({ now: silent.clock.now(), limit: 9 });
    assert.equal(due.length, 1);
    // Its first delivery still goes on.
    assert.deepEqual(await silent.queue.take(due), []);
    await alive.close();
    await store.close();
  });

  it('a node that beats is alive, however far its clock is off', async () => {
    const { store, alive, silent } = await twoNodes();
    for (const jump of [YEAR, -2 * YEAR, YEAR]) {
      silent.clock.setTo(silent.clock.now() + jump);
      for (let beat = 0; beat < 12; beat += 1) {
        await silent.clock.advance(5 * SECOND);
        await alive.clock.advance(5 * SECOND);
      }
      alive.clock.setTo(alive.clock.now() - jump);
    }
    assert.deepEqual(await takers(store), ['silent']);
    // Its last heartbeat stands a year ahead.
    await alive.clock.advance(40 * SECOND);
    assert.deepEqual(await takers(store), [null]);
    await alive.close();
    await store.close();
  });

  it('a heartbeat in the very last moment keeps a node alive', async () => {
    const { store, alive } = await twoNodes();
    await alive.close();
    const late = await queueRig({
      store,
      owner: 'late',
      processes: {
        self: { host: 'b', pid: 9, mark: '' },
        hasEnded: (other) => {
          if (other.pid !== 1) return false;
          void store.db.updateTable('queue_node').set({ heartbeat_at: 7 }).execute();
          return true;
        },
      },
    });
    assert.deepEqual(await takers(store), ['silent']);
    await late.close();
    await store.close();
  });

  it('of two nodes that saw the same job one has it; neither takes what is held', async () => {
    const { store, alive, silent } = await twoNodes();
    await accept(alive.queue, messageTo(['x@held.test']));
    await accept(alive.queue, messageTo(['x@there.test', 'x@other.test']));
    const due = await alive.queue.due({ now: alive.clock.now(), limit: 9 });
    assert.equal(due.length, 3);
    await store.db
      .updateTable('queue_job')
      .set({ state: 'held' })
      .where('destination', '=', 'held.test')
      .execute();
    const taken = await Promise.all([alive.queue.take(due.slice(0, 2)), silent.queue.take(due)]);
    assert.equal(taken.flat().length, 2);
    assert.equal(new Set(taken.flat().map(({ destination }) => destination)).size, 2);
    await silent.queue.close();
    await alive.close();
    await store.close();
  });

  it('a taker without any heartbeat is dead', async () => {
    const { store, alive } = await twoNodes();
    await store.db.deleteFrom('queue_node').where('owner', '=', 'silent').execute();
    await alive.clock.advance(10 * SECOND);
    assert.deepEqual(await takers(store), [null]);
    await alive.close();
    await store.close();
  });

  it('a node that cannot write its heartbeat for 20 seconds takes nothing until it can', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const seen: string[] = [];
    queue.handOver = {
      hasRoom: () => true,
      accepted: () => seen.push('accepted'),
      left: () => seen.push('left'),
    };
    await accept(queue, messageTo(['bob@there.test']));
    await sql`alter table queue_node rename to elsewhere`.execute(store.db);
    await clock.advance(19 * SECOND);
    await accept(queue, messageTo(['bob@there.test']));
    await clock.advance(SECOND);
    await accept(queue, messageTo(['bob@there.test']));
    assert.deepEqual(seen, ['accepted', 'accepted', 'left']);
    assert.deepEqual(await takeDue(queue, clock.now()), []);
    await clock.advance(60 * SECOND);
    assert.deepEqual(rig.codes, ['QUEUE_HEARTBEAT_LATE']);
    await sql`alter table elsewhere rename to queue_node`.execute(store.db);
    assert.equal((await takeDue(queue, clock.now())).length, 1);
    await rig.close();
  });

  it('a machine that was asleep shows that it lives before it takes anything', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    clock.setTo(clock.now() + YEAR);
    assert.equal((await takeDue(queue, clock.now())).length, 1);
    const node = await store.db.selectFrom('queue_node').selectAll().executeTakeFirstOrThrow();
    assert.equal(node.heartbeat_at, clock.now());
    await rig.close();
  });

  it('jobs that a jump of the clock put off for a year are due soon after', async () => {
    const rig = await queueRig();
    const { queue, clock } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    const retryAt = clock.now() + YEAR;
    await queue.settle(job!, settlement(job!, 'waiting', { at: clock.now(), retryAt }));
    assert.equal(await queue.nextDueAt(), retryAt);
    await clock.advance(5 * 60 * SECOND);
    assert.equal(await queue.nextDueAt(), clock.now());
    assert.deepEqual(rig.codes, ['QUEUE_CLOCK_JUMPED']);
    await rig.close();
  });

  it('nothing is taken before start()', async () => {
    const { createQueue } = await import('./create-queue.ts');
    const store = await openStore('sqlite::memory:');
    const queue = createQueue({ store, clock: new FakeClock() });
    await assert.rejects(queue.take([]), /before start/);
    await store.close();
  });
});

describe('processes of this machine', () => {
  it('this one runs; one that ended does not, nor one whose number was given to another', () => {
    const processes = localProcesses();
    const { self } = processes;
    const ended = spawnSync(process.execPath, ['--version']).pid;
    assert.equal(processes.hasEnded(self), false);
    assert.equal(processes.hasEnded({ ...self, pid: ended }), true);
    assert.equal(processes.hasEnded({ ...self, mark: '1' }), true);
    assert.equal(processes.hasEnded({ ...self, mark: '' }), false);
    assert.equal(processes.hasEnded({ ...self, pid: ended, host: 'elsewhere' }), false);
  });
});
