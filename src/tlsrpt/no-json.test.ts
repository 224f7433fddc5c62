import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { readReportFile } from './read-report-file.ts';
import { zipArchive } from './report-packing.fixture.ts';
import { json, plainSample } from './report-samples.fixture.ts';

const REPORT = json(plainSample());
const RULE = ' (RFC 8460 §4)';

async function saidOf(bytes: Uint8Array | string): Promise<string> {
  const { report, problems } = await readReportFile(Buffer.from(bytes as string));
  assert.equal(report, undefined);
  const fault = problems.find(({ severity }) => severity === 'error');
  assert.equal(fault?.code, 'TLSRPT_REPORT_JSON');
  assert.ok(fault.message.endsWith(RULE));
  return fault.message.slice(0, -RULE.length);
}

describe('what is no JSON', () => {
  it('is named by what it begins like', async () => {
    const tar = Buffer.alloc(1024);
    tar.write('reports/a.json');
    tar.write('ustar', 257);
    const begins = 'it is no report but begins like';
    const unpack = 'unpack it first and hand in what is in it';
    const cases: readonly (readonly [content: Uint8Array | string, said: string])[] = [
      ['hello\n', 'it is no JSON: it begins with "hello"'],
      ['a word that goes on and on', 'it is no JSON: it begins with "a word that goes on …"'],
      [Buffer.from([7, 250, 13, 0, 99, 200]), 'it is neither a report nor a text'],
      ['From a@b.test Mon Mar  2 10:00:00 2026\nx', `${begins} a mailbox`],
      ['Subject: hello\r\n\r\nhello', `${begins} a mail`],
      ['<?xml version="1.0"?>\n<feedback>', `${begins} an aggregate report of DMARC`],
      ['<!DOCTYPE html>', `${begins} XML or HTML`],
      [tar, `${begins} a tar archive: ${unpack}`],
    ];
    for (const [content, said] of cases) assert.equal(await saidOf(content), said);
    for (const [content, said] of cases) {
      const packed = await saidOf(gzipSync(content));
      assert.ok(packed.startsWith(`unpacked, ${said}`), packed);
    }
    const box = 'From a@b.test Mon Mar  2 10:00:00 2026\nSubject: x\n\n';
    assert.equal(await saidOf(gzipSync(box)), `unpacked, ${begins} a mailbox: ${unpack}`);
    assert.equal(await saidOf(gzipSync(gzipSync(REPORT))), `unpacked, ${begins} gzip: ${unpack}`);
    const zip = zipArchive([{ name: 'r.json', content: Buffer.from(box) }]);
    assert.equal(await saidOf(zip), `unpacked, ${begins} a mailbox: ${unpack}`);
  });

  it('cut short and broken are told apart, by octets', async () => {
    assert.equal(await saidOf('{"a":"ü'), 'the JSON breaks off at octet 8: it was cut short');
    assert.equal(await saidOf('{"a":tru'), 'the JSON breaks off at octet 8: it was cut short');
    assert.equal(await saidOf('{"ü":1]'), 'the JSON is broken at octet 7: expected "," or "}"');
  });

  it('fuzz: a report that ends too early is said to break off where it does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: REPORT.length - 3 }), async (length) => {
        const cut = REPORT.subarray(0, length);
        const end = Buffer.from(cut.toString()).length;
        assert.equal(await saidOf(cut), `the JSON breaks off at octet ${end}: it was cut short`);
      }),
      { numRuns: 200 },
    );
  });

  it('RPT-7-2: what a stranger wrote moves no cursor', async () => {
    assert.doesNotMatch(await saidOf('a\u202eb'), /\u202e/);
  });
});
