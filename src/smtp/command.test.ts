import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Outcome } from '../failure.ts';
import { bdat, ehlo, helo, mail, MAX_COMMAND_OCTETS, rcpt } from './command.ts';

const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const ASCII = /^[ -~]*$/;

function codeOf(outcome: Outcome<string>): string {
  return outcome.ok ? outcome.value : outcome.failure.code;
}

describe('commands', () => {
  it('EHLO and HELO name us', () => {
    assert.equal(codeOf(ehlo('relay.example.test')), 'EHLO relay.example.test');
    assert.equal(codeOf(helo('[192.0.2.1]')), 'HELO [192.0.2.1]');
    assert.equal(codeOf(ehlo('a b')), 'SMTP_COMMAND_INVALID');
    assert.equal(codeOf(ehlo('')), 'SMTP_COMMAND_INVALID');
    assert.equal(codeOf(ehlo('a\r\nMAIL')), 'SMTP_COMMAND_INVALID');
  });

  it('MAIL carries its parameters', () => {
    assert.equal(codeOf(mail({ from: '' })), 'MAIL FROM:<>');
    assert.equal(
      codeOf(
        mail({
          from: 'a@example.test',
          size: 1234,
          body: '8BITMIME',
          smtpUtf8: true,
          ret: 'HDRS',
          envid: 'id+1 x',
        }),
      ),
      'MAIL FROM:<a@example.test> SIZE=1234 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+2B1+20x',
    );
  });

  it('RT-2-1: REQUIRETLS is a word without a value, and makes the line 11 octets longer', () => {
    const without = codeOf(mail({ from: 'a@example.test' }));
    const withIt = codeOf(mail({ from: 'a@example.test', requireTls: true }));
    assert.equal(withIt, `${without} REQUIRETLS`);
    assert.equal(withIt.length - without.length, 11);
  });

  it('RCPT carries NOTIFY and ORCPT', () => {
    assert.equal(
      codeOf(
        rcpt({
          address: 'b@example.test',
          notify: ['SUCCESS', 'FAILURE'],
          orcpt: 'rfc822;b+c@example.test',
        }),
      ),
      'RCPT TO:<b@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@example.test',
    );
    assert.equal(
      codeOf(rcpt({ address: 'b@example.test', orcpt: 'rfc822;jürgen@example.test' })),
      'RCPT TO:<b@example.test> ORCPT=utf-8;j\\x{FC}rgen@example.test',
    );
  });

  it('refuses values that have no place in a command', () => {
    for (const outcome of [
      mail({ from: 'a@example.test', size: -1 }),
      mail({ from: 'a@example.test', size: 1.5 }),
      mail({ from: 'a@example.test', envid: '' }),
      mail({ from: 'a@example.test', envid: 'x'.repeat(101) }),
      mail({ from: 'a@example.test> REQUIRETLS' }),
      mail({ from: 'jürgen@example.test' }),
      rcpt({ address: '' }),
      rcpt({ address: 'b@example.test', notify: ['NEVER', 'DELAY'] }),
      rcpt({ address: 'b@example.test', orcpt: 'no type' }),
      rcpt({ address: 'b@example.test', orcpt: `rfc822;${'x'.repeat(500)}` }),
      rcpt({ address: 'x'.repeat(MAX_COMMAND_OCTETS) }),
    ]) {
      assert.equal(codeOf(outcome), 'SMTP_COMMAND_INVALID');
    }
  });

  it('takes what only quotes make legal', () => {
    assert.equal(codeOf(rcpt({ address: '"a> b"@example.test' })), 'RCPT TO:<"a> b"@example.test>');
  });

  it('writes addresses beyond ASCII under SMTPUTF8 alone', () => {
    const recipient = { address: 'jürgen@example.test' };
    assert.equal(codeOf(rcpt(recipient, { smtpUtf8: true })), 'RCPT TO:<jürgen@example.test>');
    assert.equal(codeOf(rcpt(recipient)), 'SMTP_COMMAND_INVALID');
  });

  it('BDAT counts octets (RFC 3030 §2)', () => {
    assert.equal(bdat(1000, 'more'), 'BDAT 1000');
    assert.equal(bdat(0, 'last'), 'BDAT 0 LAST');
  });

  it('fuzz: no command ever has a line end, a NUL or another control character inside', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\r', '\n', '\0', '"', '>', ' ', 'a@b.test'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, text, fc.boolean(), (first, second, smtpUtf8) => {
        for (const outcome of [
          ehlo(first),
          helo(first),
          mail({ from: first, envid: second, smtpUtf8 }),
          rcpt({ address: first, orcpt: `rfc822;${second}` }, { smtpUtf8 }),
        ]) {
          if (!outcome.ok) continue;
          assert.ok(!CONTROL.test(outcome.value), outcome.value);
          assert.ok(smtpUtf8 || ASCII.test(outcome.value), outcome.value);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
