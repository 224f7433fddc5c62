import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';

const BIN = join(import.meta.dirname, '../src/cli/bin.ts');
const CONFIG = 'dns: { self_test: { signed: "", unsigned: "", bogus: "" } }\n';

/** Stands in for systemd's program, and keeps what it was told. */
const NOTIFY = '#!/bin/sh\necho "$@" >> "$(dirname "$0")/told"\n';

let folder: string;
const children: ChildProcess[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-systemd-'));
  writeFileSync(join(folder, 'systemd-notify'), NOTIFY);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  writeFileSync(join(folder, 'config.yaml'), CONFIG);
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function told(): readonly string[] {
  const path = join(folder, 'told');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

async function until(what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (what()) return;
    await setTimeout(50);
  }
  assert.fail(`not within 10 s; systemd was told ${JSON.stringify(told())}`);
}

/** Runs the service as systemd would, with a listening socket as descriptor 3. */
async function startActivated(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const handle = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
  // systemd names the process that the sockets are for; only a shell knows its own number beforehand.
  const command = `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`;
  const argv = ['serve', '--listen=127.0.0.1:0', `--config=${join(folder, 'config.yaml')}`];
  const child = spawn('/bin/sh', ['-c', command, process.execPath, BIN, ...argv], {
    env: {
      ...process.env,
      PATH: `${folder}:${process.env['PATH']}`,
      NOTIFY_SOCKET: join(folder, 'notify.sock'),
      STATE_DIRECTORY: folder,
      RUNTIME_DIRECTORY: folder,
    },
    stdio: ['ignore', 'ignore', 'ignore', handle.fd],
  });
  children.push(child);
  // From now on it is the child's alone.
  server.close();
  return { child, port };
}

async function ask(port: number, request: string): Promise<string> {
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end(request);
  let reply = '';
  for await (const piece of client) reply += String(piece);
  return reply;
}

describe('under systemd', () => {
  it('answers on the socket it was handed; says when it is ready, reloads and stops; keeps all in its folders', async () => {
    const { child, port } = await startActivated();
    await until(() => told().length >= 1);
    assert.match(told()[0]!, /^READY=1 STATUS=listening on 127\.0\.0\.1:\d+, http:/);
    assert.equal(await ask(port, '15:postfix .d.test,'), '9:NOTFOUND ,');
    assert.ok(existsSync(join(folder, 'smtp-sts.sqlite')));
    assert.ok(existsSync(join(folder, 'control.sock')));
    child.kill('SIGHUP');
    await until(() => told().length >= 3);
    assert.match(told()[1]!, /^RELOADING=1 MONOTONIC_USEC=\d+$/);
    assert.match(told()[2]!, /^READY=1 /);
    child.kill('SIGTERM');
    await once(child, 'exit');
    assert.equal(child.exitCode, 0);
    assert.equal(told()[3], 'STOPPING=1');
  });
});
