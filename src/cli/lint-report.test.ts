import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { zipArchive } from '../tlsrpt/report-packing.fixture.ts';
import {
  counts,
  json,
  plainSample,
  policySample,
  REPORT_SAMPLES,
} from '../tlsrpt/report-samples.fixture.ts';
import { run } from './io.fixture.ts';

interface ReportJson {
  readonly ok: boolean;
  readonly value: {
    readonly start: string;
    readonly policies: readonly { readonly policy: { readonly domain: string } }[];
  } | null;
  readonly reports: readonly unknown[];
  readonly problems: readonly { readonly code: string; readonly severity: string }[];
}

async function lint(
  input: string | Uint8Array,
  file = '-',
): Promise<[exitCode: number, ReportJson]> {
  const { exitCode, stdout } = await run(['lint', 'report', file, '--json'], input);
  return [exitCode, JSON.parse(stdout) as ReportJson];
}

/** A mail that carries reports; without a domain in them, its header says it. */
function mailWith(attachments: readonly Uint8Array[]): string {
  const parts = attachments.map(
    (bytes, index) =>
      '--b\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n' +
      `Content-Disposition: attachment; filename="r${index}.json.gz"\r\n\r\n` +
      `${Buffer.from(bytes).toString('base64')}\r\n`,
  );
  return (
    'From: tls-reports@reporter.example\r\nTo: tls@example.net\r\nSubject: report\r\n' +
    'TLS-Report-Domain: example.net\r\nTLS-Report-Submitter: reporter.example\r\n' +
    'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b\r\n\r\n' +
    `--b\r\nContent-Type: text/plain\r\n\r\na report\r\n${parts.join('')}--b--\r\n`
  );
}

const GOOGLE = json(REPORT_SAMPLES.google);

describe('lint report', () => {
  it('JSON, gzip and zip: exit 0, the report as the value, times as text', async () => {
    for (const input of [
      GOOGLE,
      gzipSync(GOOGLE),
      zipArchive([{ name: 'r.json', content: GOOGLE }]),
    ]) {
      const [exitCode, result] = await lint(input);
      assert.deepEqual([exitCode, result.ok], [0, true]);
      assert.equal(result.value?.start, '2026-03-02T00:00:00.000Z');
      assert.equal(result.value.policies[0]?.policy.domain, 'example.com');
    }
    assert.deepEqual((await lint(gzipSync(GOOGLE)))[1].problems, []);
  });

  it('deviations are among the problems and make nothing invalid', async () => {
    const [exitCode, result] = await lint(json(REPORT_SAMPLES.lenient));
    assert.deepEqual([exitCode, result.ok], [0, true]);
    const codes = result.problems.map(({ code }) => code);
    assert.ok(codes.includes('TLSRPT_REPORT_COUNT_AS_STRING'));
    assert.ok(result.problems.every(({ severity }) => severity !== 'error'));
  });

  it('what is no report: exit 1, no value, the reason', async () => {
    for (const [input, code] of [
      ['', 'TLSRPT_REPORT_EMPTY'],
      ['{"a":', 'TLSRPT_REPORT_JSON'],
      ['{"a":1}', 'TLSRPT_REPORT_NOT_A_REPORT'],
      [gzipSync(GOOGLE).subarray(0, 40), 'TLSRPT_REPORT_GZIP'],
      ['From: a@example.com\r\nSubject: hello\r\n\r\nhello\r\n', 'REPORT_MAIL_NO_REPORT'],
    ] as const) {
      const [exitCode, result] = await lint(input);
      assert.deepEqual([exitCode, result.ok, result.value], [1, false, null]);
      assert.deepEqual(
        result.problems.map((problem) => problem.code),
        [code],
      );
    }
  });

  it('P15: a whole mail; its header fills in what the report leaves out', async () => {
    const mail = mailWith([gzipSync(json(REPORT_SAMPLES.postfix))]);
    for (const input of [
      mail,
      mail.replaceAll('\r\n', '\n'),
      `From MAILER Mon Mar  2 2026\n${mail}`,
    ]) {
      const [exitCode, result] = await lint(input);
      assert.equal(exitCode, 0, JSON.stringify(result.problems));
      assert.equal(result.value?.policies[0]?.policy.domain, 'example.net');
    }
  });

  it('I6: a mail with two reports shows both', async () => {
    const second = plainSample({ 'report-id': 'second' });
    const mail = mailWith([gzipSync(GOOGLE), gzipSync(json(second))]);
    const [exitCode, result] = await lint(mail);
    assert.deepEqual([exitCode, result.reports.length], [0, 2]);
    const { stdout } = await run(['lint', 'report', '-'], mail);
    assert.match(stdout, /^standard input: 2 TLS reports/);
    assert.match(stdout, /report-id second/);
  });

  it('a mailbox: every mail is read, and told of by its number', async () => {
    const box = (...mails: readonly string[]): string =>
      mails.map((mail) => `From a Mon Mar  2 10:00:00 2026\n${mail}\n`).join('');
    const one = mailWith([gzipSync(GOOGLE)]);
    const two = mailWith([gzipSync(json(plainSample({ 'report-id': 'second' })))]);
    const bounce = 'Subject: hello\n\nhello\n';
    const [exitCode, result] = await lint(box(one, bounce, two));
    assert.deepEqual([exitCode, result.ok, result.reports.length], [0, true, 2]);
    const said = result.problems.find(({ code }) => code === 'REPORT_MAIL_NO_REPORT');
    assert.equal(said?.severity, 'info');
    const { stdout } = await run(['lint', 'report', '-'], box(one, bounce, two));
    assert.match(stdout, /^standard input: 2 TLS reports in 3 mails\n/);
    assert.match(stdout, /mail 2: /);
    const cut = mailWith([gzipSync(GOOGLE).subarray(0, 40)]);
    const damaged = await run(['lint', 'report', '-'], box(one, cut));
    assert.equal(damaged.exitCode, 1);
    assert.match(damaged.stdout, /mail 2: .*TLSRPT_REPORT_GZIP/);
    assert.deepEqual((await lint(box(bounce, bounce)))[0], 1);
  });

  it('of a mailbox with very many mails the first are read, and that is said', async () => {
    const mail = mailWith([gzipSync(GOOGLE)]);
    const box = `From a Mon Mar  2 10:00:00 2026\n${mail}\n`.repeat(103);
    const { exitCode, stdout } = await run(['lint', 'report', '-'], box);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^standard input: 100 TLS reports in the first 100 of 103 mails/);
    const { reports } = (await lint(box))[1];
    assert.equal(reports.length, 100);
  });

  it('a report of two in one mail that is damaged: exit 1, and the other is shown', async () => {
    const mail = mailWith([gzipSync(GOOGLE), gzipSync(GOOGLE).subarray(0, 40)]);
    const [exitCode, result] = await lint(mail);
    assert.deepEqual([exitCode, result.ok, result.reports.length], [1, false, 1]);
  });

  it('a report about a day that has not begun: a warning, for it would not be taken in', async () => {
    const rangeFrom = (start: number): Readonly<Record<string, unknown>> => ({
      'date-range': {
        'start-datetime': new Date(start).toISOString(),
        'end-datetime': new Date(start + 86_399_000).toISOString(),
      },
    });
    const now = Date.now();
    const [exitCode, { problems }] = await lint(
      json(plainSample(rangeFrom(now + 30 * 86_400_000))),
    );
    const found = problems.find(({ code }) => code === 'REPORT_INTAKE_FUTURE');
    assert.deepEqual([exitCode, found?.severity], [0, 'warning']);
    const soon = await lint(json(plainSample(rangeFrom(now + 3_600_000))));
    assert.ok(!soon[1].problems.some(({ code }) => code === 'REPORT_INTAKE_FUTURE'));
  });

  it('a folder is no file: exit 66, in plain words', async () => {
    const { exitCode, stderr } = await run(['lint', 'report', tmpdir()]);
    assert.equal(exitCode, 66);
    assert.match(
      stderr,
      /^smtp-sts: cannot read \S+: it is a folder; one file is read here, `smtp-sts report import` takes folders and Maildirs\n$/,
    );
    const none = await run(['lint', 'report', '/nonexistent/report.json']);
    assert.match(none.stderr, /report\.json: no such file or folder\n$/);
  });

  it('text for people: who, when, how many sessions, what failed most', async () => {
    const { exitCode, stdout } = await run(['lint', 'report', '-'], json(REPORT_SAMPLES.rfc));
    assert.equal(exitCode, 0);
    assert.match(stdout, /^standard input: a TLS report\n/);
    assert.match(stdout, /from +Firm-A \(reports@firm-a\.example\)/);
    assert.match(stdout, /range +2018-10-01 00:00:00 UTC to 2018-10-02 00:00:00 UTC/);
    assert.match(stdout, /sts example\.com: 812 good, 33 failed/);
    const order = stdout.indexOf('20 × starttls-not-supported at mx2.backup.example.com');
    assert.ok(order > 0 && order < stdout.indexOf('10 × certificate-expired'));
    assert.match(stdout, /3 × validation-failure at .*: X509_V_ERR_INVALID_PURPOSE/);
  });

  it('says what the sender should do, and what who has got the report can', async () => {
    const odd = (await run(['lint', 'report', '-'], json(REPORT_SAMPLES.lenient))).stdout;
    assert.match(odd, /^ {17}sender: write/m);
    assert.doesNotMatch(odd, /mend:|you:/);
    assert.match(
      odd,
      /\n {2}For its sender to mend; `smtp-sts report import` takes it as it is\.\n$/,
    );
    const cut = (await run(['lint', 'report', '-'], '{"policies":[')).stdout;
    assert.match(
      cut,
      /^ {20}you: Look whether it is a report at all; if so, tell the sender\n {17}sender: write/m,
    );
    assert.doesNotMatch(cut, /takes it as it is/);
    const good = (await run(['lint', 'report', '-'], GOOGLE)).stdout;
    assert.doesNotMatch(good, /takes it as it is|sender:/);
    const mail = (await run(['lint', 'report', '-'], 'Subject: hello\n\nhello\n')).stdout;
    assert.match(mail, /^ {19}mend: /m);
  });

  it('Q30: failures that differ only by the sending address are one line', async () => {
    const { stdout } = await run(['lint', 'report', '-'], json(REPORT_SAMPLES.googleChanged));
    assert.match(stdout, /10 × certificate-host-mismatch/);
    assert.equal(stdout.match(/certificate-host-mismatch/g)?.length, 1);
  });

  it('S13, RPT-7-2: what a stranger wrote cannot move the cursor', async () => {
    const evil = '\u001b[2J\r\n\u202eabc';
    const detail = {
      'result-type': evil,
      'failed-session-count': 1,
      'failure-reason-code': evil,
      'receiving-mx-hostname': evil,
    };
    const value = plainSample({
      'organization-name': evil,
      'report-id': `a${evil}`,
      'contact-info': evil,
      policies: [
        policySample(
          { 'policy-type': evil },
          { summary: counts(0, 1), 'failure-details': [detail] },
        ),
      ],
    });
    for (const more of [[], ['--json']]) {
      const { stdout } = await run(['lint', 'report', '-', ...more], json(value));
      assert.doesNotMatch(stdout, /[\u001b\u202e\r]/);
    }
  });

  it('a file name is a hint', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lint-report-'));
    try {
      const file = join(folder, 'reporter.example!example.org!1772409600!1772495999.json');
      await writeFile(file, json(REPORT_SAMPLES.postfix));
      const [exitCode, result] = await lint('', file);
      assert.deepEqual([exitCode, result.value?.policies[0]?.policy.domain], [0, 'example.org']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('RPT-5.2-2: a report may be large, but not without end; a missing file is exit 66', async () => {
    const large = Buffer.concat([GOOGLE, Buffer.alloc(2_000_000, ' ')]);
    assert.equal((await lint(large))[0], 0);
    const tooLarge = await run(['lint', 'report', '-'], Buffer.alloc(10_485_761, ' '));
    assert.equal(tooLarge.exitCode, 66);
    assert.equal((await run(['lint', 'report', '/nonexistent/report.json'])).exitCode, 66);
  });
});
