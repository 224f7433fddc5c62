import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import {
  BIG,
  bigMail,
  BOUNCE,
  officeMail,
  packings,
  postMail,
  sampleJson,
  SMALL,
} from '../reporting/mail/report-mails.fixture.ts';
import { openStore } from '../store/open-store.ts';
import { run, type Run } from './io.fixture.ts';
import { cellWidth } from './text/cells.ts';

let folder: string;
let number = 0;

/** A store of its own for each test. */
function store(): readonly string[] {
  number += 1;
  return ['--store', `sqlite:${join(folder, `store-${number}.sqlite`)}`];
}

/** The same, there already. */
async function madeStore(): Promise<readonly string[]> {
  const at = store();
  await (await openStore(at[1]!)).close();
  return at;
}

async function report(args: readonly string[], input: string | Uint8Array = ''): Promise<Run> {
  return await run(['report', ...args], input);
}

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** What an import counted, kinds that were not met left out. */
async function imported(args: readonly string[], input: string | Uint8Array = ''): Promise<object> {
  const { tally } = (await importedLines(args, input)).at(-1) as {
    readonly tally: Record<string, number>;
  };
  return Object.fromEntries(Object.entries(tally).filter(([, count]) => count > 0));
}

/** What it told of each file, and the tally. */
async function importedLines(
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<readonly object[]> {
  const { stdout } = await report(['import', '--json', ...args], input);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
}

const mbox = (...mails: readonly string[]): string =>
  mails.map((mail) => `From x@y Mon Mar  2 10:00:00 2026\n${mail}\n`).join('');

describe('report import', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sts-report-import-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('takes files, Maildirs, mailboxes and folders of them, and knows them the next time', async () => {
    const inbox = 'all/Maildir';
    await put(`${inbox}/cur/1.a.host:2,S`, bigMail());
    await put(`${inbox}/new/2.b.host`, BOUNCE);
    await put(`${inbox}/tmp/3.c.host`, bigMail({ ...BIG, id: 'half' }));
    await put(`${inbox}/dovecot-uidlist`, 'not mail');
    await put(`${inbox}/.Reports/cur/4`, bigMail({ ...BIG, id: 'other' }));
    await put('all/box.mbox', mbox(officeMail(), postMail(), bigMail()));
    await put('all/a.json.gz', packings().gzip);
    await put('all/b.zip', packings({ ...SMALL, id: 'zipped' }).zip);
    await put('all/cut.json.gz', packings().gzip.subarray(0, 50));
    const at = store();
    const all = join(folder, 'all');
    const first = await report(['import', ...at, all]);
    assert.equal(first.exitCode, 1);
    assert.match(first.stderr, /cut\.json\.gz: .* \(TLSRPT_REPORT_GZIP\)/);
    assert.match(first.stdout, /6 +stored\n +1 +known already\n +1 +no reports\n +1 +refused/);
    assert.deepEqual(await imported([...at, all]), {
      duplicate: 7,
      'not-a-report': 1,
      refused: 1,
    });
  });

  it('takes one report, a mail or a mailbox from standard input', async () => {
    const at = store();
    assert.deepEqual(await imported([...at, '-'], packings().gzip), { stored: 1 });
    assert.deepEqual(await imported([...at, '-'], bigMail()), { stored: 1 });
    const box = mbox(bigMail(), officeMail());
    assert.deepEqual(await imported([...at, '-'], box), { stored: 1, duplicate: 1 });
  });

  it('passes over what is too large, in a mailbox too, and goes on', async () => {
    const config = await put('small.yaml', 'reporting: { receive: { max_size: 3KiB } }\n');
    const large = `Subject: large\n\n${'x'.repeat(5_000)}\n`;
    const box = await put('large.mbox', mbox(bigMail(), large, officeMail()));
    const file = await put('large.eml', large);
    const { stdout, stderr } = await report(['import', ...store(), '--config', config, box, file]);
    assert.match(stdout, /2 +stored\n +2 +refused/);
    assert.match(stderr, /large\.mbox:\d: \d+ octets are more than are read/);
    assert.match(stderr, /large\.eml: \d+ octets/);
  });

  it('keeps the domains that it is told, else those of the settings', async () => {
    const config = await put('ours.yaml', 'reporting: { receive: { domains: [ours.example] } }\n');
    const file = await put('foreign.json', sampleJson(BIG));
    const at = [...store(), '--config', config];
    assert.deepEqual(await imported([...at, file]), { 'unknown-domain': 1 });
    const more = ['--domain', 'ours.example', '--domain', 'reported.example'];
    assert.deepEqual(await imported([...at, ...more, file]), { stored: 1 });
  });

  it('goes on past what cannot be read, names it in plain words, and ends with 1', async () => {
    const good = await put('some/good.json', sampleJson(BIG));
    const box = await put('some/box.mbox', mbox(bigMail({ ...BIG, id: 'in a box' })));
    const none = join(folder, 'none');
    const args = [...store(), none, good, '/dev/null', join(folder, 'none', 'inner'), box];
    const { exitCode, stdout, stderr } = await report(['import', ...args]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /2 +stored\n +3 +could not be read\n$/);
    assert.ok(stderr.includes(`${none}: cannot be read: no such file or folder\n`), stderr);
    assert.match(stderr, /\/dev\/null: cannot be read: it is not a file\n/);
    assert.match((await report(['import', '--help'])).stdout, /1 some .*could not be read/);
  });

  it('says that it made the store, whose name may be a typing error', async () => {
    const file = await put('any.json', sampleJson(BIG));
    const at = store();
    const path = at[1]!.replace('sqlite:', '');
    const first = await report(['import', ...at, file]);
    assert.equal(first.stderr, `There was no store at ${path}: a new one was made.\n`);
    assert.equal((await report(['import', ...at, file])).stderr, '');
  });

  it('what is no mail has no signature, and counts: --verify says so', async () => {
    const { stdout } = await report(['import', '--help']);
    assert.match(stdout.replaceAll(/\s+/g, ' '), /a file that is no mail has none and counts/);
    const file = await put('bare.json', sampleJson(BIG));
    assert.deepEqual(await imported([...store(), '--verify', file]), { stored: 1 });
  });

  it('exit code 66 where nothing that is named can be read', async () => {
    const { exitCode, stderr } = await report(['import', ...store(), join(folder, 'none')]);
    assert.equal(exitCode, 66);
    assert.match(stderr, /none: cannot be read: no such file/);
  });

  it('what is named and is no report is told of, and is a fault; in a folder it is counted', async () => {
    const text = await put('texts/text.txt', 'hello\n');
    await put('texts/good.json', sampleJson(BIG));
    const named = await report(['import', ...store(), text]);
    assert.equal(named.exitCode, 1);
    assert.match(named.stderr, /text\.txt: no report: .* \(TLSRPT_REPORT_JSON\)\n/);
    const empty = await report(['import', ...(await madeStore()), '-']);
    assert.equal(empty.exitCode, 1);
    assert.match(empty.stderr, /^standard input: no report: .* \(REPORT_INTAKE_EMPTY\)\n/);
    const at = await madeStore();
    const inFolder = await report(['import', ...at, join(folder, 'texts')]);
    assert.deepEqual([inFolder.exitCode, inFolder.stderr], [0, '']);
    const verbose = await report(['import', ...store(), '--verbose', join(folder, 'texts')]);
    assert.match(verbose.stderr, /good\.json: stored\n.*text\.txt: no report: /);
    assert.equal(verbose.exitCode, 0);
  });

  it('a report about foreign domains is told of with its domains where its file is named', async () => {
    const config = await put('ours.yaml', 'reporting: { receive: { domains: [ours.example] } }\n');
    const file = await put('foreign/foreign.json', sampleJson(BIG));
    const at = [...store(), '--config', config];
    const { stderr, exitCode } = await report(['import', ...at, file]);
    assert.match(stderr, /foreign\.json: about reported\.example, which is not kept: .*--domain/);
    assert.equal(exitCode, 1);
    const inFolder = await report(['import', ...at, join(folder, 'foreign')]);
    assert.deepEqual([inFolder.exitCode, inFolder.stderr], [0, '']);
    const { stdout: help } = await report(['import', '--help']);
    assert.match(help.replaceAll(/\s+/g, ' '), /1 .* domains that are not kept/);
    const [line] = await importedLines([...at, join(folder, 'foreign')]);
    assert.deepEqual(line, { file, result: 'unknown-domain', domains: ['reported.example'] });
  });

  it('--json has a line for each report and file, and the tally in the last', async () => {
    const good = await put('lines/good.json', sampleJson(BIG));
    const cut = await put('lines/cut.json.gz', packings().gzip.subarray(0, 50));
    const lines = await importedLines([...store(), good, cut, join(folder, 'none')]);
    const told = lines.slice(0, -1).map((line) => {
      const { file: path, result, code } = line as Record<string, string>;
      return [path, result, code].filter((each) => each !== undefined).join(' ');
    });
    assert.deepEqual(
      told.toSorted(),
      [
        `${cut} refused TLSRPT_REPORT_GZIP`,
        `${good} stored`,
        `${join(folder, 'none')} unreadable`,
      ].toSorted(),
    );
    assert.equal(lines.length, 4);
  });

  it('many faults in a folder are cut short unless --verbose asks for all', async () => {
    for (let index = 0; index < 25; index += 1) await put(`many/${index}.json`, '{"policies":[}');
    const some = await report(['import', ...store(), join(folder, 'many')]);
    assert.equal(some.stderr.match(/\.json: /g)?.length, 20);
    assert.match(some.stderr, /\n5 more are not told of one by one: --verbose names all\.\n$/);
    const all = await report(['import', ...store(), '-v', join(folder, 'many')]);
    assert.equal(all.stderr.match(/\.json: /g)?.length, 25);
  });

  it('exit code 64 for a --domain that is none', async () => {
    const file = await put('any.json', sampleJson(BIG));
    for (const wrong of ['nonsense!', 'a.*.example', '']) {
      const { exitCode, stderr } = await report(['import', ...store(), '--domain', wrong, file]);
      assert.equal(exitCode, 64, wrong);
      assert.match(stderr, /--domain.*a domain, \*\.domain or \*/);
    }
    assert.deepEqual(await imported([...store(), '--domain', 'Reported.Example.', file]), {
      stored: 1,
    });
  });
});

describe('report list, show, reparse and forget', () => {
  let at: readonly string[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sts-report-show-'));
    at = store();
    const evil = { ...SMALL, organization: 'Evil \u001b[2J\u202eInc', id: 'x'.repeat(30) };
    await put('a.mbox', mbox(bigMail(), officeMail()));
    await put('evil.json', sampleJson(evil));
    await report(['import', ...at, join(folder, 'a.mbox'), join(folder, 'evil.json')]);
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  interface Listed {
    readonly id: string;
    readonly sender: string;
  }

  async function listed(...args: readonly string[]): Promise<readonly Listed[]> {
    const { stdout } = await report(['list', ...at, '--json', ...args]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Listed);
  }

  it('lists by domain, sender, state and age', async () => {
    assert.equal((await listed()).length, 3);
    assert.equal((await listed('--domain', 'Reported.example.')).length, 3);
    assert.equal((await listed('--domain', 'ported.example')).length, 0);
    assert.deepEqual(
      (await listed('--sender', 'small.example', '--state', 'counted', '--days', '1')).map(
        ({ sender }) => sender,
      ),
      ['small.example'],
    );
    assert.equal((await listed('--state', 'conflict')).length, 0);
    assert.equal((await report(['list', ...at, '--domain', 'nonsense!'])).exitCode, 64);
    const db = await openStore(at[1]!);
    const proof = async (verified: 0 | 1): Promise<void> => {
      const update = db.db.updateTable('received_report').set({ verified });
      await update.where('sender', '=', 'small.example').execute();
    };
    await proof(1);
    assert.equal((await listed('--unproven')).length, 2);
    await proof(0);
    assert.equal((await listed('--unproven')).length, 3);
    await db.close();
    const { stdout } = await report(['list', ...at]);
    assert.match(stdout, /^ID +DAY +SENDER +DOMAIN +STATE +OK\/FAILED\n/);
    assert.match(stdout, /2026-03-04 +office\.example +reported\.example +counted +12\/1/);
  });

  it('a terminal of 60 columns: no line is longer, on standard error too', async () => {
    const file = await put('long.txt', `${'x'.repeat(70)} and ${'y'.repeat(70)}\n`);
    const [evil] = await listed('--sender', 'small.example');
    for (const command of [
      ['show', evil!.id],
      ['list'],
      ['summary', '--days', '4000'],
      ['import', file],
      ['import', '--domain', 'a.example', join(folder, 'evil.json')],
    ]) {
      const done = await run(['report', ...command, ...at], '', 60);
      const lines = stripVTControlCharacters(done.stdout + done.stderr).split('\n');
      assert.ok(lines.length > 2, command.join(' '));
      for (const line of lines) assert.ok(cellWidth(line) <= 60, line);
    }
  });

  it('RPT-7-2: shows what a report says and what is odd about it, and nothing moves the cursor', async () => {
    const [evil] = await listed('--sender', 'small.example');
    const { stdout } = await report(['show', ...at, evil!.id]);
    assert.match(stdout, /Evil \\u\{1b\}\[2J\\u\{202e\}Inc/);
    assert.doesNotMatch(stdout, /\u001b|\u202e/);
    assert.match(stdout, /sts reported\.example\n {2}12 went well, 1 failed\n/);
    assert.match(stdout, /TLSRPT_REPORT_DETAIL_SPARSE +A failed session/);
    const json = await report(['show', ...at, '--json', evil!.id]);
    assert.doesNotMatch(json.stdout, /\u001b|\u202e/);
    const { policies } = JSON.parse(json.stdout) as { readonly policies: readonly unknown[] };
    assert.equal(policies.length, 1);
  });

  it('gives the octets back as they came', async () => {
    const [evil] = await listed('--sender', 'small.example');
    const { stdout } = await report(['show', ...at, '--raw', evil!.id]);
    assert.equal(
      stdout,
      sampleJson({ ...SMALL, organization: 'Evil \u001b[2J\u202eInc', id: 'x'.repeat(30) }),
    );
  });

  it('exit code 66 for what is no report', async () => {
    for (const id of ['0000000000000000', "' or 1=1"]) {
      const { exitCode, stderr } = await report(['show', ...at, id]);
      assert.equal(exitCode, 66);
      assert.match(stderr, /^smtp-sts: no report .*REPORT_ARCHIVE_NO_SUCH_REPORT/);
    }
  });

  it('exit code 69 where there is no store, which is said; none is made', async () => {
    const none = join(folder, 'none.sqlite');
    for (const command of [
      ['list'],
      ['list', '--json'],
      ['show', '0000000000000000'],
      ['reparse'],
      ['reparse', '--json'],
      ['forget', 'a.example'],
      ['forget', '--yes', 'a.example'],
      ['log'],
      ['log', '--failed'],
      ['log', '--json'],
      ['log', '2026-11-23_a.example_1@b.example'],
      ['preview'],
      ['preview', 'a.example'],
      ['suppress', 'list'],
      ['suppress', 'drop', 'a.example'],
    ]) {
      const { exitCode, stdout, stderr } = await report([...command, '--store', `sqlite:${none}`]);
      assert.equal(exitCode, 69, command.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /^There is no store yet at \S+none\.sqlite: .*--config/);
      assert.equal(existsSync(none), false);
    }
  });

  it('reads all again, which changes nothing, and forgets a domain', async () => {
    assert.match((await report(['reparse', ...at])).stdout, /^3 reports read again, 0 of them/);
    const asked = await report(['forget', ...at, 'reported.example']);
    assert.equal(asked.exitCode, 64);
    assert.match(
      asked.stderr,
      /^Would be deleted: 3 reports about reported\.example, and its sums of 1 day, 2026-03-04\.\n.*--yes/,
    );
    assert.equal((await listed()).length, 3);
    const { stdout } = await report(['forget', ...at, '--yes', 'Reported.example']);
    assert.match(stdout, /^3 reports spoke of reported\.example/);
    assert.deepEqual(await listed(), []);
    await report(['import', ...at, join(folder, 'evil.json')]);
    const last = await report(['forget', ...at, '--yes', 'reported.example']);
    assert.match(last.stdout, /^1 report spoke of reported\.example/);
    const nothing = await report(['forget', ...at, 'reported.example']);
    assert.deepEqual(
      [nothing.exitCode, nothing.stderr],
      [0, 'Nothing is known about reported.example.\n'],
    );
  });
});
