import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { commitTogether, createGroupCommit } from './group-commit.ts';

describe('group commit', () => {
  const row = Object.assign(new Error('constraint'), { errcode: 19 });
  const again = Object.assign(new Error('deadlock'), { code: '40P01' });

  it('works that come together share a transaction; those that come while it runs, the next', async () => {
    const groups: (readonly number[])[] = [];
    const first = Promise.withResolvers<void>();
    const writer = createGroupCommit<number, number>({
      weight: () => 1,
      run: async (works) => {
        groups.push(works);
        if (groups.length === 1) await first.promise;
        return works.map((work) => work * 10);
      },
    });
    const early = [1, 2, 3].map(async (work) => await writer.submit(work));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const late = [4, 5].map(async (work) => await writer.submit(work));
    first.resolve();
    assert.deepEqual(await Promise.all([...early, ...late]), [10, 20, 30, 40, 50]);
    assert.deepEqual(groups, [
      [1, 2, 3],
      [4, 5],
    ]);
    await writer.idle();
  });

  it('a group has bounds, and a work that is over them alone goes alone', async () => {
    const groups: number[] = [];
    const writer = createGroupCommit<number, number>({
      weight: (work) => work,
      run: async (works) => {
        groups.push(works.length);
        return await Promise.resolve(works);
      },
    });
    const works = [9_000_000, 1, 1, ...Array.from({ length: 600 }, () => 0), 4_000_000, 300_000];
    await Promise.all(works.map(async (work) => await writer.submit(work)));
    assert.deepEqual(groups, [1, 256, 256, 91, 1]);
    groups.length = 0;
    const larger = createGroupCommit<number, number>({
      weight: () => 1,
      most: 400,
      run: async (works) => {
        groups.push(works.length);
        return await Promise.resolve(works);
      },
    });
    await Promise.all(Array.from({ length: 600 }, async () => await larger.submit(0)));
    assert.deepEqual(groups, [400, 200]);
  });

  it('one bad row fails its work alone; a fault of the database fails them all; a deadlock is tried again', async () => {
    let deadlocks = 2;
    const writer = createGroupCommit<string, string>({
      weight: () => 1,
      run: async (works) => {
        await Promise.resolve();
        if (works.includes('gone')) throw new Error('gone');
        if (works.includes('bad')) throw row;
        if (works.includes('again') && deadlocks > 0) {
          deadlocks -= 1;
          throw again;
        }
        return works;
      },
    });
    const submit = async (works: readonly string[]): Promise<readonly string[]> =>
      await Promise.all(
        works.map(async (work) => await writer.submit(work).catch((error: Error) => error.message)),
      );
    assert.deepEqual(await submit(['a', 'bad', 'b']), ['a', 'constraint', 'b']);
    assert.deepEqual(await submit(['a', 'gone', 'b']), ['gone', 'gone', 'gone']);
    assert.deepEqual(await submit(['a', 'again']), ['a', 'again']);
    deadlocks = 5;
    assert.deepEqual(await submit(['again']), ['deadlock']);
  });

  it('works that nobody waits for go with the next urgent one, when there are enough, in time, or at the end', async () => {
    const clock = new FakeClock();
    const groups: string[] = [];
    const writer = createGroupCommit<string, string>({
      weight: () => 1,
      company: { clock, isUrgent: (work) => work === 'urgent', waitMs: 10, enough: 3 },
      run: async (works) => {
        groups.push(works.join(' '));
        return await Promise.resolve(works);
      },
    });
    const done: Promise<string>[] = [];
    const submit = async (...works: readonly string[]): Promise<void> => {
      for (const work of works) {
        done.push(writer.submit(work));
        await settle();
      }
    };
    await submit('a', 'b');
    assert.deepEqual(groups, []);
    await submit('urgent');
    assert.deepEqual(groups, ['a b urgent']);
    await submit('c', 'd', 'e');
    assert.deepEqual(groups.slice(1), ['c d e']);
    await submit('f');
    await clock.advance(9);
    assert.equal(groups.length, 2);
    await clock.advance(1);
    await settle();
    assert.deepEqual(groups.slice(2), ['f']);
    await submit('g');
    await writer.idle();
    assert.deepEqual(groups.slice(3), ['g']);
    await Promise.all(done);
  });

  it('the database goes while works are tried one by one: the rest fail at once', async () => {
    const runs: (readonly string[])[] = [];
    const results = await commitTogether<string, string>(['a', 'bad', 'gone', 'b', 'c'], {
      run: async (works) => {
        runs.push(works);
        await Promise.resolve();
        if (works.includes('bad')) throw row;
        if (works.includes('gone')) throw new Error('gone');
        return works;
      },
    });
    const short = results.map((one) => (one.ok ? one.value : (one.error as Error).message));
    assert.deepEqual(short, ['a', 'constraint', 'gone', 'gone', 'gone']);
    assert.deepEqual(runs.slice(1), [['a'], ['bad'], ['gone']]);
  });
});
