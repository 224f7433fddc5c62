import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SubmissionOptions, submissionOf } from './submission.ts';

const LETTER =
  'From: Me <me@example.org>\r\nTo: a@example.com, B <b@example.net>\r\nBcc: c@example.com,\r\n d@example.com\r\nSubject: hi\r\n\r\nBcc: this is text\r\n';

async function submit(message: string, options: Partial<SubmissionOptions> = {}) {
  return await submissionOf(Buffer.from(message), { to: [], requireTls: false, ...options });
}

describe('a message that is handed in', () => {
  it('goes to To, Cc and Bcc, and Bcc does not travel', async () => {
    const submission = await submit(LETTER);
    assert.ok(submission.ok);
    const { envelope, content } = submission.value;
    assert.equal(envelope.from, 'me@example.org');
    assert.deepEqual(
      envelope.recipients.map(({ address }) => address),
      ['a@example.com', 'b@example.net', 'c@example.com', 'd@example.com'],
    );
    const text = Buffer.from(content).toString();
    assert.ok(!text.includes('c@example.com') && !text.includes('d@example.com'));
    assert.match(text, /Subject: hi\r\n\r\nBcc: this is text/);
  });

  it('recipients and sender of the command line stand before the header', async () => {
    const submission = await submit(LETTER, { to: ['x@example.com'], from: '<>' });
    assert.ok(submission.ok);
    assert.equal(submission.value.envelope.from, '');
    assert.deepEqual(submission.value.envelope.recipients, [{ address: 'x@example.com' }]);
  });

  it('RFC 6531 §3.2: only a local part beyond ASCII needs SMTPUTF8, a domain does not', async () => {
    const domain = await submit(LETTER, { to: ['a@bücher.example'] });
    assert.ok(domain.ok && domain.value.envelope.smtpUtf8 === undefined);
    const local = await submit(LETTER, { to: ['bücher@example.com'] });
    assert.ok(local.ok && local.value.envelope.smtpUtf8 === true);
  });

  it('a recipient named twice gets one message', async () => {
    const submission = await submit(LETTER, {
      to: ['x@example.com', 'x@EXAMPLE.com', '<x@example.com>'],
    });
    assert.ok(submission.ok);
    assert.deepEqual(submission.value.envelope.recipients, [{ address: 'x@example.com' }]);
  });

  it('RFC 5322 §3.6: a message without any header field is refused', async () => {
    for (const text of ['hello\r\n', '\r\nFrom: me@example.org\r\n', 'hello: world']) {
      const submission = await submit(text, { to: ['x@example.com'], from: '<>' });
      const code = submission.ok ? 'ok' : submission.failure.code;
      assert.equal(code, text === 'hello: world' ? 'ok' : 'SUBMISSION_NO_HEADER', text);
    }
  });

  it('only <> is the null sender; one plain address stands in each option', async () => {
    const detail = async (options: Partial<SubmissionOptions>): Promise<string> => {
      const submission = await submit(LETTER, options);
      assert.ok(!submission.ok && submission.failure.code === 'SMTP_ADDRESS_INVALID');
      return submission.failure.detail;
    };
    assert.match(await detail({ from: '' }), /--from is empty; for no sender write --from "<>"/);
    assert.match(await detail({ from: 'Me <me@example.org>' }), /one plain address for --from/);
    assert.match(
      await detail({ to: ['You <you@example.com>'] }),
      /one plain address for each --to/,
    );
    assert.match(
      await detail({ to: ['a@example.com, b@example.com'] }),
      /one plain address for each --to/,
    );
    assert.match(await detail({ to: [''] }), /one plain address for each --to/);
  });

  it('8-bit content asks for 8BITMIME; REQUIRETLS is passed on; TLS-Required: No is seen', async () => {
    const submission = await submit(`TLS-Required: No\r\n${LETTER}ü`, { requireTls: true });
    assert.ok(submission.ok);
    assert.equal(submission.value.envelope.body, '8BITMIME');
    assert.equal(submission.value.envelope.requireTls, true);
    assert.equal(submission.value.tlsRequiredNo, true);
  });

  it('nobody to send to, nobody who sends, an address that is none: each its code', async () => {
    const nobody = await submit('From: me@example.org\r\n\r\nhi');
    assert.ok(!nobody.ok && nobody.failure.code === 'SUBMISSION_NO_RECIPIENT');
    const noSender = await submit('To: a@example.com\r\n\r\nhi');
    assert.ok(!noSender.ok && noSender.failure.code === 'SUBMISSION_NO_SENDER');
    const bad = await submit(LETTER, { to: ['nonsense'] });
    assert.ok(!bad.ok && bad.failure.code === 'SMTP_ADDRESS_INVALID');
  });
});
