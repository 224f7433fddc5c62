import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleepFor } from 'node:timers/promises';
import * as fc from 'fast-check';
import { FakeClock } from '../../clock.fixture.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import {
  archived,
  collectingLog,
  fakeIntake,
  type FakeIntake,
  type Line,
  notTaken,
  receiveSettings,
} from './intake.fixture.ts';
import { asRead, isDone, uniqueName } from './maildir-name.ts';
import { watchMaildir, type MaildirWatch } from './maildir.ts';

const DAY_MS = 86_400_000;
const STORED = archived({ kind: 'stored', id: '1' });
const SEEN = archived({ kind: 'duplicate', id: '1' });

interface TestMaildir extends AsyncDisposable {
  readonly path: string;
  readonly intake: FakeIntake;
  readonly clock: FakeClock;
  readonly lines: Line[];
  watch: MaildirWatch;
  settings: ReportReceiveSettings;
  deliver(name: string, text?: string): void;
  names(folder: 'new' | 'cur'): readonly string[];
  /** What the intake was given since the last time. */
  given(): readonly string[];
}

type Change = Parameters<typeof receiveSettings>[0];

async function start(mails: readonly string[] = [], change: Change = {}): Promise<TestMaildir> {
  const path = mkdtempSync(join(tmpdir(), 'smtp-sts-maildir-'));
  for (const folder of ['new', 'cur', 'tmp']) mkdirSync(join(path, folder));
  for (const mail of mails) writeFileSync(join(path, mail), mail);
  const intake = fakeIntake();
  const clock = new FakeClock();
  const lines: Line[] = [];
  const settings = receiveSettings({ ...change, maildir: { path, intervalMs: DAY_MS } });
  const test = {
    path,
    intake,
    clock,
    lines,
    settings,
    deliver(name: string, text = name) {
      writeFileSync(join(path, 'tmp', name), text);
      renameSync(join(path, 'tmp', name), join(path, 'new', name));
    },
    names: (folder: 'new' | 'cur') => readdirSync(join(path, folder)).sort(),
    given: () => intake.given.splice(0).map(({ bytes }) => Buffer.from(bytes).toString()),
    async [Symbol.asyncDispose]() {
      await test.watch.close();
      rmSync(path, { recursive: true, force: true });
    },
  } as Omit<TestMaildir, 'watch'> as TestMaildir;
  test.watch = again(test);
  return test;
}

/** As a service does that is started. */
function again(test: TestMaildir): MaildirWatch {
  const { intake, clock, lines } = test;
  return watchMaildir({ intake, settings: () => test.settings, clock, log: collectingLog(lines) });
}

describe('watchMaildir', () => {
  it('I18: reads new and unread messages, and flags them once they are in the archive', async () => {
    await using box = await start(['new/1.a.h', 'new/2.b.h', 'cur/0.c.h:2,F', 'cur/3.d.h:2,S']);
    const folders: (readonly string[])[] = [];
    box.intake.answer = () => {
      folders.push(box.names('new'));
      return STORED;
    };
    await box.watch.scan();
    assert.deepEqual(box.given(), ['new/1.a.h', 'new/2.b.h', 'cur/0.c.h:2,F']);
    assert.deepEqual(folders[0], ['1.a.h', '2.b.h'], 'nothing is moved before it is stored');
    assert.deepEqual(box.names('new'), []);
    assert.deepEqual(box.names('cur'), ['0.c.h:2,FS', '1.a.h:2,S', '2.b.h:2,S', '3.d.h:2,S']);
    assert.deepEqual(box.watch.stats(), { read: 3, done: 3, left: 0 });
    await box.watch.scan();
    assert.deepEqual(box.given(), []);
  });

  it('I5: what is no report stays untouched, and is not read again each time', async () => {
    await using box = await start(['new/1.a.h', 'cur/2.b.h:2,']);
    box.intake.answer = () => notTaken('not-a-report');
    await box.watch.scan();
    await box.watch.scan();
    assert.equal(box.given().length, 2);
    assert.deepEqual([box.names('new'), box.names('cur')], [['1.a.h'], ['2.b.h:2,']]);
    // A mail program shows it: still the same message.
    renameSync(join(box.path, 'new/1.a.h'), join(box.path, 'cur/1.a.h:2,'));
    await box.watch.scan();
    assert.deepEqual(box.given(), []);
    assert.equal(box.watch.stats().left, 2);
    rmSync(join(box.path, 'cur/1.a.h:2,'));
    await box.watch.scan();
    assert.equal(box.watch.stats().left, 1);
  });

  it('what was left under other rules is read again when they change', async () => {
    await using box = await start(['new/1.a.h']);
    box.intake.answer = () => archived({ kind: 'unknown-domain', domains: ['x.test'] });
    await box.watch.scan();
    assert.deepEqual(box.names('new'), ['1.a.h']);
    box.settings = { ...box.settings, domains: ['x.test'] };
    box.intake.answer = () => STORED;
    await box.watch.scan();
    assert.deepEqual(box.names('cur'), ['1.a.h:2,S']);
  });

  it('I18: a crash between archive and flag loses nothing and stores nothing twice', async () => {
    await using box = await start(['new/1.a.h', 'new/2.b.h']);
    await box.watch.scan();
    // As the disk looks if the process dies right before it flags.
    renameSync(join(box.path, 'cur/2.b.h:2,S'), join(box.path, 'new/2.b.h'));
    await box.watch.close();
    box.given();
    box.intake.answer = () => SEEN;
    box.watch = again(box);
    await box.watch.scan();
    assert.deepEqual(box.given(), ['new/2.b.h']);
    assert.deepEqual(box.names('cur'), ['1.a.h:2,S', '2.b.h:2,S']);
  });

  it('I18: a message that a mail program moves meanwhile is flagged where it is then', async () => {
    await using box = await start(['new/1.a.h']);
    box.intake.answer = () => {
      const from = join(box.path, 'new/1.a.h');
      if (box.names('new').length > 0) renameSync(from, join(box.path, 'cur/1.a.h:2,F'));
      return box.intake.given.length === 1 ? STORED : SEEN;
    };
    await box.watch.scan();
    await box.watch.scan();
    assert.deepEqual(box.names('cur'), ['1.a.h:2,FS']);
  });

  it('I18: no message is ever replaced by another of the same name', async () => {
    await using box = await start([
      'new/1700.M1.h',
      'cur/1700.M1.h:2,S',
      'new/1701.M1.h',
      'cur/1701.M1.h',
    ]);
    await box.watch.scan();
    await box.watch.scan();
    const contents = (['new', 'cur'] as const).flatMap((folder) =>
      box.names(folder).map((name) => readFileSync(join(box.path, folder, name), 'utf8')),
    );
    assert.deepEqual(contents.sort(), [
      'cur/1700.M1.h:2,S',
      'cur/1701.M1.h',
      'new/1700.M1.h',
      'new/1701.M1.h',
    ]);
    assert.deepEqual(box.names('cur'), ['1700.M1.h:2,S', '1701.M1.h', '1701.M1.h:2,S']);
    const told = box.lines.filter(({ fields }) => fields['event'] === 'maildir-left');
    assert.deepEqual(told.map(({ fields }) => String(fields['file'])).sort(), [
      'cur/1701.M1.h',
      'new/1700.M1.h',
    ]);
    for (const { message } of told) {
      assert.match(message, /another message has the name cur\/170[01]\.M1\.h:2,S: rename one/);
    }
    box.given();
    await box.watch.scan();
    assert.deepEqual([box.given(), box.lines.length], [[], told.length]);
  });

  it('I18: of two messages with one name the second is read although the first is left', async () => {
    await using box = await start(['new/1.a.h']);
    box.intake.answer = (bytes) =>
      Buffer.from(bytes).includes('cur') ? STORED : notTaken('not-a-report');
    await box.watch.scan();
    writeFileSync(join(box.path, 'cur/1.a.h:2,F'), 'cur/1.a.h:2,F');
    await box.watch.scan();
    assert.deepEqual([box.names('new'), box.names('cur')], [['1.a.h'], ['1.a.h:2,FS']]);
  });

  it('I18: a name that is not UTF-8 is a name like others', async () => {
    await using box = await start();
    const octets = Buffer.from('1705.\xff\xfe', 'latin1');
    const inNew = Buffer.concat([Buffer.from(join(box.path, 'new/')), octets]);
    writeFileSync(inNew, 'a report');
    writeFileSync(join(box.path, 'new/1706.ü'), 'a letter');
    box.intake.answer = (bytes) =>
      Buffer.from(bytes).includes('report') ? STORED : notTaken('refused');
    await box.watch.scan();
    await box.watch.scan();
    assert.deepEqual(box.given(), ['a report', 'a letter']);
    const inCur = readdirSync(join(box.path, 'cur'), { encoding: 'buffer' });
    assert.deepEqual(inCur, [Buffer.concat([octets, Buffer.from(':2,S')])]);
    assert.deepEqual(box.names('new'), ['1706.ü']);
    assert.deepEqual(
      box.lines.map(({ fields }) => fields['file']),
      ['new/1706.ü'],
    );
  });

  it('I19: while the archive takes nothing, mail waits unread; it is said once, and tried again', async () => {
    const mails = Array.from({ length: 30 }, (_, index) => `new/${index + 10}.a.h`);
    await using box = await start(mails);
    box.intake.answer = () => notTaken('later');
    await box.watch.scan();
    assert.ok(box.given().length < 30, 'not all of them are read for nothing');
    assert.equal(box.names('new').length, 30);
    box.intake.answer = () => STORED;
    await box.clock.advance(4 * 3_600_000);
    await box.watch.scan();
    assert.equal(box.names('new').length, 0);
    const events = box.lines.map(({ fields }) => fields['event']);
    assert.equal(events.filter((event) => event === 'maildir-waits').length, 1);
    assert.equal(events.filter((event) => event === 'maildir-again').length, 1);
  });

  it('one message that must wait does not hold up the others, and is tried less and less often', async () => {
    await using box = await start(['new/1.slow.h', 'new/2.b.h']);
    box.intake.answer = (bytes) =>
      Buffer.from(bytes).includes('slow') ? notTaken('later') : STORED;
    await box.watch.scan();
    assert.deepEqual(box.names('cur'), ['2.b.h:2,S']);
    let tries = 0;
    for (let hour = 0; hour < 23; hour += 1) {
      await box.clock.advance(3_600_000);
      box.given();
      await box.watch.scan();
      tries += box.given().length;
    }
    assert.ok(tries >= 5 && tries <= 10, String(tries));
  });

  it('S7: senders whose DNS does not answer do not hold up the others', async () => {
    const slow = Array.from({ length: 20 }, (_, index) => `new/${index + 10}.slow.h`);
    await using box = await start([...slow, 'new/90.b.h']);
    const keys = Promise.withResolvers<void>();
    let waiting = 0;
    box.intake.answer = async (bytes) => {
      if (!Buffer.from(bytes).includes('slow')) return STORED;
      waiting += 1;
      if (waiting === 3) keys.resolve();
      await keys.promise;
      return notTaken('later', 'REPORT_INTAKE_KEY_UNKNOWN');
    };
    await box.watch.scan();
    assert.deepEqual(box.names('cur'), ['90.b.h:2,S']);
    assert.deepEqual(box.watch.stats(), { read: 21, done: 1, left: 20 });
  });

  it('S12: over the quota of its sender, a message waits for the next day', async () => {
    await using box = await start(['new/1.a.h']);
    box.intake.answer = () => archived({ kind: 'over-quota' });
    await box.watch.scan();
    await box.clock.advance(DAY_MS - 1);
    box.intake.answer = () => STORED;
    await box.watch.scan();
    assert.deepEqual(box.names('new'), ['1.a.h']);
    await box.clock.advance(1);
    await box.watch.scan();
    assert.deepEqual(box.names('cur'), ['1.a.h:2,S']);
  });

  it('links, folders and large files are no messages; each is told once', async () => {
    await using box = await start(['new/3.c.h'], { maxBytes: 100 });
    symlinkSync('/etc/passwd', join(box.path, 'new/0.link.h'));
    mkdirSync(join(box.path, 'new/1.folder.h'));
    box.deliver('2.large.h', 'x'.repeat(101));
    writeFileSync(join(box.path, 'new/.hidden'), 'x');
    mkdirSync(join(box.path, '.Junk/new'), { recursive: true });
    writeFileSync(join(box.path, '.Junk/new/9.a.h'), 'x');
    await box.watch.scan();
    await box.watch.scan();
    assert.deepEqual(box.given(), ['new/3.c.h']);
    const told = box.lines.filter(({ fields }) => fields['event'] === 'maildir-left');
    assert.deepEqual(
      told.map(({ fields, level }) => [fields['file'], level]),
      [
        ['new/0.link.h', 'warn'],
        ['new/1.folder.h', 'warn'],
        ['new/2.large.h', 'warn'],
      ],
    );
  });

  it('a new message is noticed at once', async () => {
    await using box = await start();
    await box.watch.scan();
    box.deliver('1.a.h');
    for (let turn = 0; turn < 1_000 && box.names('cur').length === 0; turn += 1) {
      await sleepFor(2);
      await box.clock.advance(1_000);
    }
    assert.deepEqual(box.names('cur'), ['1.a.h:2,S']);
  });

  it('a Maildir that is not there is told once, and read when it is', async () => {
    await using box = await start();
    rmSync(box.path, { recursive: true });
    await box.watch.scan();
    await box.watch.scan();
    const told = box.lines.filter(({ fields }) => fields['event'] === 'maildir-unreadable');
    assert.equal(told.length, 1);
    assert.equal(told[0]?.fields['code'], 'REPORT_RECEIVER_NO_MAILDIR');
    assert.match(
      told[0].message,
      /is not there; make it with cur, new and tmp: mkdir -p \S+\/cur /,
    );
    for (const folder of ['new', 'cur', 'tmp']) {
      mkdirSync(join(box.path, folder), { recursive: true });
    }
    box.deliver('1.a.h');
    await box.clock.advance(DAY_MS);
    await box.watch.scan();
    assert.deepEqual(box.names('cur'), ['1.a.h:2,S']);
  });

  it('closing lets the messages under way end and begins no other', async () => {
    await using box = await start();
    await box.watch.scan();
    for (let index = 10; index < 40; index += 1) box.deliver(`${index}.a.h`);
    const { promise, resolve } = Promise.withResolvers<typeof STORED>();
    const begun = Promise.withResolvers<void>();
    box.intake.answer = async () => {
      begun.resolve();
      return await promise;
    };
    const scan = box.watch.scan();
    await begun.promise;
    const closed = box.watch.close();
    resolve(STORED);
    await Promise.all([closed, scan]);
    const given = box.given().length;
    assert.ok(given >= 1 && given < 30, String(given));
    assert.deepEqual([box.names('new').length, box.names('cur').length], [30 - given, given]);
    await box.clock.advance(DAY_MS);
    assert.equal(box.given().length, 0);
  });

  it('I18: thousands of messages that are no reports cost one reading each', async () => {
    const mails = Array.from({ length: 4_000 }, (_, index) => `cur/${index}.a.h:2,`);
    await using box = await start(mails);
    box.intake.answer = () => notTaken('not-a-report');
    await box.watch.scan();
    assert.equal(box.given().length, 4_000);
    const before = performance.now();
    await box.watch.scan();
    assert.equal(box.given().length, 0);
    assert.ok(performance.now() - before < 1_000);
  });
});

describe('names in a Maildir', () => {
  it('flags stay, in order, and the message stays the same', () => {
    assert.equal(asRead('1.a.h'), '1.a.h:2,S');
    assert.equal(asRead('1.a.h:2,RF'), '1.a.h:2,FRS');
    assert.equal(asRead('1.a.h:2,S'), '1.a.h:2,S');
    assert.equal(asRead('1.a,S=5,W=6:2,b'), '1.a,S=5,W=6:2,Sb');
    assert.ok(isDone('1.a.h:2,FS') && isDone('1.a.h:2,T'));
    assert.ok(!isDone('1.a,S=5:2,F') && !isDone('1.a,S=5') && !isDone('1.S.h:1,S'));
  });

  it('fuzz: whatever a message is called, flagging it is final and keeps its name', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const read = asRead(name);
        assert.equal(uniqueName(read), uniqueName(name));
        assert.equal(asRead(read), read);
      }),
      { numRuns: 300 },
    );
  });
});
