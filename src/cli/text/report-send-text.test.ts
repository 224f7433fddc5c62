import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LoggedReport, LoggedSubject } from '../../reporting/send/send-log.ts';
import { logLines, suppressionRows } from './report-send-text.ts';

const NOW = Date.UTC(2026, 2, 2, 3);
const DAY = Date.UTC(2026, 2, 1) / 86_400_000;
const OPTIONS = { now: NOW, paint: (_style: string, text: string): string => text, width: 80 };

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
      '  r@s.test',
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
        subject('no-record', 'TLSRPT_RECORD_SEVERAL: x'),
        subject('no-record', 'TLSRPT_RECORD_INVALID: x'),
        subject('skipped'),
        subject('nothing'),
        subject('given-up', 'DNS_TIMEOUT: \u001bx'),
      ],
      OPTIONS,
    );
    assert.match(lines[0]!, /^2026-03-01 {2}a\.test {2}due in 60 min/);
    const text = lines.join('\n');
    assert.match(text, /a\.test {2}wants no report\n/);
    assert.match(text, /a\.test {2}has several records: none .*\n +TLSRPT_RECORD_SEVERAL: x\n/);
    assert.match(text, /a\.test {2}its record is broken\n +TLSRPT_RECORD_INVALID: x\n/);
    assert.match(text, /skip_domains/);
    assert.match(text, /nothing to report\n/);
    assert.match(text, /DNS did not answer\n +DNS_TIMEOUT: \\u\{1b\}x$/);
  });

  it('no line is wider than the terminal, however long the answer is', () => {
    const [target] = REPORT.targets;
    const long = {
      ...target!,
      last: { at: NOW, code: 'REPORT_SEND_HTTP_REFUSED', text: 'no. '.repeat(90) },
    };
    const domain = `${'long-label.'.repeat(4)}test`;
    const report = { ...REPORT, domain, reportId: `${'x'.repeat(90)}@s.test`, targets: [long] };
    const broken = {
      day: DAY,
      domain,
      state: 'no-record',
      dueAt: NOW,
      note: `TLSRPT_RECORD_INVALID: ${'y '.repeat(80)}`,
    } as const;
    const listed = {
      place: domain,
      reason: 'because '.repeat(20),
      addedAt: NOW,
      addedBy: 'somebody',
    };
    const lines = [...logLines([report], [broken], OPTIONS), ...suppressionRows([listed], 80)];
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.ok(lines.length > 10);
  });

  it('S13: nothing that a stranger wrote moves the cursor', () => {
    const rows = suppressionRows(
      [{ place: 'a\u001b[31m', reason: 'b\nc', addedAt: NOW, addedBy: 'me\u0007' }],
      80,
    );
    assert.doesNotMatch(rows.join(''), /[\u0000-\u001f]/);
  });
});
