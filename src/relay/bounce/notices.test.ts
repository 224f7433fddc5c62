import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageDemand } from '../require-tls.ts';
import { readReport, valueOf } from './mime-reader.fixture.ts';
import {
  AUTHOR,
  blocked,
  contentOf,
  notice,
  onlyNotification,
  queued,
  reportOf,
} from './notice.fixture.ts';
import { notificationsFor } from './notices.ts';

const REQUIRETLS = {
  code: 'POLICY_REQUIRETLS_UNSUPPORTED',
  detail: 'REQUIRETLS: mx1.example.test does not offer REQUIRETLS inside TLS',
} as const;
const BOB = { address: 'bob@example.test' } as const;

describe('who is told', () => {
  it('SMTP-6.1-1, RT-4.2.1-5: the author of a message that fails is told', () => {
    const { message } = onlyNotification(
      notice({
        message: queued({ requireTls: true }),
        recipients: [{ ...BOB, failure: REQUIRETLS }],
      }),
    );
    assert.deepEqual(message.recipients, [{ address: AUTHOR }]);
    assert.deepEqual(message.origin, { via: 'own' });
  });

  it('SMTP-4.5.5-1: nobody is told of a failed notification, and the log hears of it', () => {
    const answer = notificationsFor(notice({ message: queued({ from: '' }) }));
    assert.deepEqual(answer.notifications, []);
    assert.equal(answer.dropped[0]?.recipient, BOB.address);
    assert.match(answer.dropped[0]?.why ?? '', /null reverse-path/);
  });

  it('DSN-3461-1: who wants silence is not named in the report about the others', async () => {
    const options = notice({
      recipients: [BOB, { address: 'quiet@example.test', notify: ['NEVER'] }],
    });
    assert.deepEqual(notificationsFor(options).dropped, [
      { recipient: 'quiet@example.test', why: 'the author asked for NOTIFY=NEVER' },
    ]);
    assert.doesNotMatch((await reportOf(options)).raw, /quiet@/);
  });

  it('DSN-3461-1: a delay is told unasked or with NOTIFY=DELAY', () => {
    const told = (notify?: readonly ('FAILURE' | 'DELAY' | 'SUCCESS')[]): number =>
      notificationsFor(
        notice({ kind: 'delayed', recipients: [{ ...BOB, ...(notify && { notify }) }] }),
      ).notifications.length;
    assert.equal(told(), 1);
    assert.equal(told(['DELAY']), 1);
    assert.equal(told(['FAILURE', 'SUCCESS']), 0);
  });

  it('DSN-3461-1: that a message was relayed is told to those alone who asked for SUCCESS', async () => {
    const silent = notificationsFor(notice({ kind: 'relayed' }));
    assert.deepEqual(silent, { notifications: [], dropped: [] });
    const report = await reportOf(
      notice({ kind: 'relayed', recipients: [{ ...BOB, notify: ['SUCCESS'] }] }),
    );
    assert.equal(valueOf(report.groups[1] ?? [], 'Action'), 'relayed');
    assert.match(report.text, /You asked to hear when your message arrives/);
  });
});

describe('the envelope', () => {
  it('DSN-5321-3.6.3: the reverse-path is null', () => {
    assert.equal(onlyNotification(notice()).message.envelope.from, '');
  });

  it('RT-5-1: a REQUIRETLS message has a REQUIRETLS notification', () => {
    const strict = onlyNotification(notice({ message: queued({ requireTls: true }) }));
    assert.equal(strict.message.envelope.requireTls, true);
    assert.equal(onlyNotification(notice()).message.envelope.requireTls, undefined);
  });

  it('RT-5-3: it goes also where REQUIRETLS is not to be had, and holds nothing that must not', async () => {
    const options = notice({ message: queued({ requireTls: true }) });
    const { envelope } = onlyNotification(options).message;
    assert.equal(messageDemand(envelope, undefined), 'prefer-tls');
    assert.doesNotMatch((await reportOf(options)).raw, /Here it is/);
  });

  it('8-bit content of the message makes it an 8-bit notification; a mere header does not', () => {
    const bodyOf = (message: Parameters<typeof queued>[0]): string | undefined =>
      onlyNotification(notice({ message: queued(message) })).message.envelope.body;
    assert.equal(bodyOf({ body: '8BITMIME' }), '8BITMIME');
    assert.equal(bodyOf({ body: '8BITMIME', ret: 'HDRS' }), undefined);
    assert.equal(bodyOf({}), undefined);
  });

  it('an address that can be written in ASCII is, and needs no SMTPUTF8', async () => {
    const options = notice({ message: queued({ from: 'alice@bücher.test' }) });
    const { message } = onlyNotification(options);
    assert.deepEqual(message.recipients, [{ address: 'alice@xn--bcher-kva.test' }]);
    assert.equal(message.envelope.smtpUtf8, undefined);
    const report = await reportOf(options);
    assert.equal(valueOf(report.fields, 'To'), 'alice@xn--bcher-kva.test');
  });

  it('an author beyond ASCII gets it by SMTPUTF8', async () => {
    const options = notice({ message: queued({ from: 'pelé@sender.test', smtpUtf8: true }) });
    assert.equal(onlyNotification(options).message.envelope.smtpUtf8, true);
    const { fields } = await reportOf(options);
    assert.equal(
      Buffer.from(valueOf(fields, 'To') ?? '', 'latin1').toString('utf8'),
      'pelé@sender.test',
    );
  });
});

describe('the header', () => {
  it('tells programs not to answer, and mail programs where it belongs', async () => {
    const { fields } = await reportOf(notice());
    assert.equal(valueOf(fields, 'Auto-Submitted'), 'auto-replied');
    assert.equal(valueOf(fields, 'In-Reply-To'), '<m1@sender.test>');
    assert.equal(valueOf(fields, 'References'), '<m1@sender.test>');
    assert.equal(valueOf(fields, 'To'), AUTHOR);
    assert.equal(valueOf(fields, 'From'), 'Mail Delivery System <MAILER-DAEMON@relay.sender.test>');
    assert.equal(valueOf(fields, 'Date'), 'Tue, 06 Jan 2026 00:00:00 +0000');
    assert.equal(valueOf(fields, 'Subject'), 'Not delivered: your message to bob@example.test');
  });

  it('the Message-ID is the same each time it is written, and another for another notification', async () => {
    const { message, content } = onlyNotification(notice());
    const id = valueOf((await readReport(content)).fields, 'Message-ID');
    assert.equal(valueOf((await readReport(content)).fields, 'Message-ID'), id);
    assert.equal(message.messageIdHeader, id);
    const other = onlyNotification(notice({ destination: 'other.test' }));
    assert.notEqual(other.message.messageIdHeader, id);
  });

  it('RT-5-R1: `TLS-Required: No` is copied, and only then there', async () => {
    const options = notice({ message: queued({ tlsRequiredNo: true }) });
    assert.equal(valueOf((await reportOf(options)).fields, 'TLS-Required'), 'No');
    assert.equal(onlyNotification(options).message.tlsRequiredNo, true);
    assert.equal(valueOf((await reportOf(notice())).fields, 'TLS-Required'), undefined);
  });

  it('a Message-ID that is none makes no thread', async () => {
    for (const messageIdHeader of ['', 'x', '<a b@c>', '<ü@c>', '<a@b>\r\nBcc: x@y']) {
      const { fields } = await reportOf(notice({ message: queued({ messageIdHeader }) }));
      assert.equal(valueOf(fields, 'References'), undefined, messageIdHeader);
      assert.equal(valueOf(fields, 'Bcc'), undefined);
    }
  });

  it('a recipient beyond ASCII stands in the subject as an encoded word', async () => {
    const { fields } = await reportOf(notice({ recipients: [{ address: 'pelé@example.test' }] }));
    assert.match(valueOf(fields, 'Subject') ?? '', /^=\?utf-8\?B\?/);
  });
});

describe('the message that goes back', () => {
  const big = `Subject: x\r\n\r\n${'0123456789abcdef\r\n'.repeat(4000)}`;

  it('DSN-6522-3-1: is the third part', async () => {
    const { returned } = await reportOf(notice());
    assert.equal(returned?.type, 'message/rfc822');
    assert.match(returned?.body ?? '', /Here it is\.\r\n$/);
  });

  it('DSN-3461-1: RET=HDRS limits it to the header', async () => {
    const { returned } = await reportOf(notice({ message: queued({ ret: 'HDRS' }) }));
    assert.equal(returned?.type, 'text/rfc822-headers');
    assert.match(returned?.body ?? '', /^From: Alice/);
    assert.doesNotMatch(returned?.body ?? '', /Here it is/);
  });

  it('RT-5-2: a REQUIRETLS message is returned as its header, whatever RET says', async () => {
    const { returned, text } = await reportOf(
      notice({ message: queued({ requireTls: true, ret: 'FULL' }) }),
    );
    assert.equal(returned?.type, 'text/rfc822-headers');
    assert.doesNotMatch(returned?.body ?? '', /Here it is/);
    assert.match(text, /Its content is not, to keep it protected/);
  });

  it('a delayed or relayed message is never returned whole (RFC 3461 §6.2)', async () => {
    const message = queued({ ret: 'FULL' });
    for (const kind of ['delayed', 'relayed'] as const) {
      const recipients = [{ ...BOB, notify: ['SUCCESS', 'DELAY'] as const }];
      const { returned } = await reportOf(notice({ kind, message, recipients }));
      assert.equal(returned?.type, 'text/rfc822-headers');
    }
  });

  it('a big one goes back as its header, and no more of it is read than that takes', async () => {
    let read = 0;
    const content = function* (): Generator<Uint8Array> {
      for (let at = 0; at < big.length; at += 1000) {
        read += 1;
        yield Buffer.from(big.slice(at, at + 1000));
      }
    };
    const { returned } = await reportOf(notice({ message: queued({ size: big.length }), content }));
    assert.equal(returned?.type, 'text/rfc822-headers');
    assert.equal(returned?.body, 'Subject: x\r\n');
    assert.equal(read, 1);
  });

  it('one that is bigger than it was said to be does too', async () => {
    const { returned } = await reportOf(notice({ content: contentOf(big) }));
    assert.equal(returned?.type, 'text/rfc822-headers');
  });

  it('nothing is read before the notification is', () => {
    const content = (): never => {
      throw new Error('read too early');
    };
    assert.equal(notificationsFor(notice({ content })).notifications.length, 1);
  });

  it('one that cannot be read keeps nobody from being told', async () => {
    const content = (): never => {
      throw new Error('the disk is gone');
    };
    const { returned, text } = await reportOf(notice({ content }));
    assert.equal(returned, undefined);
    assert.match(text, /It could not be attached\./);
  });
});

describe('DSN-R1, DSN-R2: what a policy blocks', () => {
  const failure = {
    code: 'TLS_CERTIFICATE_EXPIRED',
    detail: 'the certificate of mx1.example.test [192.0.2.1]:25 has expired (2025-12-01)',
    resultType: 'certificate-expired',
  } as const;

  it('DSN-R1: 4.7.5 while it waits, 5.7.5 at the end; domain, MX, policy and cause are named', async () => {
    const waits = await reportOf(blocked(failure, { kind: 'delayed' }));
    assert.equal(valueOf(waits.groups[1] ?? [], 'Status'), '4.7.5');
    const { groups } = await reportOf(blocked(failure));
    assert.equal(valueOf(groups[1] ?? [], 'Status'), '5.7.5');
    const diagnostic = valueOf(groups[1] ?? [], 'Diagnostic-Code') ?? '';
    assert.match(diagnostic, /^X-Smtp-Sts; TLS_CERTIFICATE_EXPIRED: /);
    assert.match(diagnostic, /domain example\.test, MX mx1\.example\.test, MTA-STS enforce id id1/);
  });

  it('DSN-R2: the delay notice says that a policy blocks, not the recipient', async () => {
    const until = Date.UTC(2026, 0, 7);
    const { text, groups } = await reportOf(
      blocked(failure, { kind: 'delayed', willRetryUntil: until }),
    );
    const flat = text.replaceAll(/\s+/g, ' ');
    assert.match(flat, /A security rule holds the message back, not the recipient\./);
    assert.match(flat, /tried again until 7 Jan 2026, 00:00 UTC/);
    assert.match(flat, /You need not do anything; do not send it again\./);
    assert.match(flat, /NOT sent unencrypted/);
    assert.doesNotMatch(flat, /What you can do/);
    assert.equal(valueOf(groups[1] ?? [], 'Will-Retry-Until'), 'Wed, 07 Jan 2026 00:00:00 +0000');
  });
});
