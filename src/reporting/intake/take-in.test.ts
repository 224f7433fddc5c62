import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { mapResolver } from '../../dns/map-resolver.fixture.ts';
import { FakeClock } from '../../clock.fixture.ts';
import { silentLog } from '../../log/log.ts';
import { json, REPORT_SAMPLES } from '../../tlsrpt/report-samples.fixture.ts';
import {
  type ArchiveRig,
  archiveRig,
  statesOf,
  sumsOf,
  verified,
} from '../archive/archive.fixture.ts';
import {
  BIG,
  bigMail,
  BOUNCE,
  dmarcMail,
  forwarded,
  mixedMail,
  officeMail,
  packings,
  postMail,
  sampleJson,
  SMALL,
} from '../mail/report-mails.fixture.ts';
import { signedByNodemailer, testKey } from '../mail/signed-mails.fixture.ts';
import { checkMail, type MailToCheck, type ReportClaim } from '../mail/verify-mail.ts';
import type { Authenticity } from '../types.ts';
import { collectingLog, type Line } from './intake.fixture.ts';
import { createIntake, type IntakeOptions } from './take-in.ts';
import type { Intake, IntakeResult } from './types.ts';

interface IntakeRig extends ArchiveRig {
  readonly intake: Intake;
  readonly asked: MailToCheck[];
  readonly claims: ReportClaim[];
  /** What the verifier says. */
  says: Authenticity;
}

async function intakeRig(
  settings: Partial<ArchiveRig['settings']> = {},
  more: Partial<IntakeOptions> = {},
): Promise<IntakeRig> {
  const archive = await archiveRig({ settings: { domains: ['*'], ...settings } });
  const asked: MailToCheck[] = [];
  const claims: ReportClaim[] = [];
  const rig = Object.assign(archive, {
    asked,
    claims,
    says: verified('bigmail.example'),
  });
  const intake = createIntake({
    archive: archive.archive,
    resolver: mapResolver({ records: {} }),
    clock: new FakeClock(Date.UTC(2026, 6, 1)),
    settings: () => rig.settings,
    log: silentLog,
    verify: async (options) => {
      asked.push(options);
      return await Promise.resolve((claim: ReportClaim) => {
        claims.push(claim);
        return rig.says;
      });
    },
    ...more,
  });
  return Object.assign(rig, { intake });
}

/** `stored`, `refused CODE` … of a message or file. */
function told(result: IntakeResult): string {
  if (result.kind !== 'reports') return `${result.kind} ${result.failure.code}`;
  return result.results.map(({ result: done, failure }) => done?.kind ?? failure!.code).join(', ');
}

const mail = async ({ intake }: IntakeRig, text: string): Promise<string> =>
  told(await intake.message(Buffer.from(text), 'smtp'));
const file = async ({ intake }: IntakeRig, bytes: Uint8Array, fileName?: string): Promise<string> =>
  told(await intake.file(bytes, { way: 'https', ...(fileName === undefined ? {} : { fileName }) }));

describe('taking in mail', () => {
  it('each report that is taken leaves a line: whose, about what, under which id', async () => {
    const lines: Line[] = [];
    await using rig = await intakeRig({}, { log: collectingLog(lines) });
    await mail(rig, bigMail());
    await mail(rig, bigMail());
    const [first, again] = lines;
    assert.equal(first?.level, 'info');
    const { event, way, sender, domains, id, archive } = first.fields;
    assert.deepEqual(
      [event, way, sender, domains, archive],
      ['report-taken', 'smtp', 'bigmail.example', ['reported.example'], 'stored'],
    );
    assert.ok(
      typeof id === 'string' && first.message.startsWith(`report ${id} of bigmail.example`),
    );
    assert.match(again!.message, /it was here already$/);
    assert.equal(lines.length, 2);
    await rig.intake.file(Buffer.from(sampleJson(SMALL)), { way: 'file' });
    assert.equal(lines.length, 2, 'the command tells of files');
  });

  it('takes the report out of the mails of large senders, and counts it', async () => {
    await using rig = await intakeRig();
    assert.deepEqual(
      [await mail(rig, bigMail()), await mail(rig, officeMail()), await mail(rig, postMail())],
      ['stored', 'stored', 'stored'],
    );
    const [row] = await rig.store.db
      .selectFrom('received_report')
      .selectAll()
      .orderBy('id')
      .execute();
    assert.equal(row!.sender, 'bigmail.example');
    assert.equal(row!.day, Math.floor(Date.UTC(2026, 2, 4) / 86_400_000));
    assert.equal(row!.auth_kind, 'verified');
    assert.match(row!.hints, /"headerDomain":"reported.example"/);
  });

  it('the verifier gets the mail and every name that the report gives for its sender', async () => {
    await using rig = await intakeRig({ requireTlsrptKey: true });
    await mail(rig, postMail());
    const [asked] = rig.asked;
    assert.deepEqual(rig.claims, [{ submitters: ['post.example'], place: 'outer' }]);
    assert.equal(asked!.requireTlsrptKey, true, 'RPT-3-20');
    assert.match(Buffer.from(asked!.message).toString(), /TLS-Report-Submitter/);
  });

  it('I5: what is no report is told apart and kept out', async () => {
    await using rig = await intakeRig();
    const none = 'not-a-report REPORT_MAIL_NO_REPORT';
    assert.equal(await mail(rig, BOUNCE), none);
    assert.equal(await mail(rig, dmarcMail('gzip')), none);
    assert.equal(await mail(rig, 'Subject: hello\n\nA plain text.\n'), none);
    assert.equal(await file(rig, Buffer.from('Subject: cron\n\ndone\n')), none);
    assert.deepEqual(await statesOf(rig.store), []);
  });

  it('I6: of two reports in one mail both are stored, and the mail is verified once', async () => {
    await using rig = await intakeRig();
    const type = 'application/tlsrpt+gzip';
    const other = packings({ ...SMALL, id: 'another' });
    const text = mixedMail([
      { type, bytes: packings().gzip },
      { type, bytes: other.gzip },
    ]);
    assert.equal(await mail(rig, text), 'stored, stored');
    assert.equal(rig.asked.length, 1);
    assert.equal(await mail(rig, text), 'duplicate, duplicate');
  });

  it('RPT-5.3-8: parts that are no reports are passed over', async () => {
    await using rig = await intakeRig();
    const text = mixedMail([
      { type: 'text/html', bytes: Buffer.from('<p>banner</p>') },
      {
        type: 'application/octet-stream',
        disposition: 'attachment; filename="r.json.gz"',
        bytes: packings().gzip,
      },
      { type: 'text/plain', bytes: Buffer.from('sent by a list') },
    ]);
    assert.equal(await mail(rig, text), 'stored');
  });

  it('a damaged report beside a good one does not keep it out', async () => {
    await using rig = await intakeRig();
    const type = 'application/tlsrpt+gzip';
    const cut = packings().gzip.subarray(0, 60);
    const both = [
      { type, bytes: cut },
      { type, bytes: packings().gzip },
    ];
    assert.equal(await mail(rig, mixedMail(both)), 'TLSRPT_REPORT_GZIP, stored');
    assert.equal(await mail(rig, mixedMail([both[0]!])), 'refused TLSRPT_REPORT_GZIP');
  });

  it('RPT-3-17: without a valid signature of the sender a report is refused, shown or counted as set', async () => {
    const kinds: readonly Authenticity[] = [
      { kind: 'unsigned', notes: [] },
      { kind: 'broken', notes: ['body hash'] },
      { kind: 'unaligned', domain: 'evil.test', notes: [] },
    ];
    for (const says of kinds) {
      await using refusing = await intakeRig({ unauthenticated: 'refuse' });
      refusing.says = says;
      assert.equal(await mail(refusing, bigMail()), 'refused REPORT_INTAKE_NOT_VERIFIED');
      await using showing = await intakeRig({ unauthenticated: 'show' });
      showing.says = says;
      assert.equal(await mail(showing, bigMail()), 'not-counted');
      await using counting = await intakeRig({ unauthenticated: 'count' });
      counting.says = says;
      assert.equal(await mail(counting, bigMail()), 'stored');
    }
  });

  it('a key that cannot be looked up now is no reason to lose a report', async () => {
    await using rig = await intakeRig();
    rig.says = { kind: 'temporary', notes: ['timeout'] };
    assert.equal(await mail(rig, bigMail()), 'later REPORT_INTAKE_KEY_UNKNOWN');
    rig.settings = { ...rig.settings, unauthenticated: 'count' };
    assert.equal(await mail(rig, bigMail()), 'stored');
  });

  it('S7: mails that wait for their keys keep nobody waiting, and not for ever', async () => {
    const clock = new FakeClock(Date.UTC(2026, 6, 1));
    const name = 'sel._domainkey.bigmail.example';
    const message = await signedByNodemailer(bigMail(), [
      { domain: 'bigmail.example', selector: 'sel', pem: testKey().pem },
    ]);
    const asked: string[] = [];
    const resolver: IntakeOptions['resolver'] = {
      lookup: async (each) => {
        asked.push(each);
        return await new Promise<never>(() => undefined);
      },
    };
    await using rig = await intakeRig({}, { clock, resolver, verify: checkMail });
    const waiting = Array.from({ length: 20 }, () => rig.intake.message(message, 'smtp'));
    assert.equal(await file(rig, packings().gzip), 'not-counted');
    assert.deepEqual(
      asked,
      waiting.map(() => name),
    );
    await clock.advance(10_000);
    assert.deepEqual(
      new Set((await Promise.all(waiting)).map(told)),
      new Set(['later REPORT_INTAKE_KEY_UNKNOWN']),
    );
  });

  it('an import that vouches for its mails looks no key up', async () => {
    await using rig = await intakeRig({ unauthenticated: 'refuse' }, { check: 'nothing' });
    const result = await rig.intake.file(Buffer.from(bigMail()), { way: 'file' });
    assert.equal(told(result), 'stored');
    assert.deepEqual(rig.asked, []);
    assert.deepEqual(await statesOf(rig.store), ['counted unauthenticated']);
  });
});

describe('taking in files', () => {
  it('gzip, zip, JSON and whole mails are told by what they are', async () => {
    await using rig = await intakeRig();
    const { gzip, zip } = packings();
    assert.equal(await file(rig, gzip, 'wrong.zip'), 'not-counted');
    assert.equal(await file(rig, zip), 'duplicate');
    assert.equal(await file(rig, json(sampleJson(BIG))), 'not-counted');
    assert.equal(await file(rig, Buffer.from(bigMail())), 'replaced');
    assert.equal(
      await file(rig, Buffer.from(`From a@b Mon Mar  2 00:00:00 2026\n${bigMail()}`)),
      'duplicate',
    );
  });

  it('RPT-5.6-1: the report wins over its file name', async () => {
    await using rig = await intakeRig();
    const name = 'evil.test!wrong.test!1000000000!1000086399.json.gz';
    await file(rig, packings().gzip, name);
    const row = await rig.store.db.selectFrom('received_report').selectAll().executeTakeFirst();
    assert.equal(row!.domains, ' reported.example ');
    assert.equal(row!.starts_at, Date.UTC(2026, 2, 4));
    assert.equal(row!.sender, 'small.example');
  });

  it('P8, Q8: Microsoft names the same sessions under two policies; they are counted once', async () => {
    await using rig = await intakeRig({ unauthenticated: 'count' });
    await file(rig, json(REPORT_SAMPLES.microsoftBoth));
    const [sender] = await rig.store.db.selectFrom('report_daily_sender').selectAll().execute();
    assert.equal(sender!.sts_successes, sender!.successes);
    assert.equal(sender!.tlsa_successes, sender!.successes);
    assert.ok(sender!.successes > 0);
  });

  it('P12, Q9: the same policy twice is one, successes and failures together', async () => {
    await using rig = await intakeRig({ unauthenticated: 'count' });
    await file(rig, json(REPORT_SAMPLES.socketLabs));
    const [row] = await rig.store.db.selectFrom('report_daily').selectAll().execute();
    assert.deepEqual([row!.successes > 0, row!.failures > 0], [true, true]);
  });

  it('I14: bombs, depth and masses are refused, and the next report is taken', async () => {
    await using rig = await intakeRig();
    const bomb = gzipSync(Buffer.alloc(15_000_000, '0'));
    const deep = Buffer.from('['.repeat(100_000));
    const many = Buffer.from(`{"policies":[${'{},'.repeat(300_000)}{}]}`);
    for (const bytes of [bomb, deep, gzipSync(deep), many, gzipSync(many)]) {
      assert.match(await file(rig, bytes), /^refused TLSRPT_REPORT_/);
    }
    assert.equal(await file(rig, packings().gzip), 'not-counted');
  });

  it('I13: what is too large, has too many parts or is nested too deep is refused in no time', async () => {
    await using rig = await intakeRig();
    const before = process.memoryUsage().rss;
    const large = Buffer.alloc(25_000_000, 'x');
    assert.equal(told(await rig.intake.message(large, 'smtp')), 'refused REPORT_INTAKE_TOO_LARGE');
    const part = { type: 'text/plain', bytes: Buffer.from('x') };
    const manyParts = mixedMail(Array.from({ length: 1_000 }, () => part));
    assert.match(await mail(rig, manyParts), /^refused REPORT_MAIL_TOO_MANY_PARTS/);
    assert.match(await mail(rig, forwarded(bigMail(), 200)), /^refused REPORT_MAIL_TOO_/);
    assert.match(await mail(rig, `X: ${'y'.repeat(1_900_000)}\n\n`), /^refused REPORT_MAIL_HEADER/);
    assert.ok(process.memoryUsage().rss - before < 100_000_000);
  });

  it('a report about a day that has not begun is refused', async () => {
    await using rig = await intakeRig({}, { clock: new FakeClock(Date.UTC(2026, 2, 1)) });
    assert.equal(await file(rig, packings().gzip), 'refused REPORT_INTAKE_FUTURE');
  });

  it('nothing, and what is none, is no report; a report that was cut is damaged', async () => {
    await using rig = await intakeRig();
    assert.equal(await file(rig, Buffer.alloc(0)), 'not-a-report REPORT_INTAKE_EMPTY');
    assert.equal(await file(rig, Buffer.from('hello')), 'not-a-report TLSRPT_REPORT_JSON');
    assert.equal(
      await file(rig, Buffer.from('{"a":1}')),
      'not-a-report TLSRPT_REPORT_NOT_A_REPORT',
    );
    const cut = json(sampleJson(BIG)).subarray(0, 100);
    assert.equal(await file(rig, cut), 'refused TLSRPT_REPORT_JSON');
  });

  it('I19: trouble of the store means: come again', async () => {
    await using rig = await intakeRig();
    await rig.store.db.schema.dropTable('received_raw').execute();
    assert.equal(await file(rig, packings().gzip), 'later REPORT_INTAKE_STORE');
    assert.equal(await mail(rig, bigMail()), 'later REPORT_INTAKE_STORE');
  });

  it('a fault of the program is told and does not stop it', async () => {
    const lines: string[] = [];
    const log = { ...silentLog, error: (_fields: object, text: string) => lines.push(text) };
    const verify = (): never => {
      throw new Error('bug');
    };
    await using rig = await intakeRig({}, { log, verify });
    assert.equal(await mail(rig, bigMail()), 'later REPORT_INTAKE_BUG', 'nothing is lost by it');
    assert.equal(lines.length, 1);
  });

  it('counts what came, by a closed set of names', async () => {
    const counted: string[] = [];
    const metrics = {
      taken: (way: string, kind: string) => counted.push(`${way} ${kind}`),
      turnedAway: (way: string, kind: string) => counted.push(`${way} ${kind}`),
    };
    await using rig = await intakeRig({}, { metrics });
    await mail(rig, bigMail());
    await mail(rig, BOUNCE);
    await file(rig, packings().gzip.subarray(0, 40));
    assert.deepEqual(counted, ['smtp stored', 'smtp not-a-report', 'https refused']);
  });

  it('fuzz: any octets are answered, and a changed report never counts without proof', async () => {
    await using rig = await intakeRig();
    const gzip = packings().gzip;
    const broken = fc
      .tuple(fc.nat(gzip.length - 1), fc.nat(255))
      .map(([at, value]) =>
        Uint8Array.from(gzip, (octet, index) => (index === at ? value : octet)),
      );
    const text = fc.string({ unit: 'binary', maxLength: 60 }).map((each) => Buffer.from(each));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), broken, text), async (bytes) => {
        const result = await rig.intake.file(bytes, { way: 'https' });
        assert.notEqual(result.kind === 'reports' || result.failure.code, 'REPORT_INTAKE_BUG');
      }),
      { numRuns: 60 },
    );
    assert.deepEqual((await sumsOf(rig.store)).daily, []);
  });
});
