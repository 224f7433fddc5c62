import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noCapabilities, readCapabilities } from './capabilities.ts';
import { parseReply } from './reply.ts';
import type { Reply } from './types.ts';

function ehlo(...lines: readonly string[]): Reply {
  return { code: 250, lines: ['mx.example.test at your service', ...lines] };
}

describe('readCapabilities', () => {
  it('reads keywords in any case, with parameters', () => {
    const read = readCapabilities(
      ehlo('pipelining', 'Size 35882577', 'StartTLS', '8bitmime', 'SMTPUTF8', 'dsn', 'CHUNKING'),
      { insideTls: false },
    );
    assert.equal(read.greeting, 'mx.example.test at your service');
    assert.deepEqual(
      [read.pipelining, read.size, read.startTls, read.eightBitMime, read.smtpUtf8, read.dsn],
      [true, 35_882_577, true, true, true, true],
    );
    assert.equal(read.chunking, true);
    assert.equal(read.enhancedStatusCodes, false);
    assert.equal(read.keywords.get('SIZE'), '35882577');
  });

  it('the first line is the greeting and never an offer', () => {
    const reply = { code: 250, lines: ['STARTTLS'] };
    assert.equal(readCapabilities(reply, { insideTls: false }).startTls, false);
  });

  it('TLS-3207-2-1: STARTTLS is a keyword, not part of another word', () => {
    const offers = (line: string): boolean =>
      readCapabilities(ehlo(line), { insideTls: false }).startTls;
    assert.equal(offers('STARTTLS'), true);
    assert.equal(offers('XSTARTTLS'), false);
    assert.equal(offers('STARTTLSX'), false);
    assert.equal(offers('X STARTTLS'), false);
  });

  it('TLS-3207-4.2-3: STARTTLS inside TLS is ignored', () => {
    assert.equal(readCapabilities(ehlo('STARTTLS'), { insideTls: true }).startTls, false);
  });

  it('RT-2-1, RT-2-2: REQUIRETLS counts inside TLS alone', () => {
    assert.equal(readCapabilities(ehlo('REQUIRETLS'), { insideTls: true }).requireTls, true);
    assert.equal(readCapabilities(ehlo('REQUIRETLS'), { insideTls: false }).requireTls, false);
    assert.equal(readCapabilities(ehlo('REQUIRETLSX'), { insideTls: true }).requireTls, false);
  });

  it('reads SIZE without a number, with 0 and with nonsense as no limit (RFC 1870 §4)', () => {
    const size = (line: string): number | undefined =>
      readCapabilities(ehlo(line), { insideTls: false }).size;
    assert.equal(size('SIZE'), 0);
    assert.equal(size('SIZE 0'), 0);
    assert.equal(size('SIZE many'), 0);
    assert.equal(size('SIZE -1'), 0);
    assert.equal(size('DSN'), undefined);
  });

  it('takes AUTH= and garbage without harm', () => {
    const read = readCapabilities(
      ehlo('AUTH LOGIN PLAIN', 'AUTH=LOGIN PLAIN', '', '-', '=x', '\u00e4 DSN', ' SIZE 5 '),
      { insideTls: false },
    );
    assert.deepEqual(
      [...read.keywords],
      [
        ['AUTH', 'LOGIN PLAIN'],
        ['SIZE', '5'],
      ],
    );
  });

  it('a keyword may read like an enhanced code and stays out of the way', () => {
    const reply = parseReply('250-mx\r\n250-2.1.0 DSN\r\n250 SIZE\r\n');
    assert.ok(reply.ok);
    assert.equal(readCapabilities(reply.value, { insideTls: false }).size, 0);
  });

  it('after HELO nothing is on offer', () => {
    const read = noCapabilities(ehlo('STARTTLS', 'SIZE 1'));
    assert.equal(read.startTls, false);
    assert.equal(read.keywords.size, 0);
  });
});
