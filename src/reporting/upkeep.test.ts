import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { silentLog } from '../log/log.ts';
import { loadConfig } from '../config/load-config.ts';
import { takeLease } from '../store/lease.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { createTally } from './tally/tally.ts';
import { tallyDays } from './tally/read-tally.ts';
import { DAY, NOON, session } from './tally/tally.fixture.ts';
import { startUpkeep, type Upkeep } from './upkeep.ts';

const HOUR = 3_600_000;
const DAY_MS = 24 * HOUR;

interface Scene {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly upkeep: Upkeep;
  /** How often the archive was asked to prune. */
  readonly prunes: () => number;
}

/** With sessions counted on this day and the one before. */
async function scene(prune?: () => Promise<never>): Promise<Scene> {
  const clock = new FakeClock(NOON);
  const store = await openStore('sqlite::memory:', { clock });
  const tally = createTally({ store, clock, log: silentLog, flushMs: 1_000 });
  tally.count(session({ at: NOON }));
  tally.count(session({ at: NOON - DAY_MS }));
  await tally.close();
  const { value } = loadConfig({});
  assert.ok(value !== undefined);
  let prunes = 0;
  const counting = async (): Promise<{ details: number; reports: number; daily: number }> => {
    prunes += 1;
    return await Promise.resolve({ details: 0, reports: 0, daily: 0 });
  };
  const upkeep = startUpkeep({
    store,
    archive: { prune: prune ?? counting },
    settings: () => value.reporting,
    clock,
    log: silentLog,
    node: 'this',
  });
  return { store, clock, upkeep, prunes: () => prunes };
}

describe('upkeep of TLS reporting', () => {
  it('RPT-AGG-6: the counts of a day go a week after it, not before', async () => {
    const { store, clock, upkeep, prunes } = await scene();
    await clock.advance(6 * DAY_MS);
    await upkeep.run();
    assert.deepEqual(await tallyDays(store), [DAY - 1, DAY]);
    await clock.advance(DAY_MS);
    await upkeep.run();
    assert.deepEqual(await tallyDays(store), [DAY]);
    assert.ok(prunes() > 7 * 12);
    await upkeep.close();
    await store.close();
  });

  it('another node goes on at once after this one has ended', async () => {
    const { store, clock, upkeep } = await scene();
    await upkeep.run();
    await upkeep.close();
    const claim = { name: 'report-upkeep', owner: 'other', now: clock.now(), holdMs: HOUR };
    assert.equal(await takeLease(store, claim), true);
    await store.close();
  });

  it('what goes wrong once is tried again an hour later', async () => {
    let tries = 0;
    const { store, clock, upkeep } = await scene(async () => {
      tries += 1;
      return await Promise.reject(new Error('no'));
    });
    await clock.advance(HOUR);
    await upkeep.run();
    await clock.advance(HOUR);
    await upkeep.run();
    assert.ok(tries >= 3);
    await upkeep.close();
    await store.close();
  });
});
