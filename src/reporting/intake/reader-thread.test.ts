import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FakeClock } from '../../clock.fixture.ts';
import { readReportFile } from '../../tlsrpt/read-report-file.ts';
import { DEFAULT_UNPACK_LIMITS } from '../../tlsrpt/unpack-report.ts';
import { packings, sampleJson, SMALL } from '../mail/report-mails.fixture.ts';
import { createReaderThread } from './reader-thread.ts';

/** With so many details that it is large; packed it is small. */
function largeReport(count = 10_000): Uint8Array {
  const report = JSON.parse(sampleJson(SMALL)) as { policies: [{ 'failure-details': object[] }] };
  const detail = { 'result-type': 'certificate-expired', 'failed-session-count': 1 };
  report.policies[0]['failure-details'] = Array.from({ length: count }, (_, index) => ({
    ...detail,
    'receiving-mx-hostname': `mx${index}.${SMALL.domain}`,
  }));
  return gzipSync(JSON.stringify(report));
}

const OPTIONS = { limits: DEFAULT_UNPACK_LIMITS, hints: { headerDomain: SMALL.domain } };

describe('createReaderThread', () => {
  it('S7: large reports are read elsewhere, and say the same', async () => {
    const thread = createReaderThread({ clock: new FakeClock() });
    try {
      assert.deepEqual(
        await thread.read(packings().gzip, OPTIONS),
        await readReportFile(packings().gzip, OPTIONS),
      );
      assert.equal(thread.isRunning(), false, 'for small ones there is no thread');
      const large = largeReport();
      const both = await Promise.all([thread.read(large, OPTIONS), thread.read(large, OPTIONS)]);
      assert.equal(thread.isRunning(), true);
      assert.equal(both[0].report!.policies[0]!.details.length, 10_000);
      const here = await readReportFile(large, OPTIONS);
      assert.deepEqual(both, [here, here]);
      const broken = Buffer.from(`{"policies":[${'{},'.repeat(60_000)}`);
      assert.deepEqual(await thread.read(broken, OPTIONS), await readReportFile(broken, OPTIONS));
    } finally {
      await thread.close();
    }
  });

  it('the thread ends when nothing large comes, and comes again when it does', async () => {
    const clock = new FakeClock();
    const thread = createReaderThread({ clock });
    try {
      for (let turn = 0; turn < 2; turn += 1) {
        assert.ok((await thread.read(largeReport(1_000), OPTIONS)).report);
        assert.equal(thread.isRunning(), true);
        await clock.advance(60_000);
        assert.equal(thread.isRunning(), false);
      }
    } finally {
      await thread.close();
    }
    assert.equal(clock.waiting, 0);
  });

  it('without a thread a report is read all the same', async () => {
    const start = (): never => {
      throw new Error('no more threads');
    };
    const thread = createReaderThread({ clock: new FakeClock(), start });
    assert.ok((await thread.read(largeReport(1_000), OPTIONS)).report);
    const dying = createReaderThread({ clock: new FakeClock() });
    const reading = dying.read(largeReport(), OPTIONS);
    while (!dying.isRunning()) await new Promise((resolve) => setImmediate(resolve));
    await dying.close();
    assert.ok((await reading).report);
  });
});
