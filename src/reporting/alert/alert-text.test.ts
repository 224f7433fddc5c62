import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { alertMail } from './alert-mail.ts';
import { alertLines, alertTexts, wrap } from './alert-text.ts';
import type { AlertEvent, AlertFacts } from './types.ts';
import { webhookJson } from './webhook-json.ts';

const FACTS: AlertFacts = {
  title: 'example.com: certificate-expired',
  means: 'it means this',
  todo: 'do that',
  actor: 'we',
  firstDay: 20_776,
  lastDay: 20_776,
  senders: ['google.com'],
  causes: [],
};

function event(facts: Partial<AlertFacts> = {}, more: Partial<AlertEvent> = {}): AlertEvent {
  return {
    event: 'opened',
    id: 'a1',
    kind: 'failure',
    domain: 'example.com',
    openedAt: Date.UTC(2026, 10, 20, 12),
    facts: { ...FACTS, ...facts },
    ...more,
  };
}

function mailOf(...events: readonly AlertEvent[]): string {
  const { content } = alertMail({
    id: 'm1',
    from: 'sts@example.com',
    to: 'admin@example.com',
    events,
    date: Date.UTC(2026, 10, 20, 12),
  });
  return Buffer.from(content).toString('latin1');
}

/** Header fields and lines of the body. */
function parts(mail: string): readonly [readonly string[], readonly string[]] {
  const [head = '', ...body] = mail.split('\r\n\r\n');
  return [head.split('\r\n'), body.join('\r\n\r\n').split('\r\n')];
}

describe('alerts in words', () => {
  it('as texts: no line is broken, so that whoever breaks them cuts no word twice', () => {
    const long = 'x'.repeat(200);
    const texts = alertTexts(event({ means: `${long} ${long}`, causes: [long] }), 'every-letter');
    assert.equal(texts[0]!.indent, '');
    for (const name of ['Means', 'Found']) {
      const { text, indent } = texts.find((each) => each.text.startsWith(`${name}:`))!;
      assert.ok(text.includes(long));
      assert.equal(indent.length, 13);
    }
  });

  it('a mail as RFC 5322 has it, marked as automatic', () => {
    const [head, body] = parts(mailOf(event()));
    assert.deepEqual(head, [
      'From: TLS report alerts <sts@example.com>',
      'To: <admin@example.com>',
      'Subject: [TLS reports] NEW: example.com: certificate-expired',
      'Date: Fri, 20 Nov 2026 12:00:00 +0000',
      'Message-ID: <alert.m1@example.com>',
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=us-ascii',
      'Content-Transfer-Encoding: 7bit',
    ]);
    assert.ok(body.includes('Means:       it means this'));
    assert.ok(body.includes('To do:       do that'));
    assert.ok(body.includes('Days:        2026-11-19 (UTC)'));
  });

  it('S15: no value of a stranger becomes a header, a line or more than ASCII', () => {
    const evil = 'x\r\nBcc: all@example.com\r\n\r\n<b>\u202e\u0000é';
    const facts = { title: evil, means: evil, todo: evil, senders: [evil], causes: [evil] };
    const [head, body] = parts(mailOf(event({ ...facts, reasons: [evil] })));
    assert.equal(head.length, 9);
    assert.ok(head.every((line) => /^[A-Z][A-Za-z-]+: [\u0020-\u007e]*$/.test(line)));
    assert.ok(body.every((line) => /^[\u0020-\u007e]*$/.test(line) && !line.startsWith('Bcc')));
    assert.match(body.join(' '), /\\u\{d\}\\u\{a\}/);
  });

  it('fuzz: whatever the facts hold, header and lines stay what they are', () => {
    check(
      property(string({ unit: 'binary', maxLength: 300 }), (text) => {
        const facts = { title: text, means: text, todo: text, senders: [text], causes: [text] };
        const [head, body] = parts(mailOf(event(facts)));
        assert.equal(head.length, 9);
        assert.ok(body.every((line) => line.length <= 76 && /^[\u0020-\u007e]*$/.test(line)));
        const json = webhookJson({ id: 'm1', event: event(facts) });
        assert.equal((JSON.parse(json) as { title: string }).title, text);
        assert.doesNotMatch(json, /[\u0000-\u001f\u007f-\u009f\u202e\u2028]/);
      }),
      { numRuns: 200 },
    );
  });

  it('letters of every script stay on a terminal; control, format and bidi characters do not', () => {
    const name = '日本の送信者 Ünïcode\u202e\u200b\u0007';
    const lines = alertLines(event({ title: name, senders: [name] }), 'every-letter');
    assert.equal(lines[0], 'NEW: 日本の送信者 Ünïcode\\u{202e}\\u{200b}\\u{7}');
    assert.ok(lines.some((line) => line.startsWith('Reported by: 日本の送信者 Ü')));
  });

  it('a long name is cut, and no escape is broken, at the end of a line or of a name', () => {
    check(
      property(string({ unit: 'binary', maxLength: 400 }), (text) => {
        const name = `${text}${'日'.repeat(200)}`.replaceAll(/[\\{}]/g, '');
        for (const letters of ['ascii', 'every-letter'] as const) {
          const lines = alertLines(event({ title: name, senders: [name] }), letters);
          assert.ok(lines.length < 14, lines.join('\n'));
          for (const line of lines) {
            const rest = line.replaceAll(/\\u\{[0-9a-f]+\}/g, '');
            assert.doesNotMatch(rest, /[\\{}]/, line);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('many at once: ten in full, the others by a line, and in the end by number', () => {
    const events = Array.from({ length: 130 }, (_, index) => event({ title: `title ${index}.` }));
    const mail = mailOf(...events);
    assert.match(mail, /^Subject: .*title 0\. \(and 129 more\)\r$/m);
    assert.equal(mail.match(/^Means:/gm)?.length, 10);
    assert.match(mail, /^NEW: title 99\.\r$/m);
    assert.doesNotMatch(mail, /title 100\./);
    assert.match(mail, /\.\.\. and 30 more/);
  });

  it('the end of one is short', () => {
    const closedAt = Date.UTC(2026, 10, 22, 6);
    assert.deepEqual(alertLines(event({}, { event: 'closed', closedAt })), [
      'OVER: example.com: certificate-expired',
      'Open:        from 2026-11-20 12:00 UTC to 2026-11-22 06:00 UTC',
    ]);
  });

  it('S16: JSON for a webhook: stable fields, and a text without mark-up', () => {
    const facts = {
      title: '<!channel> & co',
      resultType: 'tlsa-invalid',
      mxHost: 'mx',
      sessions: 3,
    } as const;
    const json = JSON.parse(webhookJson({ id: 'm1', event: event(facts) })) as Record<
      string,
      unknown
    >;
    const { text, ...rest } = json;
    assert.deepEqual(rest, {
      version: 1,
      messageId: 'm1',
      event: 'opened',
      alertId: 'a1',
      kind: 'failure',
      domain: 'example.com',
      openedAt: '2026-11-20T12:00:00.000Z',
      title: '<!channel> & co',
      means: 'it means this',
      todo: 'do that',
      actor: 'we',
      firstDay: '2026-11-19',
      lastDay: '2026-11-19',
      senders: ['google.com'],
      causes: [],
      resultType: 'tlsa-invalid',
      mxHost: 'mx',
      sessions: 3,
    });
    assert.match(text as string, /^NEW: &lt;!channel&gt; &amp; co\n/);
  });

  it('lines are broken at spaces, long words anywhere, and it ends', () => {
    assert.deepEqual(wrap('short'), ['short']);
    const lines = wrap(`${'word '.repeat(40)}${'x'.repeat(200)}`, '      ');
    assert.ok(lines.every((line) => line.length <= 76));
    assert.equal(lines.join('').replaceAll(/\s/g, ''), `${'word'.repeat(40)}${'x'.repeat(200)}`);
  });
});
