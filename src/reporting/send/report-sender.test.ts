import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { describe, it } from 'node:test';
import { fail, type Failure } from '../../failure.ts';
import type { SendResult } from '../types.ts';
import { addSuppression } from './suppression.ts';
import {
  countsOf,
  DAY,
  HOUR,
  MARCH_1,
  MIDNIGHT,
  pass,
  SETTINGS,
  startRig,
  stsResult,
  type World,
  worldOf,
} from './sender.fixture.ts';

const DOWN: Failure = { code: 'HTTP_CONNECT_FAILED', detail: 'nobody answers' };
const LATER: SendResult = { kind: 'later', failure: DOWN };
const REFUSED: SendResult = {
  kind: 'refused',
  failure: { code: 'REPORT_SEND_HTTP_REFUSED', detail: 'HTTP 400' },
};
const WINDOW = 5 * HOUR + HOUR;

function oneDomain(rua: string, more: Partial<World> = {}): World {
  return worldOf(
    countsOf(MARCH_1, { 'a.test': [stsResult('a.test', 3, 1)] }),
    { 'a.test': rua },
    more,
  );
}

describe('the report sender', () => {
  it('RPT-4.1-1, RPT-4.1-2, RPT-5.2-1: after midnight, within the spread, one packed report of the day', async () => {
    const world = oneDomain('https://r.test/v1');
    await using rig = await startRig(world);
    await pass(rig, HOUR + 1_000, 10 * 60_000);
    assert.equal(world.sent.length, 0, 'nothing at midnight');
    await pass(rig, 5 * HOUR, 60_000);
    assert.equal(world.sent.length, 1);
    const [sent] = world.sent;
    assert.ok(sent!.at > MIDNIGHT + 1_000 && sent!.at <= MIDNIGHT + 4 * HOUR + 60_000);
    assert.deepEqual([...sent!.content.subarray(0, 2)], [0x1f, 0x8b]);
    const json = JSON.parse(gunzipSync(sent!.content).toString()) as Record<string, unknown>;
    assert.deepEqual(json['date-range'], {
      'start-datetime': '2026-03-01T00:00:00Z',
      'end-datetime': '2026-03-01T23:59:59Z',
    });
    await pass(rig, 2 * DAY, 10 * 60_000);
    assert.equal(world.sent.length, 1, 'never twice');
    assert.equal(rig.sender.stats().subjects.made, 1);
  });

  it('RPT-AGG-5: counts that come after the report are told once, with both sums, on any node', async () => {
    const world = oneDomain('https://r.test/v1');
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.equal(rig.sender.stats().subjects.late, 0);
    world.counts.set(`${MARCH_1} recipient a.test`, [stsResult('a.test', 30, 1)]);
    await pass(rig, 2 * HOUR);
    world.counts.set(`${MARCH_1} recipient a.test`, [stsResult('a.test', 50, 1)]);
    await using other = await startRig(world, {
      store: rig.store,
      clock: rig.clock,
      node: 'node-2',
    });
    await rig.sender.close();
    await pass(other, 5 * HOUR);
    const told = [...rig.log.lines, ...other.log.lines].filter(({ level }) => level === 'warn');
    assert.deepEqual(
      told.map(({ message }) => message),
      [
        'the TLS report of 2026-03-01 for a.test was made before all was counted: 4 of 31 sessions are in the report',
      ],
    );
    assert.equal(rig.sender.stats().subjects.late + other.sender.stats().subjects.late, 1);
    assert.equal(world.sent.length, 1);
  });

  it('the loop does it by itself', async () => {
    const world = oneDomain('https://r.test/v1');
    await using rig = await startRig(world, { tickMs: 30_000 });
    for (let at = 0; at < WINDOW && world.sent.length === 0; at += 60_000) {
      await rig.clock.advance(60_000);
    }
    assert.equal(world.sent.length, 1);
  });

  it('S4, RPT-3-9: with `all` each place gets it, and the failure of one is nothing to the other', async () => {
    const world = oneDomain('https://r.test/v1,mailto:x@b.test', {
      answer: (to) => (to.startsWith('https') ? REFUSED : { kind: 'accepted', text: '250 ok' }),
    });
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.deepEqual(await rig.targets(), [
      { target: 'https://r.test/v1', state: 'refused' },
      { target: 'x@b.test', state: 'accepted' },
    ]);
    const [report] = await rig.store.db.selectFrom('report_outbox').select('state').execute();
    assert.equal(report?.state, 'delivered');
  });

  it('RPT-3-9, RPT-3-10: with `first` the next place has its turn only if the one before failed', async () => {
    const settings = { ...SETTINGS, targets: 'first' as const };
    const good = oneDomain('https://r.test/v1,mailto:x@b.test', { settings });
    await using one = await startRig(good);
    await pass(one, WINDOW);
    assert.deepEqual(
      (await one.targets()).map(({ state }) => state),
      ['accepted', 'not-needed'],
    );
    assert.equal(good.sent.length, 1);
    const bad = oneDomain('https://r.test/v1,mailto:x@b.test', {
      settings,
      answer: (to) => (to.startsWith('https') ? LATER : { kind: 'accepted', text: '250 ok' }),
    });
    await using other = await startRig(bad);
    await pass(other, WINDOW);
    assert.equal((await other.targets())[1]?.state, 'accepted');
    const [row] = await other.store.db.selectFrom('report_outbox').select('state').execute();
    assert.equal(row?.state, 'delivered');
  });

  it('RPT-3-10: nothing is delivered until one place took it; when none did, the report failed', async () => {
    const world = oneDomain('https://r.test/v1,https://s.test/v1', {
      answer: (to) => (to.includes('r.test') ? REFUSED : LATER),
    });
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    const state = async (): Promise<string | undefined> =>
      (await rig.store.db.selectFrom('report_outbox').select('state').executeTakeFirst())?.state;
    assert.equal(await state(), 'waiting');
    await pass(rig, 26 * HOUR, 10 * 60_000);
    assert.deepEqual(
      (await rig.targets()).map((each) => each.state),
      ['refused', 'expired'],
    );
    assert.equal(await state(), 'failed');
  });

  it('RPT-5.5-1, RPT-5.5-2, S9: tried with growing waits for 24 h, then given up and logged', async () => {
    const world = oneDomain('https://r.test/v1', { answer: () => LATER });
    await using rig = await startRig(world);
    await pass(rig, 40 * HOUR);
    const times = world.sent.map(({ at }) => at);
    const waits = times.slice(1).map((at, index) => at - times[index]!);
    assert.ok(waits.slice(0, 6).every((wait, index) => index === 0 || wait > waits[index - 1]!));
    const last = times.at(-1)! - times[0]!;
    assert.ok(last >= 24 * HOUR && last < 24 * HOUR + 10 * 60_000, String(last));
    const expired = rig.log.lines.filter(({ level }) => level === 'warn');
    assert.equal(expired.length, 1);
    assert.match(expired[0]!.message, /expired, given up .* after 12 attempts; last: HTTP_CONNECT/);
  });

  it('S9: a report that nobody could try for three days is dropped unsent, and logged', async () => {
    const world = oneDomain('https://r.test/v1');
    await using rig = await startRig(world);
    world.settings = { ...SETTINGS, spreadMs: 1_000 };
    let hold = true;
    world.answer = () => (hold ? LATER : { kind: 'accepted', text: '' });
    await pass(rig, HOUR + 60_000);
    assert.equal(world.sent.length, 1);
    hold = false;
    rig.clock.jumpTo(MIDNIGHT + 73 * HOUR);
    await rig.sender.tick();
    assert.equal(world.sent.length, 1);
    assert.deepEqual(await rig.targets(), [{ target: 'https://r.test/v1', state: 'expired' }]);
  });

  it('RPT-3-16, S1: without a key nothing is mailed, with a clear code; https still goes', async () => {
    const world = oneDomain('mailto:x@b.test,https://r.test/v1', {
      signer: fail('DKIM_KEY_NOT_SET', 'no key'),
    });
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.deepEqual(
      world.sent.map(({ to }) => to),
      ['https://r.test/v1'],
    );
    const rows = await rig.store.db.selectFrom('report_target').selectAll().execute();
    assert.deepEqual(
      rows.map(({ state, last_code }) => [state, last_code]),
      [
        ['refused', 'REPORT_SEND_NO_SIGNER'],
        ['accepted', ''],
      ],
    );
  });

  it('S26: a key of ours that cannot be used is an error in the log, a place that is slow is none', async () => {
    const world = oneDomain('mailto:x@b.test,https://r.test/v1', {
      signer: fail('DKIM_KEY_FILE_EXPOSED', 'chmod 600 it'),
      answer: () => ({
        kind: 'later',
        failure: { code: 'REPORT_SEND_HTTP_LATER', detail: '503' },
      }),
    });
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    const levels = rig.log.lines.flatMap(({ level, fields }) => {
      const { event, code } = fields as { readonly event?: string; readonly code?: string };
      return event === 'report-deferred' ? [`${level} ${code}`] : [];
    });
    assert.deepEqual(Array.from(new Set(levels)).toSorted(), [
      'error DKIM_KEY_FILE_EXPOSED',
      'info REPORT_SEND_HTTP_LATER',
    ]);
  });

  it('RPT-3-13, S1: the mail is signed, and goes to the decoded address', async () => {
    const world = oneDomain('mailto:tls%2Brpt@x.test?subject=no');
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    const [sent] = world.sent;
    assert.equal(sent?.to, 'tls+rpt@x.test');
    const mail = Buffer.from(sent.content).toString('latin1');
    assert.match(mail, /^DKIM-Signature: fake\r\n/);
    assert.match(mail, /\r\nTLS-Report-Domain: a\.test\r\n/);
    assert.match(mail, /\r\nTLS-Required: No\r\n/);
    assert.match(mail, /\r\nMessage-ID:\s+<tlsrpt\.[0-9a-f]{32}\.0@sender\.test>/);
  });

  it('S8: a 4xx is tried again, with the same report-id and Message-ID; a 5xx is not', async () => {
    const world = oneDomain('mailto:x@b.test', {
      answer: (_to, attempt) => (attempt === 1 ? LATER : { kind: 'accepted', text: '250' }),
    });
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.equal(world.sent.length, 2);
    const ids = world.sent.map(
      ({ content }) => /Message-ID:\s+(<.*?>)/.exec(Buffer.from(content).toString('latin1'))?.[1],
    );
    assert.equal(ids[0], ids[1]);
    const refused = oneDomain('mailto:x@b.test', { answer: () => REFUSED });
    await using other = await startRig(refused);
    await pass(other, WINDOW);
    assert.equal(refused.sent.length, 1);
  });

  it('S8: a suppressed place gets nothing, and the log of it says why', async () => {
    const world = oneDomain('mailto:x@b.test,https://r.test/v1');
    await using rig = await startRig(world);
    const who = { addedAt: 0, addedBy: 'me' };
    await addSuppression(rig.store, { place: 'b.test', reason: 'they asked', ...who });
    await pass(rig, WINDOW);
    assert.deepEqual(
      world.sent.map(({ to }) => to),
      ['https://r.test/v1'],
    );
    const [row] = await rig.store.db.selectFrom('report_target').selectAll().execute();
    assert.deepEqual(
      [row?.state, row?.last_code, row?.last_text],
      ['suppressed', 'REPORT_SEND_SUPPRESSED', 'b.test gets no reports: they asked'],
    );
  });

  it('RPT-7-1: many domains that point at one place reach it only so often a day', async () => {
    const domains = Array.from({ length: 30 }, (_, index) => `d${index}.test`);
    const world = worldOf(
      countsOf(
        MARCH_1,
        Object.fromEntries(domains.map((domain) => [domain, [stsResult(domain, 1)]])),
      ),
      Object.fromEntries(
        domains.map((domain, index) => [domain, `mailto:Victim%2B${index}@v.test`]),
      ),
      { settings: { ...SETTINGS, maxPerTarget: 10, spreadMs: 1_000 } },
    );
    await using rig = await startRig(world);
    await pass(rig, HOUR + 20 * 60_000);
    assert.equal(world.sent.length, 10);
    const states = (await rig.targets()).map(({ state }) => state);
    assert.equal(states.filter((state) => state === 'over-limit').length, 20);
  });

  it('skip_domains: the domain and what is below it get none', async () => {
    const world = worldOf(
      countsOf(MARCH_1, {
        'a.test': [stsResult('a.test', 1)],
        'x.b.test': [stsResult('x.b.test', 1)],
        'b.test': [stsResult('b.test', 1)],
      }),
      { 'a.test': 'https://r.test/', 'x.b.test': 'https://r.test/', 'b.test': 'https://r.test/' },
      { settings: { ...SETTINGS, skipDomains: ['a.test', '*.b.test'] } },
    );
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.equal(world.sent.length, 1);
    assert.equal(rig.sender.stats().subjects.skipped, 2);
  });
});

describe('the report sender and DNS', () => {
  it('RPT-AGG-4: the record is looked up at report time: one that came during the day counts', async () => {
    const world = oneDomain('https://r.test/v1');
    const { records } = world.dns;
    world.dns.records = {};
    await using rig = await startRig(world);
    world.dns.records = records;
    await pass(rig, WINDOW);
    assert.equal(world.sent.length, 1);
  });

  it('RPT-3-6: a domain without a valid record gets none, for good', async () => {
    const world = oneDomain('https://r.test/v1');
    world.dns.records = {
      '_smtp._tls.a.test': {
        TXT: ['v=TLSRPTv1; rua=https://r.test/', 'v=TLSRPTv1; rua=https://s.test/'],
      },
    };
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.equal(rig.sender.stats().subjects['no-record'], 1);
    assert.deepEqual(await rig.targets(), []);
  });

  it('RPT-AGG-4: no answer of DNS is not "none": it is asked again, and the report goes', async () => {
    const world = oneDomain('https://r.test/v1');
    world.dns.failing = { '_smtp._tls.a.test': 'servfail' };
    await using rig = await startRig(world);
    await pass(rig, WINDOW);
    assert.deepEqual(world.sent, []);
    world.dns.failing = {};
    await pass(rig, 2 * HOUR);
    assert.equal(world.sent.length, 1);
  });

  it('RPT-AGG-6: 48 hours after the day it is given up, with a warning', async () => {
    const world = oneDomain('https://r.test/v1');
    world.dns.failing = { '_smtp._tls.a.test': 'timeout' };
    await using rig = await startRig(world);
    await pass(rig, 51 * HOUR, 10 * 60_000);
    assert.equal(rig.sender.stats().subjects['given-up'], 1);
    world.dns.failing = {};
    await pass(rig, 10 * HOUR, 10 * 60_000);
    assert.deepEqual(world.sent, []);
    assert.ok(
      rig.log.lines.some(
        ({ fields }) => 'code' in fields && fields.code === 'REPORT_SEND_RECORD_UNKNOWN',
      ),
    );
  });

  it('G7, G8: the places of a record as the grammar has them; what cannot be used is left out', async () => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['v=TLSRPTv1;rua=mailto:a@b.test', ['a@b.test']],
      [
        'v=TLSRPTv1 ; rua=mailto:%22a%2Cb%22@c.test , https://r.test/x;',
        ['"a,b"@c.test', 'https://r.test/x'],
      ],
      ['v=TLSRPTv1; x=1; rua=mailto:a@b.test; y=2', ['a@b.test']],
      ['v=TLSRPTv1; rua=a@b.test,ftp://f.test/,mailto:c@d.test', ['c@d.test']],
      ['v=TLSRPTv1; rua=mailto:a@b.test!10m,mailto:c@d.test', ['c@d.test']],
      ['v=TLSRPTv1; RUA=mailto:a@b.test', []],
      ['v=TLSRPTv1; rua=', []],
      ['v=TLSRPTv10; rua=mailto:a@b.test', []],
    ];
    for (const [record, expected] of cases) {
      const world = oneDomain('');
      world.dns.records = { '_smtp._tls.a.test': { TXT: [record] } };
      await using rig = await startRig(world);
      await pass(rig, WINDOW, 30 * 60_000);
      assert.deepEqual(
        (await rig.targets()).map(({ target }) => target),
        expected,
        record,
      );
    }
  });

  it('G10: a domain without a session that day is not even looked up', async () => {
    const world = oneDomain('https://r.test/v1');
    world.counts.set(`${MARCH_1} recipient a.test`, [stsResult('a.test', 0)]);
    await using rig = await startRig(world);
    await pass(rig, WINDOW, 30 * 60_000);
    assert.equal(rig.sender.stats().subjects.nothing, 1);
    assert.equal(world.sent.length, 0);
  });
});
