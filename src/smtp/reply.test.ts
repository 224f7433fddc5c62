import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Outcome } from '../failure.ts';
import { MAX_REPLY_LINE, MAX_REPLY_LINES, parseReply, ReplyParser, replyText } from './reply.ts';
import type { Reply } from './types.ts';

function codeOf(outcome: Outcome<unknown> | undefined): string {
  if (outcome === undefined) return 'incomplete';
  return outcome.ok ? 'ok' : outcome.failure.code;
}

function takeAll(parser: ReplyParser): readonly Outcome<Reply>[] {
  const all: Outcome<Reply>[] = [];
  for (;;) {
    const next = parser.take();
    if (next === undefined) return all;
    all.push(next);
    if (!next.ok) return all;
  }
}

describe('ReplyParser', () => {
  it('reads one line, many lines, and a bare code', () => {
    assert.deepEqual(parseReply('250 OK\r\n'), { ok: true, value: { code: 250, lines: ['OK'] } });
    assert.deepEqual(parseReply('250-mx\r\n250-SIZE 10\r\n250 DSN\r\n'), {
      ok: true,
      value: { code: 250, lines: ['mx', 'SIZE 10', 'DSN'] },
    });
    assert.deepEqual(parseReply('354\r\n'), { ok: true, value: { code: 354, lines: [''] } });
  });

  it('takes the enhanced code of the first line, and off every line, if its class fits', () => {
    assert.deepEqual(parseReply('550-5.1.1 No such user\r\n550 5.1.1 here\r\n'), {
      ok: true,
      value: { code: 550, enhanced: '5.1.1', lines: ['No such user', 'here'] },
    });
    assert.deepEqual(parseReply('550 4.1.1 odd\r\n'), {
      ok: true,
      value: { code: 550, lines: ['4.1.1 odd'] },
    });
    assert.deepEqual(parseReply('250 2.0.0\r\n'), {
      ok: true,
      value: { code: 250, enhanced: '2.0.0', lines: [''] },
    });
  });

  it('takes LF for a line end, and UTF-8 in texts', () => {
    assert.deepEqual(parseReply('250-größe\n250 ok\n'), {
      ok: true,
      value: { code: 250, lines: ['größe', 'ok'] },
    });
  });

  it('refuses control characters, other codes in between and lines that are no reply', () => {
    for (const text of [
      '250 a\rb\r\n',
      '250 a\0b\r\n',
      '250 \u001b[2J\r\n',
      '250 \u007f\r\n',
      '250-a\r\n251 b\r\n',
      '250OK\r\n',
      '100 x\r\n',
      '600 x\r\n',
      'HTTP/1.1 400 Bad Request\r\n',
      '\r\n',
      '25 x\r\n',
    ]) {
      assert.equal(codeOf(parseReply(text)), 'SMTP_REPLY_MALFORMED', JSON.stringify(text));
    }
  });

  it('keeps a reply before a fault, and stays broken after it', () => {
    const parser = new ReplyParser();
    parser.push(Buffer.from('250 one\r\ngarbage\r\n250 two\r\n'));
    assert.deepEqual(takeAll(parser).map(codeOf), ['ok', 'SMTP_REPLY_MALFORMED']);
    parser.push(Buffer.from('250 three\r\n'));
    assert.equal(codeOf(parser.take()), 'SMTP_REPLY_MALFORMED');
  });

  it('bounds a line: 2,048 octets are read, one more is refused', () => {
    const fits = `250 ${'x'.repeat(MAX_REPLY_LINE - 6)}\r\n`;
    assert.equal(fits.length, MAX_REPLY_LINE);
    assert.equal(codeOf(parseReply(fits)), 'ok');
    assert.equal(codeOf(parseReply(`250 x${fits.slice(4)}`)), 'SMTP_REPLY_TOO_LONG');
    assert.equal(codeOf(parseReply('2'.repeat(MAX_REPLY_LINE))), 'SMTP_REPLY_TOO_LONG');
  });

  it('bounds a reply: in lines and in octets', () => {
    const lines = (count: number, text: string): string =>
      `${`250-${text}\r\n`.repeat(count - 1)}250 ${text}\r\n`;
    assert.equal(codeOf(parseReply(lines(MAX_REPLY_LINES, 'x'))), 'ok');
    assert.equal(codeOf(parseReply(lines(MAX_REPLY_LINES + 1, 'x'))), 'SMTP_REPLY_TOO_LONG');
    assert.equal(codeOf(parseReply(lines(40, 'y'.repeat(2000)))), 'SMTP_REPLY_TOO_LONG');
  });

  it('bounds what is sent unasked, without losing what was asked', () => {
    const parser = new ReplyParser();
    for (let round = 0; round < 200; round += 1) parser.push(Buffer.from('250 x\r\n'.repeat(1000)));
    const all = takeAll(parser);
    assert.equal(codeOf(all.at(-1)), 'SMTP_REPLY_TOO_LONG');
    assert.ok(all.length < 160_000);
  });

  it('takes no more than linear time for a megabyte of garbage, in one piece or byte by byte', () => {
    const garbage = Buffer.alloc(1_000_000, '2');
    for (const size of [garbage.length, 1]) {
      const parser = new ReplyParser();
      for (let at = 0; at < garbage.length; at += size) {
        parser.push(garbage.subarray(at, at + size));
      }
      assert.equal(codeOf(parser.take()), 'SMTP_REPLY_TOO_LONG');
    }
  });

  it('says whether anything is unread, even half a line', () => {
    const parser = new ReplyParser();
    assert.equal(parser.unread, false);
    parser.push(Buffer.from('2'));
    assert.equal(parser.unread, true);
    parser.push(Buffer.from('20-a\r\n'));
    assert.equal(parser.unread, true);
    parser.push(Buffer.from('220 b\r\n'));
    assert.equal(codeOf(parser.take()), 'ok');
    assert.equal(parser.unread, false);
  });

  it('gives each whole line to the transcript, printable', () => {
    const lines: string[] = [];
    const parser = new ReplyParser((line) => lines.push(line));
    parser.push(Buffer.from('250-a\u202e\r\n250 b\r\n25'));
    assert.deepEqual(lines, ['250-a\\u{202e}', '250 b']);
  });

  it('fuzz: random bytes never throw, and chunking never changes the result', () => {
    const line = fc.oneof(
      fc.constantFrom('250 ok\r\n', '250-a\r\n', '550 5.1.1 x\n', '220', '\r', '\n', '354\r\n'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 30 }),
        fc.array(fc.nat(12), { minLength: 1, maxLength: 40 }),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.join(''));
          const whole = new ReplyParser();
          whole.push(bytes);
          const pieces = new ReplyParser();
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const size = cuts[cut % cuts.length]! + 1;
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          assert.equal(whole.unread, pieces.unread);
          assert.deepEqual(takeAll(whole), takeAll(pieces));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('replyText', () => {
  it('is one bounded, printable line', () => {
    const reply = { code: 550, enhanced: '5.7.1', lines: ['a\u001b[1m', 'b'] };
    assert.equal(replyText(reply), '550 5.7.1 a\\u{1b}[1m / b');
    assert.ok(replyText({ code: 250, lines: Array(500).fill('x'.repeat(2000)) }).length < 310);
  });
});
