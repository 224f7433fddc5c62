import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeClock } from '../../src/clock.fixture.ts';
import { mapResolver } from '../../src/dns/map-resolver.fixture.ts';
import { readReportMail } from '../../src/reporting/mail/read-report-mail.ts';
import { verifyReportMail } from '../../src/reporting/mail/verify-mail.ts';
import { summarize } from '../../src/reporting/summary/summarize.ts';
import { openStore } from '../../src/store/open-store.ts';
import { readDatagram } from '../../src/tlsrpt/datagram.ts';
import { readReportFile } from '../../src/tlsrpt/read-report-file.ts';
import { datagramTexts } from './datagram-texts.ts';
import { writeMails } from './mails.ts';
import { planOf } from './plan.ts';
import { seedArchive } from './seed-archive.ts';

const note = (): void => undefined;
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-bench-test-'));
});
after(() => rmSync(folder, { recursive: true }));

describe('what the reports benchmark measures with', () => {
  it('a row that does not exist, and no time at all, are refused', () => {
    assert.throws(() => planOf({ quick: true, rows: ['ingests'], note }), /no row is called/);
    assert.throws(() => planOf({ quick: true, seconds: 0, note }), /above 0/);
    assert.deepEqual(planOf({ quick: true, note }).rows, [
      'ingest',
      'import',
      'datagrams',
      'summary',
    ]);
  });

  it('a full archive holds a million reports', () => {
    const { domains, days, senders } = planOf({ quick: false, note }).archive;
    assert.ok(domains * days * senders >= 1_000_000);
  });

  it('every datagram is one that a collector can count, each tenth a failure', () => {
    const lines = datagramTexts().trim().split('\n');
    const readings = lines.map((line) => readDatagram(Buffer.from(line), 0));
    assert.ok(readings.every((one) => one.kind === 'results' && one.notes.length === 0));
    const results = readings.flatMap((one) => (one.kind === 'results' ? one.results : []));
    assert.equal(results.length, lines.length);
    assert.equal(results.filter(({ failures }) => failures.length > 0).length, lines.length / 10);
    assert.equal(new Set(results.map(({ policy }) => policy.type)).size, 3);
  });

  it('every mail is one of a proven sender, with a report of its own', async () => {
    const mails = join(mkdtempSync(join(folder, 'mails-')));
    const keys = await writeMails(mails, 24);
    const records = Object.entries(keys).map(([name, text]) => [name, { TXT: [text] }] as const);
    const resolver = mapResolver({ records: Object.fromEntries(records) });
    const ids = new Set<string>();
    for (const name of readdirSync(mails)) {
      const message = readFileSync(join(mails, name));
      const mail = await readReportMail(message);
      assert.ok(mail.ok);
      const { report, problems } = await readReportFile(mail.value.attachments[0]!.bytes);
      assert.deepEqual(problems, []);
      ids.add(`${report?.contactInfo} ${report?.reportId}`);
      const submitters = [report!.contactInfo!.split('@')[1]!];
      const now = Date.UTC(2026, 3, 1);
      const question = { message, resolver, submitters, requireTlsrptKey: true, now };
      assert.equal((await verifyReportMail(question)).kind, 'verified');
    }
    assert.equal(ids.size, 24);
  });

  it('a filled archive adds up', async () => {
    const path = join(folder, 'archive.db');
    const [lastDay, days] = [20_849, 40];
    const filled = { domains: 3, days, senders: 4, lastDay };
    assert.equal(await seedArchive(path, filled), 480);
    const store = await openStore(`sqlite:${path}`);
    const clock = new FakeClock(lastDay * 86_400_000);
    const all = await summarize({ store, clock, days });
    const one = await summarize({ store, clock, days, domain: 'shop0001.test' });
    await store.close();
    assert.equal(all.total.reports, 480);
    assert.equal(one.total.reports, 160);
    assert.ok(all.total.failures > 0);
    assert.equal(all.itemised, all.total.failures);
    assert.equal(all.senders.length, 4);
    assert.deepEqual(
      all.months.map(({ month }) => month),
      ['2026-12', '2027-01'],
    );
  });
});
