import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { TEST_COST } from './submission.fixture.ts';
import { listUsers, removeUser, setUser } from './users-edit.ts';

const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-users-edit-'));
const MODULE = pathToFileURL(join(import.meta.dirname, 'users-edit.ts')).href;

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file of 40 users, longer than what {@link REMOVE_WITH_LITTLE_ROOM} can write. */
async function manyUsers(name: string): Promise<string> {
  const file = join(folder, name);
  await setUser(file, { name: 'alice', password: 'long enough', cost: TEST_COST });
  const line = readFileSync(file, 'utf8');
  const lines = Array.from({ length: 40 }, (_item, at) => line.replace('alice', `user${at}`));
  writeFileSync(file, lines.join(''));
  return file;
}

/** As on a disk that is nearly full a write is cut short: no file may grow beyond 1,024 octets. */
const REMOVE_WITH_LITTLE_ROOM = `
  ulimit -f 1
  exec "$0" --input-type=module -e '
    const { removeUser } = await import(process.argv[1]);
    console.log(JSON.stringify(removeUser(process.argv[2], "user7")));
  ' "$@"`;

describe('changing the users file', () => {
  it('on a full disk leaves the old file as it was, and says so', async () => {
    const file = await manyUsers('full');
    const before = readFileSync(file, 'utf8');
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', REMOVE_WITH_LITTLE_ROOM, process.execPath, MODULE, file],
      { encoding: 'utf8' },
    );
    assert.match(stdout, /RELAY_USERS_UNWRITABLE.*nothing was changed/, stderr);
    assert.equal(readFileSync(file, 'utf8'), before);
    assert.ok(!existsSync(`${file}.new`));
  });

  it('with room enough writes all of it', async () => {
    const file = await manyUsers('room');
    assert.ok(removeUser(file, 'user7').ok);
    const users = listUsers(file);
    assert.equal(users.ok && users.value.length, 39);
    assert.ok(!existsSync(`${file}.new`));
  });

  it('says how to mend what a change that was cut off left behind, and leaves it alone', async () => {
    const file = await manyUsers('stale');
    writeFileSync(`${file}.new`, '');
    const refused = removeUser(file, 'user7');
    assert.ok(!refused.ok);
    assert.ok(refused.failure.detail.includes(`rm ${file}.new`), refused.failure.detail);
    assert.ok(existsSync(`${file}.new`));
  });
});
