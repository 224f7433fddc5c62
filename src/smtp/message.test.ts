import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readAddressList } from './address-list.ts';
import {
  fieldValues,
  headerRecipients,
  measureContent,
  readHeaders,
  tlsRequiredNo,
} from './message.ts';
import type { MessageHeaders } from './message.ts';

function read(text: string | Uint8Array): MessageHeaders {
  const outcome = readHeaders(Buffer.from(text as string));
  assert.ok(outcome.ok);
  return outcome.value;
}

describe('readHeaders', () => {
  it('unfolds fields and finds the body, with any line end', () => {
    for (const end of ['\r\n', '\n']) {
      const head = ['Subject: a', '\tb', 'To: x@example.test', '', ''].join(end);
      const headers = read(`${head}body: no${end}`);
      assert.deepEqual(headers.fields, [
        { name: 'Subject', value: 'a\tb' },
        { name: 'To', value: 'x@example.test' },
      ]);
      assert.equal(headers.bodyStart, head.length);
    }
  });

  it('ends at the first line that can be no field', () => {
    const headers = read('Subject: a\nnot a field\nTLS-Required: No\n\n');
    assert.deepEqual(
      headers.fields.map(({ name }) => name),
      ['Subject'],
    );
    assert.equal(headers.bodyStart, 'Subject: a\n'.length);
    assert.equal(tlsRequiredNo(headers), false);
  });

  it('takes a message without body, without header, and an empty one', () => {
    assert.equal(read('A: b').fields.length, 1);
    assert.equal(read('\r\nA: b').fields.length, 0);
    assert.deepEqual(read(''), { fields: [], bodyStart: 0, utf8: false });
  });

  it('sees octets beyond ASCII in the header, not in the body', () => {
    assert.equal(read('Subject: größe\n\nx').utf8, true);
    assert.equal(read('Subject: x\n\ngröße').utf8, false);
  });

  it('bounds the header section', () => {
    for (const text of [
      'A: b\n'.repeat(2001),
      `A: ${'x'.repeat(300_000)}\n`,
      `A: b\n${' x\n'.repeat(100_000)}`,
    ]) {
      const outcome = readHeaders(Buffer.from(text));
      assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_HEADER_TOO_LONG');
    }
  });

  it('fuzz: never throws, and the body begins inside the message', () => {
    const text = fc.string({
      unit: fc.constantFrom('\r', '\n', ':', ' ', 'A', '\t', 'ü', '\0'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, (message) => {
        const bytes = Buffer.from(message);
        const outcome = readHeaders(bytes);
        assert.ok(outcome.ok && outcome.value.bodyStart <= bytes.length);
      }),
    );
  });
});

describe('tlsRequiredNo', () => {
  const says = (fields: string): boolean => tlsRequiredNo(read(`${fields}\nSubject: x\n\n`));

  it('RT-3-1: the only value is No, in any case', () => {
    assert.equal(says('TLS-Required: No'), true);
    assert.equal(says('tls-required:  nO '), true);
    assert.equal(says('TLS-Required: Yes'), false);
    assert.equal(says('TLS-Required: No, really'), false);
    assert.equal(says('TLS-Required:'), false);
    assert.equal(says('X-TLS-Required: No'), false);
    assert.equal(says('Date: today'), false);
  });

  it('RT-3-2: more than one field counts only if all say No', () => {
    assert.equal(says('TLS-Required: No\nTLS-Required: no'), true);
    assert.equal(says('TLS-Required: No\nTLS-Required: Yes'), false);
  });

  it('RT-3-1: a field in the body is no field', () => {
    assert.equal(tlsRequiredNo(read('Subject: x\n\nTLS-Required: No\n')), false);
  });
});

describe('headerRecipients', () => {
  it('gives To, Cc and Bcc, each address once', () => {
    const headers = read(
      'To: A <a@example.test>,\r\n b@example.test\r\nCC: a@example.test\r\nBcc: c@example.test\r\n\r\n',
    );
    assert.deepEqual(headerRecipients(headers), {
      ok: true,
      value: ['a@example.test', 'b@example.test', 'c@example.test'],
    });
    assert.deepEqual(fieldValues(headers, 'cc'), ['a@example.test']);
  });

  it('drops nobody in silence', () => {
    for (const list of [
      'a@',
      'a@x b@x',
      'a@x.test <',
      '"open',
      '(open',
      '<a@x.test> <b@x.test>',
      '<>',
    ]) {
      const outcome = headerRecipients(read(`To: ${list}\n\n`));
      assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_HEADER_ADDRESS_INVALID', list);
    }
  });
});

describe('readAddressList', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['a@x.test', ['a@x.test']],
    ['"Doe, Jane" <jane@x.test>, (b@no.test) c@x.test (d)', ['jane@x.test', 'c@x.test']],
    ['Team: a@x.test, B <b@x.test>;, c@x.test', ['a@x.test', 'b@x.test', 'c@x.test']],
    ['undisclosed-recipients:;', []],
    ['"a,b"@x.test', ['"a,b"@x.test']],
    ['<"a>b"@x.test>', ['"a>b"@x.test']],
    ['u@[IPv6:2001:db8::1]', ['u@[IPv6:2001:db8::1]']],
    ['<@r.test,@s.test:a@x.test>', ['a@x.test']],
    ['a . b @ x . test', ['a.b@x.test']],
    [',, a@x.test,,', ['a@x.test']],
    ['=?utf-8?q?J=C3=BCrgen?= <j@x.test>', ['j@x.test']],
    ['((nested) \\) comment) a@x.test', ['a@x.test']],
  ];
  for (const [text, addresses] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readAddressList(text), { ok: true, value: addresses });
    });
  }

  it('takes no more than linear time for long rows of blanks, quotes and brackets', () => {
    for (const filler of [' ', '"', '(', '<', '\\', '.', ':']) {
      readAddressList(`${filler.repeat(200_000)}x`);
    }
  });

  it('fuzz: never throws, and gives mailboxes alone', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        'a',
        '@',
        'x.test',
        ',',
        '"',
        '<',
        '>',
        '(',
        ')',
        ':',
        ';',
        '\\',
        ' ',
        '[',
      ),
      maxLength: 25,
    });
    fc.assert(
      fc.property(text, (list) => {
        const outcome = readAddressList(list);
        if (outcome.ok) for (const address of outcome.value) assert.match(address, /.@./);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('measureContent', () => {
  it('counts octets as they go over the wire, and sees 8-bit octets', async () => {
    const chunks = [Buffer.from('a\r'), Buffer.from('\n.b\nc')];
    assert.deepEqual(await measureContent(chunks), { size: 3 + 4 + 3, eightBit: false });
    assert.deepEqual(await measureContent([Buffer.from('ü\r\n')]), { size: 4, eightBit: true });
  });
});
