import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ERRORS } from '../../errors.ts';
import { readReport, valueOf } from './mime-reader.fixture.ts';
import { decisionOf, notice, NOW, onlyNotification, queued } from './notice.fixture.ts';
import { subjectText } from './subject.ts';
import { encodedText, quotedPrintable } from './mime.ts';

/** What a stranger would write to break out of a field, a part or a line. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    'a\r\nBcc: eve@evil.test',
    'x\r\n\r\n--=_',
    '\r\n.\r\n',
    '\n\n\n',
    '\0',
    '\u2028\u202e',
    '=?utf-8?B?DQo=?=',
    'y'.repeat(3000),
    ' '.repeat(500),
    'é'.repeat(600),
    '\ud800',
  ),
);
const code = fc.constantFrom(...(Object.keys(ERRORS) as (keyof typeof ERRORS)[]));
const reply = fc.record(
  {
    code: fc.integer({ min: 200, max: 599 }),
    enhanced: nasty,
    lines: fc.array(nasty, { maxLength: 3 }),
  },
  { requiredKeys: ['code', 'lines'] },
);
const recipient = fc.record(
  {
    address: nasty,
    orcpt: nasty,
    failure: fc.record({ code, detail: nasty }),
    reply,
    host: nasty,
    code: nasty,
    text: nasty,
  },
  { requiredKeys: ['address'] },
);

describe('notifications', () => {
  it('fuzz: whatever strangers write, the report is well-formed and says what it is to say', async () => {
    const options = fc.record({
      kind: fc.constantFrom('failed', 'delayed', 'relayed'),
      ending: fc.constantFrom('rejected', 'expired', 'operator'),
      recipients: fc.array(recipient, { minLength: 1, maxLength: 3 }),
      content: fc.oneof(nasty, fc.uint8Array({ maxLength: 300 })),
      destination: nasty,
      envid: nasty,
      messageIdHeader: nasty,
      decided: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(options, async (given) => {
        const { envid, messageIdHeader, content, decided, recipients, ...more } = given;
        const { message, content: source } = onlyNotification(
          notice({
            ...more,
            recipients: recipients.map((one) => ({
              ...one,
              notify: ['SUCCESS', 'FAILURE', 'DELAY'],
            })),
            message: queued({ envid, messageIdHeader }),
            content: () => [Buffer.from(content as string)],
            willRetryUntil: NOW,
            ...(decided ? { decision: decisionOf() } : {}),
          }),
        );
        const report = await readReport(source);
        assert.equal(message.envelope.from, '');
        assert.equal(valueOf(report.fields, 'Bcc'), undefined);
        assert.equal(valueOf(report.fields, 'To'), 'alice@sender.test');
        assert.equal(report.groups.length, recipients.length + 1);
        for (const group of report.groups.slice(1)) {
          assert.equal(valueOf(group, 'Action'), given.kind);
          assert.match(valueOf(group, 'Status') ?? '', /^[245]\.\d{1,3}\.\d{1,3}$/);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('fuzz: encoded words and quoted-printable read back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (text) => {
        const line = text.replaceAll(/[\p{C}\p{Z}\s=?]/gu, 'x');
        assert.equal(subjectText(encodedText(line)), line);
        const back = quotedPrintable(text.replaceAll(/[\r\n]/g, ''))
          .replaceAll('=\r\n', '')
          .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
            String.fromCharCode(parseInt(hex, 16)),
          );
        assert.equal(Buffer.from(back, 'latin1').toString(), text.replaceAll(/[\r\n]/g, ''));
      }),
    );
  });
});
