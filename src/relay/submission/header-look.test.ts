import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lookAtHeader } from './header-look.ts';
import { createDateText, missingFields, protocolOf, receivedField } from './received.ts';

function look(text: string): ReturnType<typeof lookAtHeader> {
  return lookAtHeader(Buffer.from(text));
}

describe('the look at a header', () => {
  it('counts Received, and finds Date and Message-ID in any case and folded', () => {
    assert.deepEqual(
      look('RECEIVED: a\r\n Received: no\r\nreceived : b\r\nDATE: x\r\nMessage-id:\r\n <a@b>\r\n'),
      { received: 2, hasDate: true, messageId: '<a@b>', tlsRequiredNo: false },
    );
    assert.deepEqual(look('Dated: x\r\nX-Date: y\r\nSubject: Date: z\r\n'), {
      received: 0,
      hasDate: false,
      messageId: '',
      tlsRequiredNo: false,
    });
  });

  it('a Message-ID becomes one line of bounded length', () => {
    assert.equal(look('Message-ID: <é\u0007@b>\r\n').messageId, '<é\\u{7}@b>');
    assert.ok(look(`Message-ID: ${'x'.repeat(100_000)}\r\n`).messageId.length < 260);
  });

  it('RT-4.1-2: TLS-Required counts where it says No, and only in the header', () => {
    assert.equal(look('Subject: x\r\nTLS-Required: No\r\n').tlsRequiredNo, true);
    assert.equal(look('TLS-Required: Yes\r\n').tlsRequiredNo, false);
    assert.equal(look('TLS-Required: No\r\nTLS-Required: Yes\r\n').tlsRequiredNo, false);
    assert.equal(look('X-TLS-Required: No\r\n').tlsRequiredNo, false);
    assert.equal(look('A: b\r\nno field\r\nTLS-Required: No\r\n').tlsRequiredNo, false);
  });

  it('looks at the first 64 KiB', () => {
    const filler = `X: ${'y'.repeat(93)}\r\n`.repeat(1_000);
    assert.equal(look(`${filler}Date: x\r\n`).hasDate, false);
  });
});

describe('what is written before a message', () => {
  const facts = {
    id: 'M1',
    heloName: 'relay.test',
    clientName: 'client.test',
    clientAddress: '2001:db8::1',
    extended: true,
    authenticated: true,
    tls: { version: 'TLSv1.2', cipher: 'TLS_X' },
    requireTls: false,
    smtpUtf8: true,
    onlyRecipient: undefined,
    date: 'D',
  };

  it('names the protocol as it is registered', () => {
    const clear = { ...facts, tls: undefined };
    assert.equal(protocolOf(facts), 'UTF8SMTPSA');
    assert.equal(protocolOf({ ...facts, smtpUtf8: false }), 'ESMTPSA');
    assert.equal(protocolOf({ ...facts, smtpUtf8: false, authenticated: false }), 'ESMTPS');
    assert.equal(protocolOf({ ...clear, smtpUtf8: false, authenticated: false }), 'ESMTP');
    assert.equal(protocolOf({ ...clear, extended: false, authenticated: false }), 'SMTP');
  });

  it('says where the message came from, over which TLS, and for whom if there is one alone', () => {
    assert.equal(
      receivedField(facts),
      'Received: from client.test ([IPv6:2001:db8::1])\r\n' +
        '\tby relay.test with UTF8SMTPSA id M1\r\n\ttls TLS_X (TLSv1.2);\r\n\tD\r\n',
    );
  });

  it('adds only what is missing', () => {
    const own = { date: 'D', ownMessageId: '<1@x>' };
    assert.equal(missingFields({ ...own, hasDate: true, messageId: '<a@b>' }), '');
    assert.equal(
      missingFields({ ...own, hasDate: false, messageId: '' }),
      'Date: D\r\nMessage-ID: <1@x>\r\n',
    );
  });

  it('dates are those of RFC 5322', () => {
    const dateText = createDateText();
    assert.equal(dateText(Date.UTC(2026, 0, 2, 3, 4, 5, 999)), 'Fri, 02 Jan 2026 03:04:05 +0000');
    assert.equal(dateText(Date.UTC(2026, 0, 2, 3, 4, 6)), 'Fri, 02 Jan 2026 03:04:06 +0000');
  });
});
