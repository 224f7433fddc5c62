import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contentOf, notice, queued, reportOf } from './notice.fixture.ts';
import { readReturned, type Returned } from './returned.ts';
import { valueOf } from './mime-reader.fixture.ts';

async function back(
  text: string | Uint8Array,
  wanted: 'headers' | 'full' = 'full',
): Promise<Returned> {
  const returned = await readReturned(contentOf(text), wanted);
  assert.ok(returned !== undefined);
  return returned;
}

describe('readReturned', () => {
  it('bare line ends become CRLF, and the last line gets one', async () => {
    const { content } = await back('Subject: x\n\na\rb');
    assert.equal(content.toString(), 'Subject: x\r\n\r\na\r\nb\r\n');
  });

  it('8-bit content says so', async () => {
    assert.equal((await back('Subject: x\r\n\r\nné\r\n')).encoding, '8bit');
    assert.equal((await back('Subject: x\r\n\r\nno\r\n')).encoding, '7bit');
    assert.equal((await back('Subject: x\r\n\r\nné\r\n', 'headers')).encoding, '7bit');
  });

  it('DSN-6522-3-1: a UTF-8 header makes it global (RFC 6533)', async () => {
    const text = 'Subject: né\r\n\r\nx\r\n';
    assert.equal((await back(text)).mediaType, 'message/global');
    assert.equal((await back(text, 'headers')).mediaType, 'message/global-headers');
    const latin1 = Buffer.from(text, 'latin1');
    assert.equal((await back(latin1)).mediaType, 'message/rfc822');
    assert.equal((await back(latin1)).encoding, '8bit');
  });

  it('what cannot stand in another message goes back as its header', async () => {
    assert.equal((await back(`Subject: x\r\n\r\n${'y'.repeat(999)}\r\n`)).what, 'headers');
    assert.equal((await back(`Subject: x\r\n\r\n\0\r\n`)).what, 'headers');
    assert.equal((await back(`Subject: x\r\n\r\n${'y'.repeat(998)}\r\n`)).what, 'message');
  });

  it('over-long and odd lines of a header are made fit', async () => {
    const { content } = await back(`X: ${'y'.repeat(3000)}\0\r\nTo: a@b\r\n\r\n`, 'headers');
    const lines = content.toString('latin1').split('\r\n');
    assert.ok(lines.every((line) => line.length <= 998 && !line.includes('\0')));
    assert.equal(lines.at(-2), 'To: a@b');
  });

  it('a header without end is cut at a line', async () => {
    const text = 'X-Long: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(5000);
    const { content, what } = await back(text, 'headers');
    assert.equal(what, 'headers');
    assert.ok(content.length <= 65_536 && content.length > 60_000);
    assert.ok(content.toString().endsWith('yyy\r\n'));
  });

  it('a message without a header, and an empty one', async () => {
    assert.equal((await back('\r\nbody\r\n', 'headers')).content.length, 0);
    assert.equal((await back('', 'full')).content.length, 0);
  });

  it('a message that holds the boundary cannot end the report', async () => {
    const first = await reportOf(notice());
    const boundary = /boundary="([^"]+)"/.exec(valueOf(first.fields, 'Content-Type') ?? '')?.[1];
    const evil = `Subject: x\r\n\r\n--${boundary}--\r\n--${boundary}\r\n`;
    const { returned } = await reportOf(
      notice({ content: contentOf(evil), message: queued({ size: evil.length }) }),
    );
    assert.equal(returned?.body, evil);
  });

  it('RT-5-2: a header section of too many fields brings nothing of the body back', async () => {
    const text = `${'A: b\r\n'.repeat(2_001)}\r\nSECRET body\r\n`;
    for (const wanted of ['headers', 'full'] as const) {
      const returned = await readReturned(() => [Buffer.from(text)], wanted);
      const shown = returned?.content.toString() ?? '';
      if (returned?.what === 'headers') assert.doesNotMatch(shown, /SECRET/);
      assert.match(shown, /^A: b\r\n/);
    }
    const headers = await readReturned(() => [Buffer.from(text)], 'headers');
    assert.doesNotMatch(headers?.content.toString() ?? 'SECRET', /SECRET/);
  });
});
