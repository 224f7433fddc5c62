import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import type { Authenticity } from '../types.ts';
import { readReportMail } from './read-report-mail.ts';
import { base64, BIG, bigMail, forwarded, packings, sampleJson } from './report-mails.fixture.ts';
import { keyResolver, testKey } from './signed-mails.fixture.ts';
import { verifyReportMail } from './verify-mail.ts';

const KEY = testKey();
const NOW = Date.UTC(2026, 2, 5, 12);
/** Large senders cover these; Content-Type is not among them. */
const COVERED = ['to', 'from', 'subject', 'message-id', 'date', 'mime-version'];
/** A report that looks like one of the organisation whose mail is forged. */
const FORGED = sampleJson(BIG);
/** What the attacker has the organisation quote. */
const QUOTED = ['--x1234567', 'Content-Type: application/tlsrpt+json', '', FORGED, '--x1234567--'];

const HEAD = ['From: comments@bigmail.example', 'To: b@evil.example', 'Subject: a comment'];

/** An honest mail: the type as the organisation sets it, and the body. */
function honest(type: string, body: readonly string[], more: readonly string[] = []): string {
  const types = type === '' ? [] : [`Content-Type: ${type}`];
  return [...HEAD, 'MIME-Version: 1.0', ...more, ...types, '', ...body, ''].join('\r\n');
}

async function signed(message: string, covered: readonly string[] = COVERED): Promise<string> {
  const signer = { signingDomain: 'bigmail.example', selector: 'sel', privateKey: KEY.pem };
  const { signatures } = await dkimSign(message, {
    headerList: covered.join(':'),
    canonicalization: 'relaxed/relaxed',
    signTime: new Date(NOW),
    ...signer,
    signatureData: [signer],
  });
  return signatures + message;
}

/** What is said of each report that is found in it. */
async function judged(text: string): Promise<readonly Authenticity[]> {
  const mail = await readReportMail(Buffer.from(text, 'latin1'));
  if (!mail.ok) return [];
  const resolver = keyResolver({
    'sel._domainkey.bigmail.example': `v=DKIM1; k=rsa; s=tlsrpt; p=${KEY.publicKey}`,
  });
  return await Promise.all(
    mail.value.attachments.map(({ mail: { message }, place }) =>
      verifyReportMail({
        message,
        place,
        resolver,
        submitters: ['bigmail.example'],
        requireTlsrptKey: true,
        now: NOW,
      }),
    ),
  );
}

/** `broken CODE`, `verified`; nothing where no report was found. */
async function told(text: string): Promise<readonly string[]> {
  return (await judged(text)).map(({ kind, notes }) =>
    [kind, ...notes.map((note) => /\((\w+)\)$/.exec(note)![1]!)].join(' '),
  );
}

const LOOSE = ['broken DKIM_SHAPE_UNSIGNED'];

/** With another header. */
const retyped = (text: string, type: string): string =>
  text.replace(/\r\nContent-Type: [^\r]*\r\n/, `\r\nContent-Type: ${type}\r\n`);

describe('verifyReportMail: what the signature leaves open', () => {
  const alternative = honest('multipart/alternative; boundary="0000gg1234"', [
    '--0000gg1234',
    'Content-Type: text/plain; charset=UTF-8',
    '',
    'Mallory wrote:',
    ...QUOTED,
    '',
    '--0000gg1234--',
  ]);

  it('S8: the mails of large senders are proven without Content-Type in h=', async () => {
    const mail = bigMail().replaceAll('\n', '\r\n');
    assert.deepEqual(await told(await signed(mail)), ['verified']);
    const lines = mail.replace('\r\n\r\n', '\r\n\r\n\r\n\r\n');
    assert.deepEqual(await told(await signed(lines)), ['verified'], 'empty lines before it');
  });

  it('S8: a quoted text does not become a report by another boundary', async () => {
    const mail = await signed(alternative);
    assert.deepEqual(await told(mail), []);
    const type = 'multipart/report; report-type=tlsrpt; boundary=x1234567';
    for (const each of [
      type,
      `${type}; boundary="0000gg1234"`,
      `multipart/report; boundary*=0000gg1234; boundary=x1234567`,
      `multipart/report; boundary*0=0000gg1234; boundary="x1234567"`,
      `multipart/report; charset="=?x?q?0000gg1234?="; boundary="x1234567"`,
    ]) {
      assert.deepEqual(await told(retyped(mail, each)), LOOSE, each);
    }
    for (const each of [
      'multipart/report; boundary=0000gg1234',
      'multipart/report (; boundary="0000gg1234"); boundary=x1234567',
    ]) {
      assert.deepEqual(await told(retyped(mail, each)), [], each);
    }
  });

  it('S8: where Content-Type is covered another one breaks the signature', async () => {
    const mail = await signed(alternative, [...COVERED, 'content-type']);
    const forged = retyped(mail, 'multipart/report; boundary=x1234567');
    assert.deepEqual(await told(forged), ['broken DKIM_SIGNATURE_INVALID']);
  });

  it('S8: of two signatures that hold, one that covers Content-Type is enough', async () => {
    const mail = honest('multipart/mixed; boundary=note', [
      '--note',
      ...QUOTED.slice(1, 4),
      '--note--',
    ]);
    const covered = await signed(mail, [...COVERED, 'content-type']);
    assert.deepEqual(await told(await signed(mail)), LOOSE);
    const loose = (await signed(mail)).slice(0, -mail.length);
    assert.deepEqual(await told(loose + covered), ['verified']);
  });

  it('S8: a preamble that holds the quotation is none of the sender', async () => {
    const mail = honest('multipart/mixed; boundary=zz12345678', [
      'Mallory wrote:',
      ...QUOTED,
      '--zz12345678',
      '',
      'text',
      '--zz12345678--',
    ]);
    const forged = retyped(await signed(mail), 'multipart/report; boundary=x1234567');
    assert.deepEqual(await told(forged), LOOSE);
  });

  it('S8: a part of a part counts only where Content-Type is covered', async () => {
    const inner = [
      '--outer12345',
      'Content-Type: multipart/mixed; boundary=x1234567',
      '',
      ...QUOTED,
      '--outer12345--',
    ];
    const mail = honest('multipart/mixed; boundary=outer12345', inner);
    assert.deepEqual(await told(await signed(mail)), LOOSE);
    const covered = await signed(mail, [...COVERED, 'content-type']);
    assert.deepEqual(await told(covered), ['verified']);
  });

  it('S8: the whole body is no report by fields that nobody signed', async () => {
    const text = await signed(honest('text/plain; charset=UTF-8', [FORGED]));
    assert.deepEqual(await told(text), []);
    assert.deepEqual(await told(retyped(text, 'application/tlsrpt+json')), LOOSE);
    assert.deepEqual(await told(retyped(text, 'multipart/report')), LOOSE);
    assert.deepEqual(await told(text.replace('\r\nContent-Type', '\r\nX-Type')), []);
    const packed = await signed(
      honest('', base64(packings(BIG).gzip).split('\n'), [
        'Content-Type: text/plain',
        'Content-Transfer-Encoding: 7bit',
      ]),
      [...COVERED, 'content-type'],
    );
    const decoded = packed
      .replace('Encoding: 7bit', 'Encoding: base64')
      .replace(
        '\r\nMIME-Version',
        '\r\nContent-Disposition: attachment; filename=r.json.gz\r\nMIME-Version',
      );
    assert.deepEqual(await told(decoded), LOOSE);
    const covered = await signed(honest('text/plain', [FORGED]), [...COVERED, 'content-type']);
    const named = `Content-Disposition: attachment; filename=a.json\r\n${covered}`;
    assert.deepEqual(await told(named), LOOSE);
  });

  it('a report that is the whole body is proven where all that makes it one is signed', async () => {
    const lines = base64(packings(BIG).gzip).split('\n');
    const bare = honest('application/tlsrpt+gzip', lines, ['Content-Transfer-Encoding: base64']);
    const all = [...COVERED, 'content-type', 'content-transfer-encoding'];
    assert.deepEqual(await told(await signed(bare, all)), ['verified']);
    assert.deepEqual(await told(await signed(bare, [...COVERED, 'content-type'])), LOOSE);
  });

  it('S8: a text that begins with a ruler is no multipart', async () => {
    for (const boundary of ['------------', '---Original message---', 'note', ' ']) {
      const line = `--${boundary}`;
      const text = honest('text/plain', [
        line,
        'From: x',
        '',
        'hello',
        line,
        ...QUOTED.slice(1, 4),
      ]);
      const forged = retyped(await signed(text), `multipart/report; boundary="${boundary}"`);
      assert.deepEqual(await told(forged), LOOSE, boundary);
    }
  });

  it('S8: a blank in the empty line above a text does not make a header of it', async () => {
    for (const covered of [COVERED, [...COVERED, 'content-type']]) {
      const mail = await signed(
        honest('multipart/alternative; boundary="0000gg1234"', [
          '--0000gg1234',
          'Content-Transfer-Encoding: 7bit',
          '',
          'Content-Disposition: attachment; filename=r.json',
          '',
          FORGED,
          '--0000gg1234--',
        ]),
        covered,
      );
      assert.deepEqual(await told(mail), []);
      assert.deepEqual(await told(mail.replace('7bit\r\n\r\n', '7bit\r\n \t\r\n')), []);
    }
  });

  it('S8: a mail in a mail is proven by its own signature alone', async () => {
    const report = bigMail();
    const outer = forwarded(report)
      .replaceAll('\n', '\r\n')
      .replace(/^From: .*/, HEAD[0]!);
    assert.deepEqual(await told(await signed(outer)), ['unsigned DKIM_SIGNATURE_MISSING']);
    const text = await signed(honest('text/plain', report.split('\n')));
    const forged = await told(retyped(text, 'message/rfc822'));
    assert.deepEqual(forged, ['unsigned DKIM_SIGNATURE_MISSING']);
    const inner = (await signed(report.replaceAll('\n', '\r\n'))).replaceAll('\r\n', '\n');
    assert.deepEqual(await told(forwarded(inner)), ['verified']);
  });
});
