import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LoggedReport, LoggedSubject } from '../../reporting/send/send-log.ts';
import { logLines, suppressionRows } from './report-send-text.ts';

const NOW = Date.UTC(2026, 2, 2, 3);
const DAY = Date.UTC(2026, 2, 1) / 86_400_000;
const OPTIONS = { now: NOW, paint: (_style: string, text: string): string => text };

const REPORT: LoggedReport = {
  reportId: 'r@s.test',
  day: DAY,
  domain: 'a.test',
  state: 'waiting',
  madeAt: NOW,
  madeBy: 'one',
  policies: 1,
  successes: 1234,
  failures: 5,
  record: '',
  targets: [
    {
      number: 0,
      kind: 'https',
      target: 'https://r.test/',
      state: 'waiting',
      attempts: 2,
      nextAt: NOW + 600_000,
      isUnderWay: false,
      last: { at: NOW - 60_000, code: 'REPORT_SEND_HTTP_LATER', text: 'busy \u001b[2J\u202e' },
    },
    {
      number: 1,
      kind: 'mailto',
      target: 'a@b.test',
      state: 'waiting',
      attempts: 0,
      isUnderWay: true,
    },
  ],
};

describe('the log of reports as text', () => {
  it('tells state, sums, attempts, the next one and the last answer', () => {
    assert.deepEqual(logLines([REPORT], [], OPTIONS), [
      '2026-03-01  a.test  waiting  1,234 good, 5 failed',
      '  https://r.test/, waits, 2 attempts, next in 10 min (2026-03-02 03:10:00 UTC)',
      '      1 min ago  busy \\u{1b}[2J\\u{202e} (REPORT_SEND_HTTP_LATER)',
      '  a@b.test, waits, being sent now',
    ]);
  });

  it('tells why a domain got none', () => {
    const subject = (state: LoggedSubject['state'], note = ''): LoggedSubject => ({
      day: DAY,
      domain: 'a.test',
      state,
      dueAt: NOW + 3_600_000,
      note,
    });
    const lines = logLines(
      [],
      [
        subject('due'),
        subject('no-record', 'TLSRPT_RECORD_NONE: x'),
        subject('skipped'),
        subject('nothing'),
        subject('given-up', 'DNS_TIMEOUT: \u001bx'),
      ],
      OPTIONS,
    );
    assert.match(lines[0]!, /^2026-03-01 {2}a\.test {2}due in 60 min/);
    assert.match(lines[1]!, /wants no report +TLSRPT_RECORD_NONE: x$/);
    assert.match(lines[2]!, /skip_domains/);
    assert.match(lines[3]!, /nothing to report$/);
    assert.match(lines[4]!, /DNS did not answer +DNS_TIMEOUT: \\u\{1b\}x$/);
  });

  it('S13: nothing that a stranger wrote moves the cursor', () => {
    const rows = suppressionRows([
      { place: 'a\u001b[31m', reason: 'b\nc', addedAt: NOW, addedBy: 'me\u0007' },
    ]);
    assert.doesNotMatch(rows.join(''), /[\u0000-\u001f]/);
  });
});
