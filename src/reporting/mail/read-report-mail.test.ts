import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { ReportMail } from './types.ts';
import { DEFAULT_MAIL_LIMITS } from './types.ts';
import { readReportMail } from './read-report-mail.ts';
import {
  BIG,
  BOUNCE,
  bigMail,
  CRON,
  dmarcMail,
  forwarded,
  mixedMail,
  OFFICE,
  officeMail,
  packings,
  POST,
  postMail,
  rfcMail,
  sampleJson,
  SMALL,
  type Wrapping,
} from './report-mails.fixture.ts';

async function read(message: string | Uint8Array): Promise<ReportMail> {
  const result = await readReportMail(Buffer.from(message as string));
  assert.ok(result.ok, result.ok ? '' : result.failure.detail);
  return result.value;
}

async function failureOf(message: string | Uint8Array): Promise<readonly [string, string?]> {
  const result = await readReportMail(Buffer.from(message as string));
  assert.ok(!result.ok);
  const { code, reasonCode } = result.failure;
  return reasonCode === undefined ? [code] : [code, reasonCode];
}

function jsonOf(mail: ReportMail, at = 0): string {
  return gunzipSync(mail.attachments[at]!.bytes).toString();
}

describe('readReportMail: the shapes of the large senders', () => {
  it('P1, I1, RPT-5.3-2, RPT-5.3-8: a report type without quotes, a blank before each fold', async () => {
    const mail = await read(bigMail());
    assert.equal(jsonOf(mail), sampleJson(BIG));
    const [attachment] = mail.attachments;
    assert.equal(
      attachment?.fileName,
      'bigmail.example!reported.example!1772582400!1772668799!001.json.gz',
    );
    assert.equal(attachment.mediaType, 'application/tlsrpt+gzip');
    assert.deepEqual(mail.notes, []);
    assert.equal(mail.headerDomain, 'reported.example');
    assert.equal(mail.headerSubmitter, 'bigmail.example');
    assert.deepEqual([mail.fromDomain, mail.fromCount], ['bigmail.example', 1]);
    assert.equal(mail.messageId, '<5fa1c0de.00000000.77aa11.9d03tls@bigmail.example>');
    assert.match(mail.subject, /^Report Domain: reported\.example Submitter: bigmail\.example /);
  });

  it('I1: HTML for people, folds with tabs, LF and CRLF', async () => {
    for (const text of [officeMail(), officeMail().replaceAll('\n', '\r\n')]) {
      const mail = await read(text);
      assert.equal(jsonOf(mail), sampleJson(OFFICE));
      assert.deepEqual(mail.notes, []);
      assert.match(mail.subject, /Report-ID:\s+134599990000000001\+reported\.example$/);
    }
  });

  it('I3: the closing delimiter lacks its last two dashes', async () => {
    const mail = await read(postMail());
    assert.equal(mail.attachments.length, 1);
    assert.equal(jsonOf(mail), sampleJson(POST));
    assert.deepEqual(mail.notes, ['REPORT_MAIL_UNCLOSED']);
    assert.equal(mail.fromDomain, 'corp.post.example');
    assert.equal(mail.headerSubmitter, 'post.example');
  });

  it('I1, RPT-5.3-2: the shape of the example in the RFC', async () => {
    const mail = await read(rfcMail());
    assert.equal(jsonOf(mail), sampleJson(SMALL));
    assert.deepEqual(mail.notes, []);
  });

  it('I1: upper case and bare CR in folds', async () => {
    const upper = rfcMail().replace(
      'multipart/report; report-type="tlsrpt"',
      'MULTIPART/Report; Report-Type=TLSRPT',
    );
    assert.deepEqual((await read(upper)).notes, []);
    const folded = rfcMail()
      .replace('attachment;\n    ', 'attachment;\r \t')
      .replace('Subject: Report Domain:', 'Subject: Report\r \tDomain:');
    const mail = await read(folded);
    assert.equal(
      mail.attachments[0]?.fileName,
      'small.example!reported.example!1772582400!1772668799.json.gz',
    );
    assert.deepEqual(mail.notes, ['REPORT_MAIL_BARE_CR']);
  });

  it('skips empty lines before the header', async () => {
    assert.equal((await read(`\r\n\n${bigMail()}`)).fromDomain, 'bigmail.example');
  });
});

describe('readReportMail: other wrappings', () => {
  const { gzip, zip, json } = packings();
  const wrappings: readonly (readonly [string, Wrapping])[] = [
    ['octet-stream', { type: 'application/octet-stream; name="a.json.gz"', bytes: gzip }],
    [
      'gzip',
      { type: 'application/gzip', disposition: 'attachment; filename=a.json.gz', bytes: gzip },
    ],
    ['x-gzip', { type: 'application/x-gzip', disposition: 'attachment', bytes: gzip }],
    ['zip', { type: 'application/zip', disposition: 'attachment; filename=a.zip', bytes: zip }],
    ['tlsrpt, unpacked', { type: 'application/tlsrpt', bytes: json }],
    ['tlsrpt+json', { type: 'application/tlsrpt+json', bytes: json }],
    ['json', { type: 'application/json', disposition: 'attachment; filename=a.json', bytes: json }],
    ['text', { type: 'text/plain', disposition: 'attachment; filename=a.json', bytes: json }],
    ['a wrong suffix', { type: 'application/octet-stream; name=a.pdf', bytes: gzip }],
    ['a wrong type', { type: 'image/png; name=a.json.gz', bytes: zip }],
  ];
  for (const [name, wrapping] of wrappings) {
    it(`I2, RPT-5.3-8: ${name}: the content decides`, async () => {
      const mail = await read(mixedMail([wrapping]));
      assert.equal(mail.attachments.length, 1);
      assert.deepEqual(Buffer.from(mail.attachments[0]!.bytes), Buffer.from(wrapping.bytes));
      assert.ok(mail.notes.includes('REPORT_MAIL_NOT_MULTIPART_REPORT'));
      const isOwnType = wrapping.type === 'application/tlsrpt+json';
      assert.equal(mail.notes.includes('REPORT_MAIL_MEDIA_TYPE'), !isOwnType);
      assert.ok(mail.notes.includes('REPORT_MAIL_FIELDS_MISSING'));
    });
  }

  it('I2: a type that says it is a report is believed, whatever the content', async () => {
    const bytes = Buffer.from('broken');
    const mail = await read(mixedMail([{ type: 'application/tlsrpt+gzip', bytes }]));
    assert.deepEqual(Buffer.from(mail.attachments[0]!.bytes), bytes);
  });

  it('the whole mail may be the report', async () => {
    const head = 'From: a@small.example\nContent-Type: application/tlsrpt+gzip\n';
    const text = `${head}Content-Transfer-Encoding: base64\n\n${Buffer.from(gzip).toString('base64')}\n`;
    assert.equal(jsonOf(await read(text)), sampleJson(SMALL));
  });

  it('reads file names in the forms of RFC 2231 and RFC 2047', async () => {
    const name = 'small.example!reported.example!1!2.json.gz';
    const continued = `attachment;\n filename*0="small.example!reported";\n filename*1=".example!1!2.json.gz"`;
    const encoded = `attachment; filename*=utf-8''small.example%21reported.example%211%212.json.gz`;
    const word = `attachment; filename="=?utf-8?B?${Buffer.from(name).toString('base64')}?="`;
    for (const disposition of [continued, encoded, word]) {
      const text = mixedMail([{ type: 'application/tlsrpt+gzip', disposition, bytes: gzip }]);
      assert.equal((await read(text)).attachments[0]?.fileName, name);
    }
  });

  it('I6: two reports in one mail, between other attachments', async () => {
    const picture = { type: 'image/png', bytes: Buffer.from('\x89PNG') };
    const part = { type: 'application/tlsrpt+gzip', bytes: gzip };
    const mail = await read(mixedMail([picture, part, picture, part]));
    assert.equal(mail.attachments.length, 2);
  });

  it('tells authors apart', async () => {
    const from = async (field: string): Promise<unknown> => {
      const mail = await read(rfcMail().replace('From: tlsrpt@small.example\n', field));
      return [mail.fromCount, mail.fromDomain, mail.notes];
    };
    assert.deepEqual(await from(''), [0, undefined, ['REPORT_MAIL_FROM']]);
    const two = [2, undefined, ['REPORT_MAIL_FROM']];
    assert.deepEqual(await from('From: a@small.example, b@evil.example\n'), two);
    assert.deepEqual(await from('From: a@small.example\nFrom: b@small.example\n'), two);
    assert.deepEqual(await from('From: "x@evil.example" <a@SMALL.example>\n'), [
      1,
      'small.example',
      [],
    ]);
  });
});

describe('readReportMail: forwarded mails', () => {
  it('I4: the inner mail is read, and it is the one to verify', async () => {
    const mail = await read(forwarded(bigMail()));
    assert.equal(jsonOf(mail), sampleJson(BIG));
    assert.equal(mail.fromDomain, 'bigmail.example');
    assert.match(Buffer.from(mail.message).toString(), /^MIME-Version: 1\.0\nDate:/);
    assert.deepEqual(mail.notes, ['REPORT_MAIL_FORWARDED']);
  });

  it('I4: ten deep is read, eleven deep is refused', async () => {
    assert.equal(jsonOf(await read(forwarded(bigMail(), 10))), sampleJson(BIG));
    assert.deepEqual(await failureOf(forwarded(bigMail(), 11)), ['REPORT_MAIL_TOO_DEEP']);
  });

  it('I6: several forwarded mails keep their own facts', async () => {
    const eml = (text: string): Wrapping => ({
      type: 'application/octet-stream',
      disposition: 'attachment; filename=r.eml',
      bytes: Buffer.from(text),
    });
    const mail = await read(mixedMail([eml(bigMail()), eml(officeMail())]));
    const submitters = mail.attachments.map((attachment) => attachment.mail.headerSubmitter);
    assert.deepEqual(submitters, ['bigmail.example', 'office.example']);
  });
});

describe('readReportMail: what is no report', () => {
  it('I5: says what it is instead', async () => {
    const none = 'REPORT_MAIL_NO_REPORT';
    assert.deepEqual(await failureOf(CRON), [none, 'plain']);
    assert.deepEqual(await failureOf(BOUNCE), [none, 'bounce']);
    assert.deepEqual(await failureOf(dmarcMail('gzip')), [none, 'dmarc']);
    assert.deepEqual(await failureOf(dmarcMail('zip')), [none, 'dmarc']);
    const picture = { type: 'image/png', bytes: Buffer.from('\x89PNG') };
    assert.deepEqual(await failureOf(mixedMail([picture])), [none, 'attachments']);
    const other = { type: 'application/json', bytes: Buffer.from('{"invoice":1}') };
    assert.deepEqual(await failureOf(mixedMail([other])), [none, 'attachments']);
    assert.deepEqual(await failureOf(''), [none, 'plain']);
    const empty = rfcMail().replace(/Content-Type: application.*(?=------=_Part_0042--)/s, '\n');
    assert.deepEqual(await failureOf(empty), [none, 'empty']);
  });
});

describe('readReportMail: bounds', () => {
  const quick = async (message: string | Uint8Array, ...codes: string[]): Promise<void> => {
    const before = process.memoryUsage().rss;
    const start = performance.now();
    assert.deepEqual(await failureOf(message), codes);
    assert.ok(performance.now() - start < 1000);
    assert.ok(process.memoryUsage().rss - before < 100_000_000);
  };

  it('I13, S7: 25 MB, a header of 10 MB, 1,000 parts, 200 levels, a million lines', async () => {
    await quick(Buffer.alloc(25_000_000, 'x\n'), 'REPORT_MAIL_TOO_LARGE');
    await quick(Buffer.alloc(9_999_999, 'X-A: b\n'), 'REPORT_MAIL_HEADER_TOO_LONG');
    const head = 'Content-Type: multipart/mixed; boundary=b\n\n';
    await quick(head + '--b\n\nx\n'.repeat(1000), 'REPORT_MAIL_TOO_MANY_PARTS');
    await quick(`${head}${'x\n'.repeat(1_000_000)}`, 'REPORT_MAIL_NO_REPORT', 'plain');
    await quick(nested(200), 'REPORT_MAIL_TOO_DEEP');
    await quick(nested(1000), 'REPORT_MAIL_TOO_MANY_PARTS');
    const fields = `${head}--b\n${`X-A: ${'b'.repeat(90)}\n`.repeat(1000)}\nx\n--b--\n`;
    await quick(fields, 'REPORT_MAIL_HEADER_TOO_LONG');
  });

  it('I13: parts of forwarded mails count too', async () => {
    const part = { type: 'image/png', bytes: Buffer.from('x') };
    const inner = Buffer.from(mixedMail(Array.from({ length: 60 }, () => part)));
    const eml = { type: 'message/rfc822', disposition: 'attachment', bytes: inner };
    await quick(mixedMail([eml, eml]), 'REPORT_MAIL_TOO_MANY_PARTS');
  });

  it('takes the bounds it is given', async () => {
    const result = await readReportMail(Buffer.from(bigMail()), {
      ...DEFAULT_MAIL_LIMITS,
      maxBytes: 100,
    });
    assert.equal(result.ok ? '' : result.failure.code, 'REPORT_MAIL_TOO_LARGE');
  });

  it('fuzz: never throws', async () => {
    const shapes = [
      bigMail(),
      officeMail(),
      postMail(),
      rfcMail(),
      forwarded(bigMail(), 2),
      BOUNCE,
    ];
    const edit = fc.record({
      shape: fc.constantFrom(...shapes),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(40),
      put: fc.oneof(
        fc.string(),
        fc.constantFrom('\r', '\n\n', '--', '"', '=?', '(', ';', ':', '\0'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(edit, fc.uint8Array({ maxLength: 300 })), async (input) => {
        const message =
          input instanceof Uint8Array
            ? input
            : Buffer.from(
                input.shape.slice(0, input.at * input.shape.length) +
                  input.put +
                  input.shape.slice(input.at * input.shape.length + input.cut),
              );
        const result = await readReportMail(message);
        assert.equal(typeof result.ok, 'boolean');
      }),
      { numRuns: 300 },
    );
  });
});

function nested(depth: number): string {
  let text = 'Content-Type: multipart/mixed; boundary=b0\n\n';
  for (let level = 1; level <= depth; level += 1) {
    text += `--b${level - 1}\nContent-Type: multipart/mixed; boundary=b${level}\n\n`;
  }
  return text;
}
