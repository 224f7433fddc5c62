import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { readReportFile } from './read-report-file.ts';
import { gzipMember, zipArchive } from './report-packing.fixture.ts';
import { json, plainSample } from './report-samples.fixture.ts';
import { DEFAULT_UNPACK_LIMITS, unpackReport, type UnpackedReport } from './unpack-report.ts';

const REPORT = Buffer.from(json(plainSample()));

async function unpacked(
  bytes: Uint8Array,
  limits = DEFAULT_UNPACK_LIMITS,
): Promise<UnpackedReport> {
  const outcome = await unpackReport(bytes, limits);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.value;
}

async function refused(bytes: Uint8Array, limits = DEFAULT_UNPACK_LIMITS): Promise<string> {
  const outcome = await unpackReport(bytes, limits);
  assert.ok(!outcome.ok);
  assert.ok(outcome.failure.detail !== '');
  return outcome.failure.code.replace('TLSRPT_REPORT_', '');
}

async function assertGives(
  bytes: Uint8Array,
  container: UnpackedReport['container'],
  deviations: readonly string[] = [],
): Promise<void> {
  const value = await unpacked(bytes);
  assert.deepEqual(Buffer.from(value.json), REPORT);
  assert.equal(value.container, container);
  assert.deepEqual(
    value.deviations.map((code) => code.replace('TLSRPT_REPORT_', '')),
    deviations,
  );
}

describe('unpacking reports', () => {
  it('I2: the first octets decide', async () => {
    await assertGives(REPORT, 'plain');
    await assertGives(gzipSync(REPORT), 'gzip');
    const zip = zipArchive([{ name: 'r.json', content: REPORT }]);
    await assertGives(zip, 'zip', ['IN_ZIP']);
    // A view into a larger buffer is read from its own beginning.
    const around = Buffer.concat([Buffer.from('x'), gzipSync(REPORT)]);
    await assertGives(new Uint8Array(around).subarray(1), 'gzip');
  });

  it('P21, RPT-6.3-1: everything that a gzip header may carry is skipped', async () => {
    await assertGives(gzipMember(REPORT, { name: '../../etc/passwd' }), 'gzip');
    await assertGives(gzipMember(REPORT, { comment: 'a report' }), 'gzip');
    await assertGives(gzipMember(REPORT, { headerCrc: true }), 'gzip');
    const all = { extra: Buffer.alloc(300, 1), name: 'a', comment: 'b', headerCrc: true };
    await assertGives(gzipMember(REPORT, all), 'gzip');
  });

  it('P21: of several members the first counts', async () => {
    const second = gzipSync('{"second":1}');
    await assertGives(Buffer.concat([gzipSync(REPORT), second]), 'gzip', ['GZIP_MEMBERS']);
  });

  it('P20: NULs, CRLF and garbage after gzip are left alone', async () => {
    for (const rest of ['\0\0\0', '\r\n', 'garbage', '{}']) {
      const bytes = Buffer.concat([gzipSync(REPORT), Buffer.from(rest)]);
      await assertGives(bytes, 'gzip', ['TRAILING_BYTES']);
    }
  });

  it('P20, P21: the same for a file of some size', async () => {
    const noise = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * at * 31) & 255));
    const large = Buffer.concat([randomBytes(60_000), noise]);
    for (const rest of ['', '\r\n', '\x1f\x8b']) {
      const bytes = Buffer.concat([gzipSync(large), Buffer.from(rest, 'latin1')]);
      const { json: content, deviations } = await unpacked(bytes);
      assert.ok(large.equals(content));
      assert.equal(deviations.length, rest === '' ? 0 : 1);
    }
    assert.equal(await refused(gzipSync(large).subarray(0, 50_000)), 'GZIP');
  });

  it('P21: cut anywhere, or one octet changed at the end, is refused', async () => {
    const gzip = gzipSync(REPORT);
    for (let end = 2; end < gzip.length; end += 1) {
      assert.equal(await refused(gzip.subarray(0, end)), 'GZIP', `cut at ${end}`);
    }
    for (const back of [8, 4]) {
      const damaged = Buffer.from(gzip);
      damaged[damaged.length - back]! ^= 1;
      assert.equal(await refused(damaged), 'GZIP');
    }
    const reserved = Buffer.from(gzip);
    reserved[3] = 0x80;
    assert.equal(await refused(reserved), 'GZIP');
  });

  it('I14, RPT-5.2-2: a gzip bomb is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    assert.ok(bomb.length < 100_000);
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(await refused(bomb), 'JSON_SIZE');
    assert.ok(process.memoryUsage().arrayBuffers - before < 30_000_000);
    // Below the limit on the size, but out of all proportion.
    assert.equal(await refused(gzipSync(Buffer.alloc(8_000_000))), 'JSON_SIZE');
  });

  it('RPT-5.2-2: the limits, exactly', async () => {
    const limits = { maxPackedBytes: gzipSync(REPORT).length, maxJsonBytes: REPORT.length };
    assert.equal((await unpacked(gzipSync(REPORT), limits)).json.length, REPORT.length);
    assert.equal((await unpacked(REPORT, limits)).json.length, REPORT.length);
    const smaller = { ...limits, maxJsonBytes: REPORT.length - 1 };
    assert.equal(await refused(gzipSync(REPORT), smaller), 'JSON_SIZE');
    assert.equal(await refused(REPORT, smaller), 'JSON_SIZE');
    const narrower = { ...limits, maxPackedBytes: limits.maxPackedBytes - 1 };
    assert.equal(await refused(gzipSync(REPORT), narrower), 'PACKED_SIZE');
    assert.equal(await refused(Buffer.alloc(0)), 'EMPTY');
  });

  it('RPT-6.3-1: of a zip archive the first .json, whatever path it claims', async () => {
    const other = { name: 'readme.txt', content: Buffer.from('hello') };
    const report = { name: '../../tmp/evil.JSON', content: REPORT };
    const second = { name: 'b.json', content: Buffer.from('{}') };
    await assertGives(zipArchive([other, report, second]), 'zip', ['IN_ZIP', 'ZIP_MORE']);
    await assertGives(zipArchive([{ ...report, isStored: true }]), 'zip', ['IN_ZIP']);
    assert.equal(await refused(zipArchive([other])), 'ZIP_NO_JSON');
    assert.equal(await refused(zipArchive([])), 'ZIP_NO_JSON');
    const many = Array.from({ length: 500 }, () => other);
    assert.equal(await refused(zipArchive([...many, report])), 'ZIP_NO_JSON');
  });

  it('I14: zip bombs, lies and damage are refused', async () => {
    const name = 'r.json';
    const bomb = { name, content: Buffer.alloc(30_000_000) };
    assert.equal(await refused(zipArchive([bomb])), 'JSON_SIZE');
    assert.equal(await refused(zipArchive([{ ...bomb, claims: { size: 10 } }])), 'JSON_SIZE');
    const report = { name, content: REPORT };
    assert.equal(await refused(zipArchive([{ ...report, claims: { crc: 1 } }])), 'ZIP');
    assert.equal(await refused(zipArchive([{ ...report, claims: { flags: 1 } }])), 'ZIP');
    const zip = zipArchive([report]);
    assert.equal(await refused(zip.subarray(0, -10)), 'ZIP');
    assert.equal(await refused(zip.subarray(0, 30)), 'ZIP');
  });

  it('fuzz: damage of any kind is an outcome, never an exception', async () => {
    const files = [gzipSync(REPORT), zipArchive([{ name: 'r.json', content: REPORT }]), REPORT];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 }),
        fc.nat(2000),
        async (file, changes, length) => {
          const bytes = Buffer.from(file);
          for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
          const cut = bytes.subarray(0, length % 3 === 0 ? length : bytes.length);
          const { report, problems } = await readReportFile(cut);
          const failed = problems.some(({ severity }) => severity === 'error');
          assert.equal(report === undefined, failed);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('reading a report file', () => {
  it('P20: what is unusual about the container stands among the problems', async () => {
    const bytes = Buffer.concat([gzipSync(`\ufeff${REPORT.toString()}`), Buffer.from('\r\n')]);
    const { report, container, deviations, problems } = await readReportFile(bytes);
    assert.equal(report?.policies[0]?.successes, 3);
    assert.equal(container, 'gzip');
    assert.deepEqual(deviations, ['TLSRPT_REPORT_TRAILING_BYTES', 'TLSRPT_REPORT_BOM']);
    assert.deepEqual(
      problems.map(({ code }) => code),
      deviations,
    );
  });

  it('P21: what cannot be unpacked is one problem', async () => {
    const { report, problems, deviations } = await readReportFile(gzipSync(REPORT).subarray(0, 50));
    assert.equal(report, undefined);
    assert.deepEqual(deviations, []);
    assert.deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [['TLSRPT_REPORT_GZIP', 'error']],
    );
  });

  it('P15: hints reach the reader', async () => {
    const policies = [{ policy: { 'policy-type': 'sts' }, summary: {} }];
    const bytes = gzipSync(json(plainSample({ policies, 'report-id': 'x' })));
    const { report } = await readReportFile(bytes, { hints: { headerDomain: 'example.org' } });
    assert.equal(report?.policies[0]?.policy.domain, 'example.org');
  });
});
