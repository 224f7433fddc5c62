import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type MboxOptions, splitMbox } from './mbox.ts';

const POSTMARK = 'From reporter@sender.test Thu Jan  1 00:00:00 2026\n';

async function split(
  text: string | Uint8Array,
  { chunk = 7, ...options }: MboxOptions & { readonly chunk?: number } = {},
): Promise<string[]> {
  const mails: string[] = [];
  const bytes = Buffer.from(text as string);
  for await (const mail of splitMbox(pieces(bytes, chunk), options)) {
    mails.push(Buffer.from(mail).toString('latin1'));
  }
  return mails;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** As a program writes mboxrd. */
function written(mails: readonly string[]): string {
  return mails.map((mail) => `${POSTMARK}${mail.replaceAll(/^(>*From )/gm, '>$1')}\n`).join('');
}

describe('splitMbox', () => {
  it('splits at the lines between mails, and takes the quotes away', async () => {
    const mails = ['A: 1\n\n>From me\nFrom here\n', 'B: 2\n\n>>From x\n> From y\n'];
    assert.deepEqual(await split(written(mails)), [mails[0], `${mails[1]}\n`]);
  });

  it('keeps CRLF', async () => {
    const text = written(['A: 1\n\nx\n', 'B: 2\n\ny\n']).replaceAll('\n', '\r\n');
    assert.deepEqual(await split(text), ['A: 1\r\n\r\nx\r\n', 'B: 2\r\n\r\ny\r\n\r\n']);
  });

  it('a sentence that begins with From is no line between mails, nor is one without an empty line before', async () => {
    const mail = `A: 1\n\nhello\n\nFrom now on all is well.\n${POSTMARK}end\n`;
    assert.deepEqual(await split(POSTMARK + mail), [mail]);
  });

  it('the first line needs no time; the writers differ in the rest of it', async () => {
    const text = 'From -\nA: 1\n\n\nFrom ???@??? Wed Jan 07 12:00:00 2026 +0100\nB: 2\n\n';
    assert.deepEqual(await split(text), ['A: 1\n\n', 'B: 2\n\n']);
  });

  it('what is no mailbox is one mail; nothing is none', async () => {
    assert.deepEqual(await split('A: 1\n\nx'), ['A: 1\n\nx']);
    assert.deepEqual(await split('\r\n\nA: 1\n\nx'), ['A: 1\n\nx']);
    assert.deepEqual(await split(''), []);
    assert.deepEqual(await split(POSTMARK), []);
    assert.deepEqual(await split(`${POSTMARK}\n${POSTMARK}\n`), []);
  });

  it('RPT-7-3: a mail that is too large is passed over and told, the others are read', async () => {
    const told: unknown[] = [];
    const text = written(['A: 1\n\nx\n', `B: 2\n\n${'y'.repeat(3_000)}\n`, 'C: 3\n\nz\n']);
    const mails = await split(text, {
      chunk: 100,
      maxBytes: 1_000,
      onTooLarge: (fact) => told.push(fact),
    });
    assert.deepEqual(mails, ['A: 1\n\nx\n', 'C: 3\n\nz\n\n']);
    assert.deepEqual(told, [{ index: 1, octets: 3_008 }]);
  });

  it('RPT-7-3: a line without end is not held in memory', async () => {
    // The same octets again and again: what grows is what the reader holds.
    const chunk = Buffer.alloc(1_048_576, 'x');
    async function* endless(): AsyncIterable<Uint8Array> {
      yield Buffer.from(`${POSTMARK}A: 1\n\n`);
      for (let count = 0; count < 600; count += 1) yield chunk;
      yield Buffer.from(`\n\n${POSTMARK}B: 2\n`);
    }
    const before = process.memoryUsage().arrayBuffers;
    const mails: string[] = [];
    for await (const mail of splitMbox(endless(), { maxBytes: 1_000_000 })) {
      mails.push(Buffer.from(mail).toString());
    }
    assert.deepEqual(mails, ['B: 2\n']);
    assert.ok(process.memoryUsage().arrayBuffers - before < 50e6);
  });

  it('fuzz: what was written as mboxrd comes back, however it is cut into pieces', async () => {
    const line = fc.oneof(
      fc.constantFrom('', 'From x 12:00', '>From y', '>>From ', 'From', '> From z', 'A: 1', '\r'),
      fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => text.replaceAll('\n', '')),
      fc.nat(1_500).map((length) => 'w'.repeat(length)),
    );
    const mail = fc
      .array(line, { minLength: 1, maxLength: 8 })
      .map((lines) => `H: 1\n${lines.join('\n')}\n`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(mail, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 700 }),
        async (mails, chunk) => {
          const expected = [...mails.slice(0, -1), `${mails.at(-1)!}\n`];
          assert.deepEqual(await split(Buffer.from(written(mails), 'latin1'), { chunk }), expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('fuzz: no octet of anything else is lost or invented, and nothing throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(50), async (octets, chunk) => {
        const mails = await split(octets, { chunk: chunk + 1 });
        assert.ok(mails.join('').length <= octets.length);
      }),
      { numRuns: 300 },
    );
  });
});
