import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { ListenError } from '../../listen/listen-error.ts';
import {
  archived,
  collectingLog,
  fakeIntake,
  type FakeIntake,
  type Line,
  notTaken,
  receiveSettings,
} from './intake.fixture.ts';
import { startMailReceiver, type MailReceiver } from './mail-receiver.ts';
import type { ReportTurnedAway } from '../../metrics/reporting-types.ts';
import { SmtpClient } from './smtp-client.fixture.ts';

const MAIL = 'From: a@sender.test\r\nSubject: x\r\n\r\nümlaut\r\n';

interface TestReceiver extends AsyncDisposable {
  readonly receiver: MailReceiver;
  readonly intake: FakeIntake;
  readonly clock: FakeClock;
  readonly lines: readonly Line[];
  readonly away: readonly ReportTurnedAway[];
  settings: ReportReceiveSettings;
  connect(): SmtpClient;
}

async function start(change: Parameters<typeof receiveSettings>[0] = {}): Promise<TestReceiver> {
  const intake = fakeIntake();
  const clock = new FakeClock();
  const lines: Line[] = [];
  const away: ReportTurnedAway[] = [];
  const clients: SmtpClient[] = [];
  const test = { settings: receiveSettings(change) };
  const receiver = await startMailReceiver({
    intake,
    settings: () => test.settings,
    clock,
    log: collectingLog(lines),
    metrics: { atTheDoor: (_way, why) => away.push(why) },
    name: 'reports.test',
  });
  return Object.assign(test, {
    receiver,
    intake,
    clock,
    lines,
    away,
    connect() {
      const client = new SmtpClient(receiver.address);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      const closed = receiver.close();
      await clock.advance(10_000);
      await closed;
    },
  });
}

const STORED = archived({ kind: 'stored', id: '1' });

describe('the receiver of report mail, by LMTP', () => {
  it('says 250 only when the archive has the report', async () => {
    await using server = await start();
    const { promise, resolve } = Promise.withResolvers<typeof STORED>();
    server.intake.answer = async () => await promise;
    const client = server.connect();
    await client.toContent();
    const reply = client.content(MAIL);
    while (server.intake.given.length === 0) await settle();
    assert.equal(await Promise.race([reply, Promise.resolve('none yet')]), 'none yet');
    resolve(STORED);
    assert.equal(await reply, '250 2.6.0 reports kept: 1\r\n');
    assert.equal(Buffer.from(server.intake.given[0]!.bytes).toString(), MAIL);
    assert.equal(server.intake.given[0]!.way, 'smtp');
  });

  it('takes any recipient and answers for each', async () => {
    await using server = await start();
    const client = server.connect();
    await client.toContent({ to: ['a@x.test', 'tls-reports@y.test', 'ü@z.test'] });
    assert.match(await client.content(MAIL), /^250 /);
    assert.match(await client.reply(), /^250 /);
    assert.match(await client.reply(), /^250 /);
    assert.equal(server.intake.given.length, 1);
    assert.match(await client.ask('RSET'), /^250 /);
  });

  it('a recipient who stands there twice is put off, so that the answers can be counted', async () => {
    await using server = await start();
    const client = server.connect();
    await client.hello();
    await client.ask('MAIL FROM:<>');
    assert.match(await client.ask('RCPT TO:<a@x.test>'), /^250 /);
    assert.match(await client.ask('RCPT TO:<A@x.test>'), /^452 /);
    await client.ask('DATA');
    assert.match(await client.content(MAIL), /^250 /);
    assert.match(await client.ask('NOOP'), /^250 /);
  });

  it('I5: what is no report, or is refused, is dropped with a line in the log: a refusal would be a bounce', async () => {
    await using server = await start();
    const client = server.connect();
    await client.hello();
    for (const kind of ['not-a-report', 'refused'] as const) {
      server.intake.answer = () => notTaken(kind);
      await client.transaction();
      assert.match(
        await client.content(MAIL),
        /^250 2\.6\.0 dropped: .*REPORT_RECEIVER_UNREADABLE/,
      );
      const line = server.lines.find(({ fields }) => fields['verdict'] === kind);
      assert.equal(line?.level, 'info');
      assert.equal(line?.fields['from'], 'a@sender.test');
    }
  });

  it('I19: store trouble is 451, and the same mail is taken when it comes again', async () => {
    await using server = await start();
    const client = server.connect();
    server.intake.answer = () => notTaken('later');
    await client.toContent();
    assert.match(await client.content(MAIL), /^451 4\.3\.0 /);
    server.intake.answer = () => STORED;
    await client.transaction();
    assert.match(await client.content(MAIL), /^250 /);
  });

  it('RPT-7-3: a message that is too large is 552, by its SIZE or when it has come', async () => {
    await using server = await start({ maxBytes: 10_000 });
    const client = server.connect();
    assert.match(await client.hello(), /SIZE 10000/);
    assert.match(await client.ask('MAIL FROM:<a@b.test> SIZE=10001'), /^552 5\.3\.4/);
    await client.transaction();
    assert.match(await client.content(`a: b\r\n\r\n${'x\r\n'.repeat(20_000)}`), /^552 5\.3\.4/);
    assert.equal(server.intake.given.length, 0);
    server.settings = receiveSettings({ maxBytes: 100_000 });
    await client.transaction();
    assert.match(await client.content(`a: b\r\n\r\n${'x\r\n'.repeat(20_000)}`), /^250/);
    assert.deepEqual(server.away, ['too-large']);
  });

  it('RPT-7-3: too many messages within a minute are put off', async () => {
    await using server = await start({ smtp: { perMinute: 2 } });
    const client = server.connect();
    await client.hello();
    for (const expected of [/^250/, /^250/, /^451/]) {
      assert.match(await client.ask('MAIL FROM:<>'), expected);
      await client.ask('RSET');
    }
    await server.clock.advance(30_000);
    assert.match(await client.ask('MAIL FROM:<>'), /^250/);
    assert.deepEqual(server.away, ['too-many']);
  });

  it('RPT-7-3: a message that never ends is cut off', async () => {
    await using server = await start();
    const client = server.connect();
    await client.toContent();
    client.send('From: x\r\n');
    await settle();
    await server.clock.advance(300_000);
    assert.match(await client.reply(), /^421 /);
    assert.deepEqual(server.away, ['too-slow']);
  });

  it('dots and 8-bit octets arrive as they were, 8BITMIME and SMTPUTF8 are offered', async () => {
    await using server = await start();
    const client = server.connect();
    const hello = await client.hello();
    for (const word of ['8BITMIME', 'SMTPUTF8', 'PIPELINING', 'ENHANCEDSTATUSCODES']) {
      assert.match(hello, new RegExp(`[- ]${word}\r\n`));
    }
    assert.doesNotMatch(hello, /AUTH|STARTTLS/);
    assert.match(await client.ask('MAIL FROM:<ü@x.test> SMTPUTF8 BODY=8BITMIME'), /^250/);
    await client.ask('RCPT TO:<r@x.test>');
    await client.ask('DATA');
    assert.match(await client.content('a: b\r\n\r\n..\r\n.x\r\n\u{ff}\r\n'), /^250/);
    const { bytes } = server.intake.given[0]!;
    assert.equal(Buffer.from(bytes).toString(), 'a: b\r\n\r\n..\r\n.x\r\n\u{ff}\r\n');
  });

  it('a client that goes away in the middle of a message leaves nothing behind', async () => {
    await using server = await start();
    const client = server.connect();
    await client.toContent();
    client.send('From: x\r\n');
    while (server.clock.waiting === 0) await settle();
    client.destroy();
    while (server.clock.waiting > 0) await settle();
    assert.equal(server.intake.given.length, 0);
  });

  it('a bug costs one message its answer, not the receiver its life', async () => {
    await using server = await start();
    const client = server.connect();
    server.intake.answer = () => {
      throw new Error('boom');
    };
    await client.toContent();
    assert.match(await client.content(MAIL), /^451 /);
    assert.ok(server.lines.some(({ fields }) => fields['event'] === 'bug'));
  });

  it('closing lets the message under way end, and sends away who is idle', async () => {
    const server = await start();
    const { promise, resolve } = Promise.withResolvers<typeof STORED>();
    server.intake.answer = async () => await promise;
    const [busy, idle] = [server.connect(), server.connect()];
    await idle.hello();
    await busy.toContent();
    const reply = busy.content(MAIL);
    while (server.intake.given.length === 0) await settle();
    const closed = server.receiver.close();
    assert.match(await idle.reply(), /^421 /);
    resolve(STORED);
    assert.match(await reply, /^250 /);
    for (const client of [busy, idle]) client.destroy();
    await closed;
  });

  it('listens on a UNIX socket that anybody may use who reaches it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-lmtp-'));
    const path = join(folder, 'lmtp.sock');
    {
      await using server = await start({ smtp: { listen: `unix:${path}` } });
      assert.equal(server.receiver.address, `unix:${path}`);
      assert.equal(statSync(path).mode & 0o777, 0o666);
      const client = server.connect();
      await client.toContent();
      assert.match(await client.content(MAIL), /^250 /);
    }
    rmSync(folder, { recursive: true });
  });

  it('an address that is taken is told with its name', async () => {
    await using server = await start();
    await assert.rejects(
      start({ smtp: { listen: server.receiver.address } }),
      (error) => error instanceof ListenError && error.code === 'EADDRINUSE',
    );
  });
});

describe('the receiver of report mail, by SMTP', () => {
  it('I5: what is no report is refused, for whoever sends may still be on the line', async () => {
    await using server = await start({ smtp: { protocol: 'smtp', listen: '[::1]:0' } });
    const client = server.connect();
    server.intake.answer = () => notTaken('not-a-report');
    await client.toContent({ hello: 'EHLO' });
    assert.match(await client.content(MAIL), /^554 5\.6\.0 as the test says/);
    server.intake.answer = () => archived({ kind: 'unknown-domain', domains: ['é\r\n.test'] });
    await client.transaction();
    assert.match(await client.content(MAIL), /^554 5\.6\.0 [ -~]*\r\n$/);
    const detail = 'it breaks a rule (RFC 8460 §4.4)…';
    server.intake.answer = () => ({
      kind: 'refused',
      failure: { code: 'REPORT_INTAKE_UNREADABLE', detail },
    });
    await client.transaction();
    assert.match(await client.content(MAIL), /it breaks a rule \(RFC 8460 section 4\.4\)\.\.\. /);
    server.intake.answer = () => archived({ kind: 'duplicate', id: '1' });
    await client.transaction();
    assert.match(await client.content(MAIL), /^250 2\.6\.0 the report was here already/);
  });
});
