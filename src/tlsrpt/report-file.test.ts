import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { packReport, parseReportFileName, reportFileName, reportId } from './report-file.ts';
import { DAY, DAY_MS, report } from './write-report.fixture.ts';
import { MAX_REPORT_ID, writeReport } from './write-report.ts';

const FACTS = {
  submitter: 'lighthouse.example',
  domain: 'harbour.example',
  start: DAY * DAY_MS,
  end: (DAY + 1) * DAY_MS,
  packed: true,
} as const;

describe('packReport', () => {
  it('RPT-5.2-1, G9: gzip without a time, a name and a system', () => {
    const json = writeReport(report());
    const packed = packReport(json);
    assert.deepEqual([...packed.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, packed[8], 255]);
    assert.deepEqual(new Uint8Array(gunzipSync(packed)), new Uint8Array(json));
    assert.deepEqual(packReport(json), packed);
  });
});

describe('reportFileName', () => {
  it('RPT-5.1-1, RPT-5.1-3: the name of a packed and of a plain report', () => {
    assert.equal(
      reportFileName(FACTS),
      'lighthouse.example!harbour.example!1772582400!1772668799.json.gz',
    );
    assert.equal(
      reportFileName({ ...FACTS, unique: '001', packed: false }),
      'lighthouse.example!harbour.example!1772582400!1772668799!001.json',
    );
  });

  it('RPT-5.1-2: domains are A-labels', () => {
    const name = reportFileName({ ...FACTS, domain: 'Häfen.example', submitter: 'Ö.example' });
    assert.match(name, /^xn--nda\.example!xn--hfen-loa\.example!/);
  });

  it('RPT-5.1-4: a unique-id has letters and digits only', () => {
    for (const unique of ['', 'a-b', '../x', 'ä']) {
      assert.throws(() => reportFileName({ ...FACTS, unique }), /unique-id/);
    }
  });

  it('refuses names and times that are none', () => {
    assert.throws(() => reportFileName({ ...FACTS, domain: '../../etc' }), /cannot be looked up/);
    assert.throws(() => reportFileName({ ...FACTS, start: 1.5 }), /no full second/);
    assert.throws(() => reportFileName({ ...FACTS, start: -1000 }), /no full second/);
  });
});

describe('parseReportFileName', () => {
  it('fuzz: reads what was written', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
    const name = fc.tuple(label, label).map((labels) => labels.join('.'));
    const facts = fc
      .record({
        submitter: name,
        domain: name,
        day: fc.nat(40_000),
        packed: fc.boolean(),
        unique: fc.option(fc.stringMatching(/^[A-Za-z0-9]{1,12}$/)),
      })
      .map(({ day, unique, ...rest }) => ({
        ...rest,
        start: day * DAY_MS,
        end: (day + 1) * DAY_MS,
        ...(unique === null ? {} : { unique }),
      }));
    fc.assert(
      fc.property(facts, (one) => {
        assert.deepEqual(parseReportFileName(reportFileName(one)), one);
      }),
    );
  });

  it('reads what others write', () => {
    const read = (name: string): unknown => parseReportFileName(name);
    const same = { ...FACTS, unique: '1337001+harbour.example' };
    assert.deepEqual(
      read(
        'Lighthouse.Example!harbour.example.!1772582400!1772668799!1337001+harbour.example.json.gz',
      ),
      same,
    );
    assert.deepEqual(
      read('/tmp/lighthouse.example!harbour.example!1772582400!1772668800.JSON.GZ'),
      FACTS,
    );
    assert.deepEqual(read('C:\\x\\lighthouse.example!harbour.example!1772582400!1772668800.zip'), {
      ...FACTS,
      packed: false,
    });
  });

  it('gives nothing for what says nothing', () => {
    for (const name of [
      '',
      'report.json.gz',
      'a.example!b.example!1!x.json',
      'a.example!b..example!0!59.json',
      'a.example!b.example!60!0.json',
      'a.example!b.example!999999999999!9999999999999.json',
      `a.example!b.example!0!59!${'x'.repeat(2000)}.json`,
    ]) {
      assert.equal(parseReportFileName(name), undefined, name);
    }
  });

  it('fuzz: never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => void parseReportFileName(name)));
  });
});

describe('reportId', () => {
  const id = { day: DAY, domain: 'harbour.example', submitter: 'lighthouse.example' };

  it('RPT-AGG-5: the same facts give the same id, each other fact another', () => {
    assert.equal(reportId(id), '2026-03-04_harbour.example_1@lighthouse.example');
    assert.equal(reportId({ ...id, domain: 'HARBOUR.example.' }), reportId(id));
    const others = [
      { ...id, day: DAY + 1 },
      { ...id, domain: 'quay.example' },
      { ...id, submitter: 'beacon.example' },
      { ...id, part: 2 },
      { ...id, part: 'mx' },
    ];
    assert.equal(new Set([id, ...others].map(reportId)).size, 6);
  });

  it('RPT-5.3-6, RPT-AGG-5, G5: fuzz: at most 128 characters, of the form left@right, unique', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/);
    const name = fc
      .array(label, { minLength: 1, maxLength: 12 })
      .map((labels) => labels.join('.'))
      .filter((text) => text.length <= 253);
    const facts = fc.record({
      day: fc.nat(60_000),
      domain: name,
      submitter: name,
      part: fc.nat(99),
    });
    fc.assert(
      fc.property(facts, facts, (one, other) => {
        const made = reportId(one);
        assert.match(made, /^[^<>@\s]+@[a-z0-9][a-z0-9.-]*$/);
        assert.ok(made.length <= MAX_REPORT_ID);
        assert.equal(reportId({ ...one }), made);
        const areSame = JSON.stringify(one) === JSON.stringify(other);
        assert.equal(reportId(other) === made, areSame);
        assert.ok(writeReport(report({ reportId: made })).length > 0);
      }),
    );
  });

  it('refuses what makes no id', () => {
    assert.throws(() => reportId({ ...id, day: 1.5 }), /no report-id/);
    assert.throws(() => reportId({ ...id, part: 'a b' }), /no report-id/);
    assert.throws(() => reportId({ ...id, domain: '' }), /cannot be looked up/);
    assert.throws(() => reportId({ ...id, part: 'x'.repeat(100) }), /too long/);
  });
});
