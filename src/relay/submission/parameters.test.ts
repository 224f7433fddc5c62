import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { encodeUtf8Address, encodeXtext } from '../../smtp/xtext.ts';
import { readEnvid, readNotify, readOrcpt, readRet } from './dsn-parameters.ts';
import { readMail, type MailAbilities } from './mail-command.ts';
import { readParameters, type Read } from './parameters.ts';
import { readPath } from './path.ts';
import { readRcpt } from './rcpt-command.ts';

const ABLE: MailAbilities = { extended: true, tls: true, auth: true, maxBytes: 1_000 };
const REPLY = /^[45]\d\d [45]\.\d+\.\d+ [^\r\n]+\r\n$/;

/** The value, or the codes of the refusal. */
function outcome(read: Read<unknown>): unknown {
  return read.ok ? read.value : read.reply.wire.split(' ', 2).join(' ');
}

function mail(argument: string, change: Partial<MailAbilities> = {}): unknown {
  return outcome(readMail(argument, { ...ABLE, ...change }));
}

function rcpt(argument: string, smtpUtf8 = false): unknown {
  return outcome(readRcpt(argument, { extended: true, smtpUtf8 }));
}

describe('MAIL FROM', () => {
  it('reads senders as they may be written', () => {
    assert.deepEqual(mail('FROM:<>'), { from: '' });
    assert.deepEqual(mail('from: <a@b.test>'), { from: 'a@b.test' });
    assert.deepEqual(mail('FROM:<"a b>@c"@d.test>'), { from: '"a b>@c"@d.test' });
    assert.deepEqual(mail('FROM:<a@[192.0.2.1]>'), { from: 'a@[192.0.2.1]' });
    assert.deepEqual(mail('FROM:<@x.test,@y.test:a@b.test>'), { from: 'a@b.test' });
    assert.deepEqual(mail('FROM:<é@b.test> SMTPUTF8'), { from: 'é@b.test', smtpUtf8: true });
  });

  it('refuses what is no sender, each with its code', () => {
    for (const [text, codes] of [
      ['TO:<a@b.test>', '501 5.5.4'],
      ['FROM <a@b.test>', '501 5.5.4'],
      ['FROM:a@b.test', '501 5.1.7'],
      ['FROM:<a@b.test', '501 5.1.7'],
      ['FROM:<a@b.test>SIZE=1', '501 5.1.7'],
      ['FROM:<a b@c.test>', '501 5.1.7'],
      ['FROM:<a..b@c.test>', '501 5.1.7'],
      ['FROM:<@x.test:>', '501 5.1.7'],
      ['FROM:<root>', '553 5.1.7'],
      ['FROM:<a@b_c.test>', '501 5.1.7'],
      ['FROM:<a@[300.1.1.1]>', '501 5.1.7'],
      [`FROM:<${'x'.repeat(65)}@b.test>`, '501 5.1.7'],
      ['FROM:<é@b.test>', '553 5.6.7'],
      ['FROM:<a@bücher.test>', '553 5.6.7'],
    ] as const) {
      assert.equal(mail(text), codes, text);
    }
  });

  it('reads every parameter that is offered', () => {
    assert.deepEqual(
      mail(
        'FROM:<a@b.test> SIZE=1000 body=8bitmime RET=hdrs ENVID=a+2Bb AUTH=<> SMTPUTF8 REQUIRETLS',
      ),
      {
        from: 'a@b.test',
        size: 1_000,
        body: '8BITMIME',
        ret: 'HDRS',
        envid: 'a+b',
        smtpUtf8: true,
        requireTls: true,
      },
    );
  });

  it('refuses unknown parameters with 555, malformed and doubled ones with 501', () => {
    for (const [text, codes] of [
      ['FOO', '555 5.5.4'],
      ['FOO=bar', '555 5.5.4'],
      ['XVERP', '555 5.5.4'],
      ['MT-PRIORITY=3', '555 5.5.4'],
      ['NOTIFY=NEVER', '555 5.5.4'],
      ['=x', '501 5.5.4'],
      ['SIZE', '501 5.5.4'],
      ['SIZE=', '501 5.5.4'],
      ['SIZE=-1', '501 5.5.4'],
      ['SIZE=1x', '501 5.5.4'],
      [`SIZE=${'9'.repeat(21)}`, '501 5.5.4'],
      ['SIZE=1001', '552 5.3.4'],
      [`SIZE=${'9'.repeat(20)}`, '552 5.3.4'],
      ['SIZE=1 size=1', '501 5.5.4'],
      ['BODY', '501 5.5.4'],
      ['BODY=BINARYMIME', '501 5.5.4'],
      ['SMTPUTF8=1', '501 5.5.4'],
      ['REQUIRETLS=yes', '501 5.5.4'],
      ['AUTH', '501 5.5.4'],
      ['SIZE=1=2', '501 5.5.4'],
    ] as const) {
      assert.equal(mail(`FROM:<a@b.test> ${text}`), codes, text);
    }
    assert.equal(mail('FROM:<a@b.test> AUTH=<>', { auth: false }), '555 5.5.4');
    assert.equal(mail('FROM:<a@b.test> SIZE=1', { extended: false }), '555 5.5.4');
    assert.equal(mail('FROM:<a@b.test> REQUIRETLS', { tls: false }), '523 5.7.10');
  });
});

describe('RCPT TO', () => {
  it('reads recipients and finds the same one again', () => {
    assert.deepEqual(rcpt('TO:<A@B.Test>'), {
      recipient: { address: 'A@B.Test' },
      key: 'A@b.test',
    });
    assert.deepEqual(rcpt('TO:<@x.test:a@b.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@z'), {
      recipient: {
        address: 'a@b.test',
        notify: ['SUCCESS', 'DELAY'],
        orcpt: 'rfc822;x+y@z',
      },
      key: 'a@b.test',
    });
    assert.deepEqual(rcpt('TO:<é@bücher.test>', true), {
      recipient: { address: 'é@bücher.test' },
      key: 'é@xn--bcher-kva.test',
    });
  });

  it('refuses what is no recipient, each with its code', () => {
    for (const [text, codes] of [
      ['FROM:<a@b.test>', '501 5.5.4'],
      ['TO:<>', '501 5.1.3'],
      ['TO:a@b.test', '501 5.1.3'],
      ['TO:<a@>', '501 5.1.3'],
      ['TO:<@b.test>', '501 5.1.3'],
      ['TO:<user>', '553 5.1.3'],
      ['TO:<Postmaster>', '550 5.1.1'],
      ['TO:<é@b.test>', '553 5.6.7'],
      ['TO:<a@b.test> SIZE=1', '555 5.5.4'],
      ['TO:<a@b.test> NOTIFY=NEVER notify=NEVER', '501 5.5.4'],
    ] as const) {
      assert.equal(rcpt(text), codes, text);
    }
  });
});

describe('parameters of notifications', () => {
  it('DSN-3461-1: NOTIFY, RET, ENVID and ORCPT are decoded', () => {
    assert.deepEqual(outcome(readNotify('never')), ['NEVER']);
    assert.deepEqual(outcome(readNotify('FAILURE,SUCCESS,FAILURE')), ['FAILURE', 'SUCCESS']);
    assert.equal(outcome(readRet('full')), 'FULL');
    assert.equal(outcome(readEnvid('QQ314159')), 'QQ314159');
    assert.equal(outcome(readOrcpt('rfc822;Bob@Example.COM', false)), 'rfc822;Bob@Example.COM');
    assert.equal(outcome(readOrcpt('x-foo;+41', false)), 'x-foo;A');
    assert.equal(outcome(readOrcpt('utf-8;\\x{E9}@b.test', false)), 'utf-8;é@b.test');
    assert.equal(outcome(readOrcpt('utf-8;é@b.test', true)), 'utf-8;é@b.test');
  });

  it('DSN-3461-1: malformed ones are refused with 501', () => {
    const refusals = [
      readNotify(undefined),
      readNotify('NEVER,SUCCESS'),
      readNotify('NEVER,NEVER'),
      readNotify('SUCCESS,'),
      readNotify('MAYBE'),
      readRet(undefined),
      readRet('ALL'),
      readEnvid(undefined),
      readEnvid('a+0D+0A'),
      readEnvid('a+2b'),
      readEnvid('+'),
      readEnvid('x'.repeat(101)),
      readOrcpt(undefined, true),
      readOrcpt('bob@b.test', true),
      readOrcpt(';bob@b.test', true),
      readOrcpt('rfc822;', true),
      readOrcpt('rfc822;a+0Ab', true),
      readOrcpt('rfc822;a+2bb', true),
      readOrcpt('utf-8;é@b.test', false),
      readOrcpt('utf-8;\\x{D800}', true),
      readOrcpt('utf-8;\\x{110000}', true),
      readOrcpt('utf-8;\\x{0A}', true),
      readOrcpt('utf-8;a+b', true),
      readOrcpt(`rfc822;${'x'.repeat(500)}`, true),
    ];
    for (const [index, read] of refusals.entries()) {
      assert.equal(outcome(read), '501 5.5.4', `number ${index}`);
    }
  });

  it('fuzz: what our client encodes is what is read', () => {
    const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(ascii, (text) => {
        assert.equal(outcome(readEnvid(encodeXtext(text))), text);
        assert.equal(outcome(readOrcpt(`rfc822;${encodeXtext(text)}`, false)), `rfc822;${text}`);
      }),
    );
    const utf8 = fc.stringMatching(/^[a-z\u00e0-\u04ff\u4e00-\u4eff\\+=]{1,20}$/);
    fc.assert(
      fc.property(utf8, (text) => {
        const encoded = `utf-8;${encodeUtf8Address(text)}`;
        assert.equal(outcome(readOrcpt(encoded, false)), `utf-8;${text}`);
      }),
    );
  });
});

describe('fuzz: commands', () => {
  const words = `< > a@b.test " \\ @x: SIZE= 1 NOTIFY= NEVER , = ; ORCPT=rfc822; ENVID= + +0A é
    SMTPUTF8 BODY= \0 FROM: TO:`.split(/\s+/);
  const word = fc.constantFrom(' ', ...words);
  const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(''));

  it('fuzz: any argument is read or refused with one clean line, and nothing unfit comes through', () => {
    fc.assert(
      fc.property(line, (text) => {
        for (const read of [
          readMail(`FROM:${text}`, ABLE),
          readRcpt(`TO:${text}`, { extended: true, smtpUtf8: true }),
        ]) {
          if (read.ok) assert.doesNotMatch(JSON.stringify(read.value), /\\u00|\\n|\\r/);
          else assert.match(read.reply.wire, REPLY);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('fuzz: parameters that were written are read', () => {
    const keyword = fc.stringMatching(/^[A-Z0-9][A-Z0-9-]{0,8}$/);
    const value = fc.option(fc.stringMatching(/^[!-<>-~]{1,10}$/), { nil: undefined });
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(keyword, value), { selector: ([key]) => key }), (all) => {
        const text = all.map(([key, of]) => (of === undefined ? key : `${key}=${of}`)).join(' ');
        assert.deepEqual(outcome(readParameters(text)), new Map(all));
      }),
    );
  });

  it('fuzz: a path ends where its bracket is closed', () => {
    const local = fc.stringMatching(/^(?:[a-z]{1,5}|"(?:[ -!#-[\]-~]|\\[ -~]){0,8}")$/);
    fc.assert(
      fc.property(local, fc.constantFrom('', ' SIZE=1', ' X=">"'), (text, rest) => {
        assert.deepEqual(readPath(`<${text}@b.test>${rest}`), { mailbox: `${text}@b.test`, rest });
      }),
    );
  });
});
