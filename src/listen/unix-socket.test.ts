import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { ListenError } from './listen-error.ts';
import { listenOnUnixSocket } from './unix-socket.ts';

let folder: string;
let server: Server;

async function listen(path: string, mode = 0o666): Promise<void> {
  server = createServer();
  await listenOnUnixSocket(server, path, { mode });
}

async function refusal(path: string): Promise<ListenError> {
  return await listen(path).then(
    () => assert.fail('it listens'),
    (error: unknown) => {
      assert.ok(error instanceof ListenError, String(error));
      return error;
    },
  );
}

describe('the file of a UNIX socket', () => {
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'sts-unix-'))));
  after(() => rmSync(folder, { recursive: true }));
  afterEach(() => void server.close());

  it('a folder that is missing: its name, and to make it', async () => {
    const path = join(folder, 'missing', 'map.sock');
    const { code, message } = await refusal(path);
    assert.equal(code, 'ENOENT');
    assert.match(
      message,
      new RegExp(`unix:${path}: the folder ${folder}/missing does not exist: make`),
    );
  });

  it('a folder that is a file', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, message } = await refusal(join(folder, 'file', 'map.sock'));
    assert.equal(code, 'ENOTDIR');
    assert.match(message, /file is no folder/);
  });

  it('a path of 108 octets: how long it is, and how long it may be', async () => {
    const path = join(folder, 'ü'.repeat(60)).slice(0, 90);
    const octets = Buffer.byteLength(path);
    assert.ok(octets > 107);
    const { code, message } = await refusal(path);
    assert.equal(code, 'ENAMETOOLONG');
    assert.match(message, new RegExp(`${octets} octets.*107`));
  });

  it('a symbolic link is not followed, wherever it leads', async () => {
    const path = join(folder, 'link');
    const target = join(folder, 'target');
    symlinkSync(target, path);
    const { code, message } = await refusal(path);
    assert.equal(code, 'EEXIST');
    assert.match(message, /symbolic link.*left alone/);
    assert.ok(lstatSync(path).isSymbolicLink());
    assert.ok(!existsSync(target));
  });

  it('is never open to more than those who may connect, not for a moment', async () => {
    const path = join(folder, 'mode');
    server = createServer();
    const modes: number[] = [];
    server.once('listening', () => modes.push(statSync(path).mode & 0o777));
    const before = process.umask();
    await listenOnUnixSocket(server, path, { mode: 0o660 });
    assert.deepEqual(modes, [0o600]);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.equal(process.umask(), before);
  });

  it('what could not be listened on leaves nothing behind', async () => {
    mkdirSync(join(folder, 'clean'));
    const path = join(folder, 'clean', 'map.sock');
    server = createServer();
    const owner = 'nobody-by-this-name';
    await assert.rejects(listenOnUnixSocket(server, path, { mode: 0o660, owner }), /knows no/);
    assert.ok(!existsSync(path));
  });
});
