import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type FilePath, pathText } from '../file-path.ts';
import { BIG, bigMail, sampleJson } from '../reporting/mail/report-mails.fixture.ts';
import { run } from './io.fixture.ts';
import { sourcesIn } from './report-files.ts';

describe('files to import', () => {
  let folder: string;
  const put = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, sampleJson(BIG));
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sts-report-files-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('a folder that cannot be read is passed over', async () => {
    const kept: string[] = [];
    const failing = (path: FilePath): never => {
      throw Object.assign(new Error(`EACCES: permission denied, scandir '${pathText(path)}'`), {
        code: 'EACCES',
      });
    };
    const good = await put('two/a.json');
    const options = {
      io: { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() },
      maxBytes: 1_000,
      onTooLarge: () => undefined,
      onUnreadable: (place: string, reason: string) => void kept.push(`${place}: ${reason}`),
      readFolder: failing,
    };
    for await (const source of sourcesIn([join(folder, 'two'), good], options)) {
      kept.push(source.place);
    }
    assert.deepEqual(kept, [`${join(folder, 'two')}: permission denied`, good]);
  });

  it('names that are not UTF-8 are read: files, mailboxes and folders', async () => {
    const odd = (name: string): Buffer =>
      Buffer.concat([Buffer.from(`${join(folder, 'odd')}/`), Buffer.from(name, 'latin1')]);
    await put('odd/\u00fc.json');
    await mkdir(odd('\xfcber'));
    await writeFile(odd('1705.\xff\xfe'), sampleJson({ ...BIG, id: 'file' }));
    await writeFile(odd('\xfcber/a.json'), sampleJson({ ...BIG, id: 'inside' }));
    const mail = bigMail({ ...BIG, id: 'boxed' });
    await writeFile(odd('\xff.mbox'), `From x@y Mon Mar  2 10:00:00 2026\n${mail}\n`);
    const args = ['--json', '--store', `sqlite:${join(folder, 'odd.sqlite')}`];
    const { stdout, exitCode } = await run(['report', 'import', ...args, join(folder, 'odd')], '');
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly file: string; readonly result: string })
      .slice(0, -1)
      .map(({ file, result }) => `${file.slice(folder.length)} ${result}`);
    assert.deepEqual(told, [
      '/odd/1705.\ufffd\ufffd stored',
      '/odd/\u00fc.json stored',
      '/odd/\ufffdber/a.json stored',
      '/odd/\ufffd.mbox:1 stored',
    ]);
    assert.equal(exitCode, 0);
    // As the shell's `1705*` arrives.
    const named = await run(['report', 'import', ...args, join(folder, 'odd/1705.\ufffd')], '');
    assert.match(named.stdout, /"unreadable".*not UTF-8: rename it, or import the folder/);
  });
});
