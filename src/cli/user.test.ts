import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, it } from 'node:test';
import { Users } from '../relay/submission/users.ts';
import { run } from './io.fixture.ts';
import { askPassword } from './password-prompt.ts';

const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-user-'));

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;

function newFile(): string {
  files += 1;
  return join(folder, `users-${files}`);
}

describe('smtp-sts user', () => {
  it('adds users to a file that only its owner may read, lists and removes them', async () => {
    const file = newFile();
    const added = await run(['user', 'add', 'alice', '--file', file, '--stdin'], 'secret\n');
    assert.deepEqual([added.exitCode, added.stdout], [0, `alice may send now (${file}).\n`]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await run(['user', 'add', 'b@c.test', '--file', file, '--stdin'], 'other');
    assert.equal((await run(['user', 'list', '--file', file])).stdout, 'alice\nb@c.test\n');
    const users = new Users(file);
    assert.deepEqual(await users.check('alice', 'secret'), { ok: true, value: 'right' });
    assert.deepEqual(await users.check('alice', 'secret'), { ok: true, value: 'right' });
    assert.deepEqual(await users.check('alice', 'other'), { ok: true, value: 'wrong' });
    assert.deepEqual(await users.check('nobody', 'other'), { ok: true, value: 'wrong' });
    assert.ok(!readFileSync(file, 'utf8').includes('secret'));

    const again = await run(['user', 'add', 'alice', '--file', file, '--stdin'], 'new\r\n');
    assert.match(again.stdout, /^alice has a new password/);
    assert.deepEqual(await users.check('alice', 'secret'), { ok: true, value: 'wrong' });
    assert.deepEqual(await users.check('alice', 'new'), { ok: true, value: 'right' });

    assert.equal((await run(['user', 'remove', 'alice', '--file', file])).exitCode, 0);
    assert.equal((await run(['user', 'remove', 'alice', '--file', file])).exitCode, 1);
    assert.equal((await run(['user', 'list', '--json', '--file', file])).stdout, '["b@c.test"]\n');
    assert.ok(!existsSync(`${file}.new`));
  });

  it('warns of a password that is short', async () => {
    const file = newFile();
    const short = await run(['user', 'add', 'alice', '--file', file, '--stdin'], '1234567');
    assert.equal(short.exitCode, 0);
    assert.match(short.stderr, /fewer than 8 characters/);
    const long = await run(['user', 'add', 'alice', '--file', file, '--stdin'], '12345678');
    assert.deepEqual([long.exitCode, long.stderr], [0, '']);
  });

  it('keeps comments and the mode of a file, but no rights of others', async () => {
    const file = newFile();
    await run(['user', 'add', 'alice', '--file', file, '--stdin'], 'x');
    writeFileSync(file, `# ours\n\n${readFileSync(file, 'utf8')}`);
    chmodSync(file, 0o644);
    await run(['user', 'add', 'bob', '--file', file, '--stdin'], 'x');
    assert.match(readFileSync(file, 'utf8'), /^# ours\n\nalice [^\n]+\nbob [^\n]+\n$/);
    assert.equal(statSync(file).mode & 0o777, 0o640);
  });

  it('takes the file from the configuration', async () => {
    const config = join(folder, 'config.yaml');
    const file = newFile();
    writeFileSync(config, `relay:\n  users_file: ${file}\n`);
    const added = await run(['--config', config, 'user', 'add', 'alice', '--stdin'], 'x');
    assert.equal(added.exitCode, 0);
    assert.equal((await run(['--config', config, 'user', 'list'])).stdout, 'alice\n');
  });

  it('says what is wrong, and changes nothing', async () => {
    const file = newFile();
    const add = async (name: string, password: string): Promise<number> =>
      (await run(['user', 'add', name, '--file', file, '--stdin'], password)).exitCode;
    assert.equal(await add('a b', 'x'), 64);
    assert.equal(await add('#a', 'x'), 64);
    assert.equal(await add('alice', ''), 64);
    assert.equal(await add('alice', 'x'.repeat(1_025)), 64);
    assert.ok(!existsSync(file));
    assert.equal((await run(['user', 'list'])).exitCode, 64);
    assert.equal((await run(['user', 'list', '--file', file])).exitCode, 66);
    assert.equal((await run(['user', 'add', 'alice', '--file', file])).exitCode, 64);
    writeFileSync(file, 'nonsense\n', { mode: 0o600 });
    const broken = await run(['user', 'add', 'alice', '--file', file, '--stdin'], 'x');
    assert.equal(broken.exitCode, 66);
    assert.match(broken.stderr, /RELAY_USERS_INVALID/);
    assert.equal(readFileSync(file, 'utf8'), 'nonsense\n');
    writeFileSync(`${file}.new`, '');
    const busy = await run(['user', 'remove', 'alice', '--file', file]);
    assert.equal(busy.exitCode, 73);
    assert.match(busy.stderr, /RELAY_USERS_UNWRITABLE/);
    assert.ok(existsSync(`${file}.new`), 'the lock of another is left alone');
  });
});

describe('the prompt for a password', () => {
  function terminal(): {
    readonly io: Parameters<typeof askPassword>[0];
    readonly modes: boolean[];
  } {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (raw: boolean) => modes.push(raw),
    });
    return { io: { stdin, stdout: new PassThrough(), stderr: new PassThrough() }, modes };
  }

  it('asks twice without an echo', async () => {
    const { io, modes } = terminal();
    const asked = askPassword(io);
    (io.stdin as PassThrough).write('secrex\u007ft\r');
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    (io.stdin as PassThrough).write('secret\n');
    assert.equal(await asked, 'secret');
    assert.deepEqual(modes, [true, false]);
    assert.doesNotMatch(String((io.stderr as PassThrough).read()), /secret/);
  });

  it('stops where the two differ, and at Ctrl-C', async () => {
    const differ = terminal();
    const asked = askPassword(differ.io);
    (differ.io.stdin as PassThrough).write('one\r');
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    (differ.io.stdin as PassThrough).write('two\r');
    await assert.rejects(asked, /differ/);
    const stopped = terminal();
    const other = askPassword(stopped.io);
    (stopped.io.stdin as PassThrough).write('on\u0003');
    await assert.rejects(other, /nothing was changed/);
    assert.deepEqual(stopped.modes, [true, false]);
  });
});
