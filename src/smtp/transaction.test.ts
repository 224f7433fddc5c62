import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { content, openSession, opening } from './dialogue.fixture.ts';
import type { Envelope, RecipientResult } from './types.ts';

const A = 'a@example.test';
const B = 'b@example.test';
const C = 'c@example.test';

function to(...recipients: readonly string[]): Envelope {
  return { from: A, recipients: recipients.map((address) => ({ address })) };
}

/** `b@example.test delivered`, `c@example.test failed SMTP_RCPT_REFUSED 550`. */
function say(results: readonly RecipientResult[]): readonly string[] {
  return results.map((result) => {
    const head = `${result.recipient} ${result.status}`;
    if (result.status === 'delivered') return head;
    return `${head} ${result.failure.code}${result.reply ? ` ${result.reply.code}` : ''}`;
  });
}

describe('send, step by step', () => {
  it('SMTP-4.5.4.1-2: one transaction carries a message to several recipients', async (t) => {
    const { open, server } = await openSession(
      t,
      `${opening()}
      C: MAIL FROM:<a@example.test>
      S: 250 ok
      C: RCPT TO:<b@example.test>
      S: 250 ok
      C: RCPT TO:<c@example.test>
      S: 250 ok
      C: DATA
      S: 354 go
      C: Subject: x
      C: 
      C: ..dot
      C: .
      S: 250 2.0.0 queued as 1`,
    );
    const results = await open.send(to(B, C), content('Subject: x\n\n.d', 'ot'));
    assert.deepEqual(say(results), [`${B} delivered`, `${C} delivered`]);
    assert.equal(results[0]?.reply?.enhanced, '2.0.0');
    assert.equal(open.usable, true);
    await server.done;
  });

  it('says nothing that cannot succeed any more', async (t) => {
    const { open, server } = await openSession(
      t,
      `${opening()}
      C: MAIL FROM:<a@example.test>
      S: 250 ok
      C: RCPT TO:<b@example.test>
      S: 550 5.1.1 no such user
      C: RSET
      S: 250 ok
      C: MAIL FROM:<a@example.test>
      S: 451 4.3.0 later
      C: QUIT
      S: 221 bye`,
    );
    assert.deepEqual(say(await open.send(to(B), content('x'))), [
      `${B} failed SMTP_RCPT_REFUSED 550`,
    ]);
    assert.deepEqual(say(await open.send(to(B), content('x'))), [
      `${B} deferred SMTP_MAIL_REFUSED 451`,
    ]);
    await open.quit();
    await server.done;
  });

  it('each recipient has its own fate', async (t) => {
    const { open } = await openSession(
      t,
      `${opening()}
      C: *
      S: 250 ok
      C: RCPT TO:<b@example.test>
      S: 250 ok
      C: RCPT TO:<c@example.test>
      S: 450 4.2.0 greylisted
      C: RCPT TO:<d@example.test>
      S: 552 too many recipients
      C: RCPT TO:<e@example.test>
      S: 552 5.2.2 mailbox full
      C: DATA
      S: 354 go
      C: x
      C: .
      S: 250 ok`,
    );
    const results = await open.send(
      to(B, 'not a mailbox', C, 'd@example.test', 'e@example.test'),
      content('x'),
    );
    assert.deepEqual(say(results), [
      `${B} delivered`,
      'not a mailbox failed SMTP_ADDRESS_INVALID',
      `${C} deferred SMTP_RCPT_REFUSED 450`,
      'd@example.test deferred SMTP_RCPT_REFUSED 552',
      'e@example.test failed SMTP_RCPT_REFUSED 552',
    ]);
  });

  for (const [reply, expected] of [
    ['554 5.7.1 spam', 'failed SMTP_MESSAGE_REFUSED 554'],
    ['451 4.3.0 later', 'deferred SMTP_MESSAGE_REFUSED 451'],
    ['421 4.3.2 shutting down', 'deferred SMTP_SERVER_CLOSING 421'],
    ['354 again', 'deferred SMTP_REPLY_UNEXPECTED 354'],
  ] as const) {
    it(`the final reply "${reply}" gives ${expected}`, async (t) => {
      const { open } = await openSession(
        t,
        `${opening()}
        C: *
        S: 250 ok
        C: *
        S: 250 ok
        C: DATA
        S: 354 go
        C: x
        C: .
        S: ${reply}`,
      );
      assert.deepEqual(say(await open.send(to(B), content('x'))), [`${B} ${expected}`]);
      assert.equal(open.usable, /^5|^45/.test(reply));
    });
  }

  it('a reply that has no meaning where it comes ends the session', async (t) => {
    for (const [mail, rcpt, data] of [
      ['354 go', '', ''],
      ['250 ok', '334 what', ''],
      ['250 ok', '250 ok', '250 ok'],
    ]) {
      const { open } = await openSession(
        t,
        `${opening()}
        C: *
        S: ${mail}
        C: *
        S: ${rcpt}
        C: DATA
        S: ${data}`,
      );
      const [result] = await open.send(to(B), content('x'));
      assert.ok(result?.status === 'deferred');
      assert.equal(result.failure.code, 'SMTP_REPLY_UNEXPECTED');
      assert.equal(open.usable, false);
    }
  });

  it('parameters are said only where they are offered', async (t) => {
    const envelope: Envelope = {
      from: A,
      recipients: [{ address: B, notify: ['FAILURE'], orcpt: 'rfc822;b+x@example.test' }],
      ret: 'HDRS',
      envid: 'id 1',
      size: 100,
    };
    const bare = await openSession(
      t,
      `${opening()}
      C: MAIL FROM:<a@example.test>
      S: 250 ok
      C: RCPT TO:<b@example.test>
      S: 550 no`,
    );
    await bare.open.send(envelope, content('x'));
    await bare.server.done;
    const rich = await openSession(
      t,
      `${opening('SIZE 1000', 'DSN', '8BITMIME')}
      C: MAIL FROM:<a@example.test> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=id+201
      S: 250 ok
      C: RCPT TO:<b@example.test> NOTIFY=FAILURE ORCPT=rfc822;b+2Bx@example.test
      S: 550 no`,
    );
    await rich.open.send(envelope, content('x'));
    await rich.server.done;
  });

  it('the null reverse-path, and no recipient at all', async (t) => {
    const { open, server } = await openSession(
      t,
      `${opening()}
      C: MAIL FROM:<>
      S: 250 ok
      C: RCPT TO:<b@example.test>
      S: 250 ok
      C: DATA
      S: 354 go
      C: .
      S: 250 ok`,
    );
    assert.deepEqual(await open.send(to(), content('x')), []);
    assert.deepEqual(say(await open.send({ ...to(B), from: '' }, content())), [`${B} delivered`]);
    await server.done;
  });
});
