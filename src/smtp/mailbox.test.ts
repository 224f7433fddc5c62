import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseMailbox, wireAddress } from './mailbox.ts';
import type { Mailbox } from './mailbox.ts';

function read(text: string): Mailbox {
  const outcome = parseMailbox(text);
  assert.ok(outcome.ok, text);
  return outcome.value;
}

describe('parseMailbox', () => {
  it('keeps the spelling and gives the domain for routing', () => {
    assert.deepEqual(read('User.Name+tag@EXAMPLE.Test'), {
      localPart: 'User.Name+tag',
      domain: 'example.test',
      address: 'User.Name+tag@EXAMPLE.Test',
      smtpUtf8: false,
    });
  });

  it('reads quoted local parts with @, blanks and escapes', () => {
    for (const local of ['"a@b"', '"a b"', '"a\\"b"', '"\\\\"', '""', '"a..b"', '">"']) {
      assert.equal(read(`${local}@example.test`).localPart, local);
    }
  });

  it('SMTP-4.1.2-1: a domain is labels of letters, digits and inner hyphens', () => {
    for (const domain of ['a-b.test', '1a.test', 'x', 'xn--mnchen-3ya.test']) {
      assert.equal(read(`u@${domain}`).domain, domain);
    }
    for (const domain of [
      '-a.test',
      'a-.test',
      'a..test',
      '.test',
      'a_b.test',
      'a.test.',
      'a b',
      '',
    ]) {
      assert.equal(parseMailbox(`u@${domain}`).ok, false, domain);
    }
  });

  it('reads address literals (RFC 5321 §4.1.3) and refuses half ones', () => {
    assert.equal(read('u@[192.0.2.1]').domain, '[192.0.2.1]');
    assert.equal(read('u@[IPv6:2001:DB8::1]').domain, '[IPv6:2001:db8::1]');
    for (const literal of [
      '[192.0.2.256]',
      '[2001:db8::1]',
      '[IPv6:192.0.2.1]',
      '[]',
      '[192.0.2.1',
      '192.0.2.1',
    ]) {
      assert.equal(parseMailbox(`u@${literal}`).ok, false, literal);
    }
  });

  it('tells apart what needs SMTPUTF8 and what only needs A-labels', () => {
    assert.deepEqual(read('user@München.test'), {
      localPart: 'user',
      domain: 'xn--mnchen-3ya.test',
      address: 'user@München.test',
      smtpUtf8: false,
    });
    assert.equal(read('jürgen@example.test').smtpUtf8, true);
  });

  it('refuses what is no mailbox', () => {
    for (const text of [
      '',
      'user',
      '@example.test',
      'a b@example.test',
      '.a@example.test',
      'a.@example.test',
      'a..b@example.test',
      'a@b@example.test',
      '<a@example.test>',
      'a@example.test>',
      '@r.test:a@example.test',
      '"a"b@example.test',
      '"a""@example.test',
      '"\\"@example.test',
      'a\r\nRCPT TO:<b@example.test>',
      '"a\r\n"@example.test',
      'a\0@example.test',
      'a\u202e@example.test',
      'a\u0085@example.test',
      '\ud800@example.test',
      `${'a'.repeat(65)}@example.test`,
      `a@${'b'.repeat(63)}.${'b'.repeat(63)}.${'b'.repeat(63)}.${'b'.repeat(63)}`,
    ]) {
      const outcome = parseMailbox(text);
      assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_ADDRESS_INVALID', text);
    }
  });

  it('says what is wrong, on one printable line', () => {
    const outcome = parseMailbox(`a\r\n${'x'.repeat(1000)}`);
    assert.ok(!outcome.ok);
    assert.doesNotMatch(outcome.failure.detail, /[\r\n]/);
    assert.ok(outcome.failure.detail.length < 250);
  });

  it('fuzz: whatever is accepted has no line end, no NUL, and reads back the same', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('@', '"', '\\', '.', 'a', '[', ']', '<', ' '),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 20,
    });
    fc.assert(
      fc.property(text, fc.boolean(), (local, quoted) => {
        const outcome = parseMailbox(quoted ? `"${local}"@example.test` : `${local}@example.test`);
        if (!outcome.ok) return;
        assert.doesNotMatch(outcome.value.address, /[\r\n\0]/);
        assert.deepEqual(parseMailbox(outcome.value.address), outcome);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('wireAddress', () => {
  it('keeps the spelling under SMTPUTF8', () => {
    const mailbox = read('user@München.test');
    assert.deepEqual(wireAddress(mailbox, { smtpUtf8: true }), {
      ok: true,
      value: 'user@München.test',
    });
  });

  it('writes A-labels without SMTPUTF8', () => {
    const mailbox = read('user@München.test');
    assert.deepEqual(wireAddress(mailbox, { smtpUtf8: false }), {
      ok: true,
      value: 'user@xn--mnchen-3ya.test',
    });
    assert.deepEqual(wireAddress(read('U@Example.Test'), { smtpUtf8: false }), {
      ok: true,
      value: 'U@Example.Test',
    });
  });

  it('cannot write a local part beyond ASCII without SMTPUTF8', () => {
    const outcome = wireAddress(read('jürgen@example.test'), { smtpUtf8: false });
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_SMTPUTF8_MISSING');
  });
});
