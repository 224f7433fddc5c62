import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { RESULT_TYPES } from '../../failure.ts';
import type { TlsReport } from '../../tlsrpt/report.ts';
import { readReportMail } from './read-report-mail.ts';
import { type ReportMailOptions, subjectId, writeReportMail } from './write-report-mail.ts';

const REPORT: TlsReport = {
  organizationName: 'Bücher & Post = AG',
  contactInfo: 'tls@mail.sender.example',
  reportId: '2026-03-04_xn--bcher-kva.example_1@mail.sender.example',
  start: Date.UTC(2026, 2, 4),
  end: Date.UTC(2026, 2, 5),
  policies: [
    {
      policy: { type: 'sts', domain: 'xn--bcher-kva.example', strings: [], mxHosts: [] },
      successes: 40,
      failures: 1,
      details: [
        { resultType: 'certificate-expired', count: 1, receivingMxHostname: 'mx1.example' },
        { resultType: 'starttls-not-supported', count: 3 },
        { resultType: 'starttls-not-supported', count: 2 },
      ],
    },
  ],
};

const OPTIONS: ReportMailOptions = {
  report: REPORT,
  fileName: 'mail.sender.example!xn--bcher-kva.example!1772582400!1772668799!001.json.gz',
  gzip: gzipSync('{"policies":[]}'.repeat(50)),
  from: 'tls-reports@mail.sender.example',
  to: 'reports@xn--bcher-kva.example',
  date: Date.UTC(2026, 2, 5, 1, 2, 3),
  messageId: '2026-03-04_1@mail.sender.example',
  domain: 'bücher.example',
  submitter: 'Mail.Sender.example',
};

function write(more: Partial<ReportMailOptions> = {}): string {
  return Buffer.from(writeReportMail({ ...OPTIONS, ...more })).toString('latin1');
}

function headerOf(mail: string): string {
  return mail.slice(0, mail.indexOf('\r\n\r\n') + 2);
}

function field(mail: string, name: string): readonly string[] {
  const unfolded = headerOf(mail).replaceAll(/\r\n(?=[ \t])/g, '');
  return unfolded
    .split('\r\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 2));
}

describe('writeReportMail', () => {
  it('S1, RPT-5.3-2, RPT-5.3-3, RPT-5.3-R1: every field once, two parts', () => {
    const mail = write();
    assert.deepEqual(field(mail, 'From'), ['<tls-reports@mail.sender.example>']);
    assert.deepEqual(field(mail, 'To'), ['<reports@xn--bcher-kva.example>']);
    assert.deepEqual(field(mail, 'Date'), ['Thu, 05 Mar 2026 01:02:03 +0000']);
    assert.deepEqual(field(mail, 'Message-ID'), ['<2026-03-04_1@mail.sender.example>']);
    assert.deepEqual(field(mail, 'TLS-Report-Domain'), ['xn--bcher-kva.example']);
    assert.deepEqual(field(mail, 'TLS-Report-Submitter'), ['mail.sender.example']);
    assert.deepEqual(field(mail, 'TLS-Required'), ['No']);
    assert.deepEqual(field(mail, 'Auto-Submitted'), ['auto-generated']);
    assert.deepEqual(field(mail, 'MIME-Version'), ['1.0']);
    const [type] = field(mail, 'Content-Type');
    const boundary = /^multipart\/report; report-type="tlsrpt"; boundary="([^"]+)"$/.exec(
      type!,
    )![1]!;
    const parts = mail.split(`--${boundary}`);
    assert.equal(parts.length, 4);
    assert.match(parts[1]!, /^\r\nContent-Type: text\/plain; charset=utf-8\r\n/);
    assert.match(
      parts[2]!,
      /^\r\nContent-Type: application\/tlsrpt\+gzip\r\nContent-Transfer-Encoding: base64\r\n/,
    );
    assert.equal(parts[3], '--\r\n');
  });

  it('RPT-5.3-6, RPT-4.4-4: the Subject is as the RFC has it', () => {
    const [subject] = field(write(), 'Subject');
    const form =
      /^Report\s+Domain:\s+(\S+)\s+Submitter:\s+(\S+)\s+Report-ID:\s+<([^<>@\s]+@[^<>@\s]+)>\s*$/;
    assert.deepEqual(form.exec(subject!)?.slice(1), [
      'xn--bcher-kva.example',
      'mail.sender.example',
      REPORT.reportId,
    ]);
    assert.equal(subjectId('a b:c..d@', 's.example'), '<a-b-c.d-@s.example>');
    assert.equal(subjectId('\r\nBcc: x', 's.example'), '<--Bcc--x@s.example>');
    assert.equal(subjectId('', 's.example'), '<-@s.example>');
  });

  it('S1: 7 bits, CRLF alone, short lines; the same again', () => {
    const mail = write();
    assert.match(mail, /^[\t\r\n\x20-\x7e]*$/);
    assert.doesNotMatch(mail, /[^\r]\n|\r[^\n]/);
    const lines = mail.split('\r\n');
    const long = lines.filter((line) => line.length > 78);
    assert.deepEqual(long, [` filename="${OPTIONS.fileName}"`]);
    assert.equal(write(), mail);
  });

  it('tells in plain words what the report says, and whom to ask', () => {
    const whole = write().replaceAll('=\r\n', '');
    assert.match(whole, /B=C3=BCcher & Post =3D AG/);
    assert.match(
      whole,
      /MTA-STS policy of xn--bcher-kva\.example: 40 sessions good, 1 session failed/,
    );
    assert.match(whole, /5 sessions: starttls-not-supported\r\n/);
    assert.match(whole, /1 session: certificate-expired at mx1\.example\r\n/);
    assert.match(whole, /Questions about this report: tls@mail\.sender\.example/);
    assert.match(whole, /_smtp\._tls\.xn--bcher-kva\.example/);
  });

  it('has words for every result type', () => {
    const details = RESULT_TYPES.map((resultType) => ({ resultType, count: 1 }));
    const policies = [{ ...REPORT.policies[0]!, details }];
    const whole = write({ report: { ...REPORT, policies } });
    for (const type of RESULT_TYPES) assert.match(whole, new RegExp(`: ${type}\\r\\n {6}\\S`));
    const many = Array.from({ length: 30 }, (_, at) => ({
      resultType: 'validation-failure' as const,
      count: 1,
      receivingMxHostname: `mx${at}.example`,
    }));
    const cut = write({ report: { ...REPORT, policies: [{ ...policies[0]!, details: many }] } });
    assert.match(cut, /and 10 more kinds/);
  });

  it('RPT-5.3-4: the submitter is the domain of the contact, or nothing is written', () => {
    assert.throws(() => write({ submitter: 'other.example' }), TypeError);
    assert.throws(() => write({ submitter: 'sender.example' }), TypeError);
    assert.throws(() => write({ report: { ...REPORT, contactInfo: 'nobody' } }), TypeError);
  });

  it('S13, S21: nothing breaks out of a header field', () => {
    const bad: readonly Partial<ReportMailOptions>[] = [
      { to: 'a@b.example\r\nBcc: c@d.example' },
      { to: 'a@b.example, c@d.example' },
      { to: '"a\r\nBcc: x"@b.example' },
      { to: '"a b"@b.example' },
      { to: 'jürgen@b.example' },
      { from: 'A <a@mail.sender.example>' },
      { domain: 'b.example\r\nX: y' },
      { messageId: 'a@b>\r\nX: y' },
      { messageId: 'x' },
      { fileName: 'a"\r\nX: y' },
      { fileName: '' },
    ];
    for (const options of bad)
      assert.throws(() => write(options), TypeError, JSON.stringify(options));
    const odd = {
      ...REPORT,
      reportId: 'x>\r\nBcc: a@b',
      organizationName: 'x\r\n--report\r\n.\r\n',
    };
    const mail = write({ report: odd });
    assert.deepEqual(field(mail, 'Bcc'), []);
    assert.doesNotMatch(mail, /\r\n\.\r\n/);
  });

  it('a report that is not packed says so', () => {
    assert.match(write({ gzip: Buffer.from('{}') }), /Content-Type: application\/tlsrpt\+json\r\n/);
  });

  it('fuzz: what is written is read again', async () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,20}$/);
    const name = fc.tuple(label, label).map(([one, other]) => `a${one}.b${other}.example`);
    const input = fc.record({
      domain: name,
      submitter: name,
      local: label,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 500 }),
      organizationName: fc.string({ unit: 'binary' }),
      reportId: fc.string(),
    });
    await fc.assert(
      fc.asyncProperty(
        input,
        async ({ domain, submitter, local, bytes, organizationName, reportId }) => {
          const contactInfo = `${local}@${submitter}`;
          const message = writeReportMail({
            ...OPTIONS,
            report: { ...REPORT, contactInfo, organizationName, reportId },
            from: contactInfo,
            to: `${local}@${domain}`,
            gzip: bytes,
            domain,
            submitter,
          });
          assert.match(Buffer.from(message).toString('latin1'), /^[\r\n\x20-\x7e]*$/);
          const read = await readReportMail(message);
          assert.ok(read.ok);
          const { attachments, headerDomain, headerSubmitter, fromDomain, notes } = read.value;
          assert.deepEqual(
            [headerDomain, headerSubmitter, fromDomain],
            [domain, submitter, submitter],
          );
          assert.deepEqual(notes, []);
          assert.equal(attachments.length, 1);
          assert.equal(attachments[0]!.fileName, OPTIONS.fileName);
          assert.deepEqual(Buffer.from(attachments[0]!.bytes), Buffer.from(bytes));
        },
      ),
      { numRuns: 150 },
    );
  });
});
