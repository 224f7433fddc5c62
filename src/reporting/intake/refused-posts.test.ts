import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FakeClock } from '../../clock.fixture.ts';
import { readReport } from '../../tlsrpt/read-report.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import { sampleJson, SMALL } from '../mail/report-mails.fixture.ts';
import { post } from './http-client.fixture.ts';
import { startHttpsReceiver } from './https-receiver.ts';
import {
  collectingLog,
  fakeIntake,
  type Line,
  notTaken,
  receiveSettings,
} from './intake.fixture.ts';

const GZIP_REPORT = gzipSync('{}');
const REPORT: ReceivedReport = {
  ...readReport(Buffer.from(sampleJson(SMALL))).report!,
  organizationName: 'Evil\u{1b} Ltd',
};

describe('posts that are refused', () => {
  it('what is refused leaves a line with its code, and no more lines a minute than anybody can read', async () => {
    const lines: Line[] = [];
    const intake = fakeIntake();
    const clock = new FakeClock();
    const settings = receiveSettings({ https: { perMinute: 1_000 } });
    const log = collectingLog(lines);
    const options = { intake, settings: () => settings, clock, log };
    const receiver = await startHttpsReceiver(options);
    const { url } = receiver;
    const informed = (): readonly Line[] => lines.filter(({ level }) => level === 'info');
    intake.answer = () => ({
      kind: 'reports',
      results: [
        {
          reading: { report: REPORT, problems: [], deviations: [] },
          authenticity: { kind: 'unauthenticated', notes: [] },
          result: { kind: 'unknown-domain', domains: ['other.test'] },
        },
      ],
    });
    assert.equal((await post(url, GZIP_REPORT)).status, 404);
    const [line] = informed();
    const { event, client, organization, code } = line!.fields;
    assert.deepEqual(
      [event, client, organization, code],
      ['report-refused', '127.0.0.1', 'Evil\\u{1b} Ltd', 'REPORT_RECEIVER_UNKNOWN_DOMAIN'],
    );
    assert.match(line!.message, /other\.test/);
    intake.answer = () => notTaken('refused');
    for (let index = 0; index < 60; index += 1) await post(url, GZIP_REPORT);
    const told = informed();
    assert.equal(told.length, 30);
    assert.match(told.at(-1)!.message, /more of this minute are counted, not told/);
    await clock.advance(60_000);
    await post(url, GZIP_REPORT);
    assert.equal(informed().length, 31);
    await receiver.close();
  });
});
