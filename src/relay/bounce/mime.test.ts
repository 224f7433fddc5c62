import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asciiLine, encodedText, field, mailDate, plainDate, quotedPrintable } from './mime.ts';
import { subjectText } from './subject.ts';

describe('fields', () => {
  it('fold at blanks and never end early', () => {
    assert.equal(field('X', 'a b'), 'X: a b\r\n');
    const long = field('Subject', 'word '.repeat(40));
    assert.ok(long.split('\r\n').every((line) => line.length <= 76));
    assert.equal(field('X', 'a\r\nBcc: b'), 'X: a\\u{d}\\u{a}Bcc: b\r\n');
  });

  it('break a word that would make a line too long', () => {
    const lines = field('X', 'é'.repeat(3000)).trimEnd().split('\r\n');
    assert.ok(lines.every((line) => Buffer.byteLength(line) <= 998));
  });

  it('ASCII is kept, all else is made visible', () => {
    assert.equal(asciiLine('a é\n'), 'a \\u{e9}\\u{a}');
    assert.equal(encodedText('plain'), 'plain');
    assert.equal(encodedText('né'), `=?utf-8?B?${Buffer.from('né').toString('base64')}?=`);
  });
});

describe('quoted-printable', () => {
  it('keeps what may stand, and lines short', () => {
    assert.equal(quotedPrintable('a = é \r\nb'), 'a =3D =C3=A9=20\r\nb');
    const long = quotedPrintable('é'.repeat(100));
    assert.ok(long.split('\r\n').every((line) => line.length <= 76));
  });
});

describe('dates', () => {
  it('for mail and for people', () => {
    const time = Date.UTC(2026, 10, 4, 8, 5, 9);
    assert.equal(mailDate(time), 'Wed, 04 Nov 2026 08:05:09 +0000');
    assert.equal(plainDate(time), '4 Nov 2026, 08:05 UTC');
  });
});

describe('subjectText', () => {
  it('reads encoded words', () => {
    assert.equal(
      subjectText('=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus?= =?UTF-8?B?IEvDtmxu?='),
      'Grüße aus Köln',
    );
    assert.equal(subjectText('=?iso-8859-1?q?n=E9?= and more'), 'né and more');
  });

  it('leaves alone what it cannot read, and stays one short line', () => {
    assert.equal(subjectText('=?x-none?q?a?='), '=?x-none?q?a?=');
    assert.equal(subjectText('=?utf-8?q?a=0D=0Ab?='), 'a b');
    assert.ok(subjectText('x'.repeat(5000)).length < 130);
  });
});
