import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from './open-store.ts';
import { StoreError } from './store-error.ts';

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-foreign-'));
});
after(() => rmSync(folder, { recursive: true }));

async function codeOf(file: string): Promise<string> {
  try {
    await (await openStore(`sqlite:${file}`)).close();
    return 'opened';
  } catch (error) {
    assert.ok(error instanceof StoreError);
    return error.failure.code;
  }
}

describe('files of others', () => {
  it('a mistyped path costs nobody a file', async () => {
    const file = join(folder, 'README.md');
    writeFileSync(file, '# dear to somebody\n'.repeat(20));
    assert.equal(await codeOf(file), 'STORE_NOT_OURS');
    assert.match(readFileSync(file, 'utf8'), /^# dear to somebody/);
    assert.deepEqual(readdirSync(folder), ['README.md']);
  });

  it('a database of another program is not adopted', async () => {
    const file = join(folder, 'other.db');
    const other = new DatabaseSync(file);
    other.exec('create table mine (a)');
    other.close();
    assert.equal(await codeOf(file), 'STORE_NOT_OURS');
    const marked = join(folder, 'marked.sqlite');
    const program = new DatabaseSync(marked);
    program.exec('pragma application_id = 77; create table schema_step (name)');
    program.close();
    assert.equal(await codeOf(marked), 'STORE_NOT_OURS');
  });

  it('our own file, an empty one and one that is named like a database are', async () => {
    const own = join(folder, 'own');
    assert.equal(await codeOf(own), 'opened');
    assert.equal(await codeOf(own), 'opened');
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    assert.equal(await codeOf(empty), 'opened');
    const damaged = join(folder, 'damaged.sqlite');
    writeFileSync(damaged, 'x'.repeat(5000));
    assert.equal(await codeOf(damaged), 'opened');
    assert.ok(readdirSync(folder).some((name) => name.startsWith('damaged.sqlite.corrupt-')));
  });

  it('a folder that cannot be made is a failure, at once', async () => {
    assert.equal(await codeOf('/proc/nowhere/x.sqlite'), 'STORE_UNWRITABLE');
  });
});
