import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createOctetReader } from './octet-reader.ts';

describe('octet reader', () => {
  it('puts lines together, however they arrive', async () => {
    const stream = new PassThrough();
    const reader = createOctetReader(stream);
    const first = reader.line(100);
    for (const octet of 'EHLO x\r\nNO') stream.write(octet);
    assert.equal(await first, 'EHLO x');
    stream.end('OP\r\nrest');
    assert.equal(await reader.line(100), 'NOOP');
    assert.equal(await reader.line(100), undefined);
  });

  it('takes a bare LF for no end of a line', async () => {
    const stream = new PassThrough();
    const reader = createOctetReader(stream);
    stream.end('a\nb\r\n');
    assert.equal(await reader.line(100), 'a\nb');
  });

  it('gives up on a line without end', async () => {
    const stream = new PassThrough();
    const reader = createOctetReader(stream);
    stream.write('x'.repeat(101));
    assert.equal(await reader.line(100), undefined);
  });

  it('reads blocks and counts what waits', async () => {
    const stream = new PassThrough();
    const seen: Buffer[] = [];
    const reader = createOctetReader(stream, (octets) => seen.push(octets));
    stream.write('BDAT 3\r\n\r\nxy');
    assert.equal(await reader.line(100), 'BDAT 3');
    assert.equal(String(await reader.block(3)), '\r\nx');
    assert.equal(reader.waiting, 1);
    reader.detach();
    stream.write('unheard');
    assert.equal(String(Buffer.concat(seen)), 'BDAT 3\r\n\r\nxy');
  });
});
