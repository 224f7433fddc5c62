import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import type { DiskSpace, Store } from '../../store/types.ts';
import { openStore } from '../../store/open-store.ts';
import {
  accept,
  codeLog,
  EMPTY,
  messageTo,
  queueRig,
  rowCounts,
  settlement,
  takeDue,
  type QueueRig,
} from './queue.fixture.ts';
import { PART_OCTETS } from './sink.ts';
import { createSpaceGuard, type SpaceGuard } from './space-guard.ts';

const MIB = 1_048_576;
const TO_BOB = messageTo(['bob@there.test']);

type Disk = { -readonly [K in keyof DiskSpace]: DiskSpace[K] };

function aDisk(change: Partial<DiskSpace> = {}): Disk {
  return { file: '/var/a.db', total: 1_000 * MIB, free: 500 * MIB, reusable: 0, ...change };
}

async function rigOn(disk: Disk): Promise<QueueRig & { readonly end: () => Promise<void> }> {
  const clock = new FakeClock();
  const base = await openStore('sqlite::memory:', { clock });
  const store: Store = { ...base, space: async () => await Promise.resolve({ ...disk }) };
  const rig = await queueRig({ store, clock });
  const end = async (): Promise<void> => {
    await rig.close();
    await base.close();
  };
  return { ...rig, end };
}

function guardOn(disk: Disk): {
  readonly guard: SpaceGuard;
  readonly clock: FakeClock;
  readonly codes: string[];
  readonly looks: () => number;
} {
  const clock = new FakeClock();
  const codes: string[] = [];
  let looks = 0;
  const space = async (): Promise<DiskSpace> => {
    looks += 1;
    return await Promise.resolve({ ...disk });
  };
  const guard = createSpaceGuard({ space, floor: () => 64 * MIB, clock, log: codeLog(codes) });
  return { guard, clock, codes, looks: () => looks };
}

describe('space-guard: new mail leaves room for what is queued', () => {
  it('below the floor new mail is refused with numbers, and what is queued goes on', async () => {
    const disk = aDisk();
    const rig = await rigOn(disk);
    const { queue, clock, codes } = rig;
    await accept(queue, TO_BOB);
    disk.free = 40 * MIB;
    await clock.advance(1_000);
    const sink = queue.open();
    await sink.write(Buffer.from('Subject: no\r\n\r\n'));
    const outcome = await sink.commit(TO_BOB);
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_FULL_DISK');
    assert.match(outcome.failure.detail, /40\.0 MiB of 1000\.0 MiB free.* 64\.0 MiB/);
    assert.deepEqual(codes, ['QUEUE_FULL_DISK']);
    const [job] = await takeDue(queue, clock.now());
    const bounce = { message: messageTo(['alice@here.test']), content: [Buffer.from('it failed')] };
    const failing = settlement(job!, 'failed', { at: clock.now(), notifications: [bounce] });
    assert.equal(await queue.settle(job!, failing), true);
    assert.equal((await takeDue(queue, clock.now()))[0]!.destination, 'here.test');
    await rig.end();
  });

  it('a long message that meets the floor on its way leaves nothing', async () => {
    const disk = aDisk();
    const rig = await rigOn(disk);
    const sink = rig.queue.open();
    await sink.write(Buffer.alloc(PART_OCTETS));
    disk.free = 10 * MIB;
    await rig.clock.advance(1_000);
    await sink.write(Buffer.alloc(PART_OCTETS));
    disk.free = 500 * MIB;
    const outcome = await sink.commit(TO_BOB);
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_FULL_DISK');
    assert.deepEqual(await rowCounts(rig.store), EMPTY);
    await rig.end();
  });

  it('looks once a second, and after four MiB of content', async () => {
    const { guard, clock, looks } = guardOn(aDisk());
    for (let turn = 0; turn < 4; turn += 1) await guard.refusal(MIB);
    assert.equal(looks(), 1);
    await guard.refusal(1);
    assert.equal(looks(), 2);
    await clock.advance(999);
    await guard.refusal(1);
    assert.equal(looks(), 2);
    await clock.advance(1);
    await Promise.all([guard.refusal(1), guard.refusal(1)]);
    assert.equal(looks(), 3);
  });

  it('free pages of the file count, as long as the disk itself has a little', async () => {
    const disk = aDisk({ free: 20 * MIB, reusable: 300 * MIB });
    const { guard, clock } = guardOn(disk);
    assert.equal(await guard.refusal(MIB), undefined);
    disk.free = 10 * MIB;
    await clock.advance(1_000);
    assert.match((await guard.refusal(MIB))!.detail, /300\.0 MiB inside the file/);
  });

  it('on a small file system half of it is kept', async () => {
    const disk = aDisk({ total: 6 * MIB, free: 4 * MIB });
    const { guard, clock } = guardOn(disk);
    assert.equal(await guard.refusal(1_000), undefined);
    disk.free = 2 * MIB;
    await clock.advance(1_000);
    assert.equal((await guard.refusal(1_000))?.code, 'QUEUE_FULL_DISK');
  });

  it('says once that it begins and ends', async () => {
    const disk = aDisk({ free: MIB });
    const { guard, clock, codes } = guardOn(disk);
    await guard.refusal(1);
    await guard.refusal(1);
    disk.free = 900 * MIB;
    await clock.advance(1_000);
    assert.equal(await guard.refusal(1), undefined);
    assert.deepEqual(codes, ['QUEUE_FULL_DISK']);
  });

  it('a disk that cannot be looked at refuses nothing', async () => {
    const space = async (): Promise<DiskSpace> => await Promise.reject(new Error('no'));
    const guard = createSpaceGuard({
      space,
      floor: () => 64 * MIB,
      clock: new FakeClock(),
      log: codeLog([]),
    });
    assert.equal(await guard.refusal(MIB), undefined);
  });
});
