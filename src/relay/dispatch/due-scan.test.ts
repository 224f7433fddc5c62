import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import type { DueJob } from '../queue/types.ts';
import { createDueScan } from './due-scan.ts';
import { createHopTable } from './hop-table.ts';

/** A database with very many due jobs, each for a domain of its own, made up as it is read. */
function vast(
  count: number,
  clock: FakeClock,
): { queue: Parameters<typeof createDueScan>[0]['queue']; asked: number } {
  const it = {
    asked: 0,
    queue: {
      async due({ after, limit }: { after?: { nextAt: number }; limit: number }) {
        it.asked += 1;
        await Promise.resolve();
        const start = after === undefined ? 0 : after.nextAt + 1;
        const length = Math.max(0, Math.min(limit, count - start));
        return Array.from({ length }, (_, index): DueJob => ({
          nextAt: start + index,
          messageId: `m${start + index}`,
          destination: `d${start + index}.test`,
        }));
      },
    },
  };
  assert.ok(clock.now() > count);
  return it;
}

describe('the walk over what is due', () => {
  it('goes on where it stopped, and begins anew after a minute', async () => {
    const clock = new FakeClock();
    const { queue } = vast(1_200, clock);
    const seen: string[] = [];
    let full = false;
    const scan = createDueScan({
      queue,
      clock,
      offer: async (jobs) => {
        seen.push(`${jobs[0]?.messageId}+${jobs.length}`);
        full = seen.length === 1;
        await Promise.resolve();
      },
      isFull: () => full,
    });
    assert.equal(await scan.go(), 'full');
    full = false;
    assert.equal(await scan.go(), 'end');
    assert.equal(await scan.go(), 'end');
    assert.deepEqual(seen, ['m0+500', 'm500+500', 'm1000+200']);
    await clock.advance(60_000);
    full = false;
    assert.equal(await scan.go(), 'end');
    assert.deepEqual(seen.slice(3), ['m0+500', 'm500+500', 'm1000+200']);
  });

  it('memory stays bounded, however many domains have mail', async () => {
    const clock = new FakeClock();
    const { queue } = vast(60_000, clock);
    const pace = { most: 20, perMinute: 0, firstBackoffMs: 30_000, longestBackoffMs: 300_000 };
    const table = createHopTable({ pace, share: 800, port: 25, routes: undefined });
    let remembered = 0;
    const scan = createDueScan({
      queue,
      clock,
      offer: async (jobs) => {
        for (const { destination } of jobs) {
          const hop = table.find(destination, clock.now());
          hop?.backlog.add(destination);
          remembered += hop === undefined ? 0 : 1;
        }
        await Promise.resolve();
      },
      isFull: () => false,
    });
    assert.equal(await scan.go(), 'end');
    assert.equal(table.size, 20_000);
    assert.equal(remembered, 20_000);
    for (const hop of table.known()) hop.backlog.clear();
    table.sweep(clock.now());
    assert.equal(table.size, 0);
  });
});
