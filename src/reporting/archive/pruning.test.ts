import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import { silentLog } from '../../log/log.ts';
import { startPruning } from './pruning.ts';

const HOUR = 3_600_000;

describe('pruning', () => {
  it('goes on every few hours, also after a failure, until it is closed', async () => {
    const clock = new FakeClock(0);
    const warned: object[] = [];
    let turns = 0;
    const prune = async (): Promise<{ details: number; reports: number; daily: number }> => {
      turns += 1;
      if (turns === 1) throw new Error('database is away');
      return await Promise.resolve({ details: 1, reports: 0, daily: 0 });
    };
    const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) };
    const pruning = startPruning({ archive: { prune }, clock, log });
    await clock.advance(HOUR);
    assert.equal(turns, 1);
    assert.deepEqual(warned, [{ code: 'REPORT_ARCHIVE_FAILED', reason: 'database is away' }]);
    await clock.advance(12 * HOUR);
    assert.equal(turns, 3);
    await pruning.close();
    await clock.advance(48 * HOUR);
    assert.equal(turns, 3);
  });
});
