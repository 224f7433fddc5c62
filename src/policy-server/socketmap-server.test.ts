import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { silentLog } from '../log/log.ts';
import { ListenError } from '../listen/listen-error.ts';
import { netstringText } from './netstring.ts';
import { postfixMap, type SocketAddress, socketAddressText } from '../listen/socket-address.ts';
import {
  type SocketmapServer,
  type SocketmapServerOptions,
  startSocketmapServer,
} from './socketmap-server.ts';

const LIMITS = { maxConnections: 3, idleTimeoutMs: 60_000, shutdownTimeoutMs: 10_000 };

let folder: string;
let clock: FakeClock;
let server: SocketmapServer | undefined;
let sockets: Socket[] = [];
let lookUps: { readonly request: string; readonly done: (reply: string) => void }[] = [];
let open: number[] = [];
const received = new WeakMap<Socket, string>();
let warned: object[] = [];

before(() => void (folder = mkdtempSync(join(tmpdir(), 'smtp-sts-map-'))));

after(() => rmSync(folder, { recursive: true }));

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  lookUps = [];
  open = [];
  warned = [];
  await server?.close();
  server = undefined;
});

/** Requests that hold `slow` wait in `lookUps`, others are echoed. */
function reply(request: string): string | Promise<string> {
  if (!request.includes('slow')) return netstringText(`OK ${request}`);
  return new Promise((resolve) => {
    lookUps.push({ request, done: (text) => resolve(netstringText(text)) });
  });
}

async function start(...listen: readonly string[]): Promise<SocketAddress> {
  server = await startSocketmapServer(optionsFor(listen.length === 0 ? ['127.0.0.1:0'] : listen));
  return server.addresses[0]!;
}

function optionsFor(listen: readonly string[]): SocketmapServerOptions {
  clock = new FakeClock();
  return {
    listen,
    unix: { mode: 0o660 },
    reply,
    settings: () => LIMITS,
    clock,
    log: { ...silentLog, warn: (fields) => warned.push(fields) },
    onConnections: (count) => open.push(count),
  };
}

async function dial(address: SocketAddress): Promise<Socket> {
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path, allowHalfOpen: true })
      : connect({ ...(address as { host: string; port: number }), allowHalfOpen: true });
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.on('data', (octets: Buffer) => {
    received.set(socket, (received.get(socket) ?? '') + octets.toString());
  });
  await once(socket, 'connect');
  return socket;
}

/** Takes `count` octets of what has come, waiting for them. */
async function read(socket: Socket, count: number): Promise<string> {
  while ((received.get(socket) ?? '').length < count) await once(socket, 'data');
  const text = received.get(socket) ?? '';
  received.set(socket, text.slice(count));
  return text.slice(0, count);
}

/** All that comes until the end. */
async function readAll(socket: Socket): Promise<string> {
  if (!socket.readableEnded) await once(socket, 'end');
  return received.get(socket) ?? '';
}

async function eventually(what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !what(); turn += 1) await settle();
  assert.ok(what());
}

const ASK = '14:postfix d.test,';
const ANSWER = '17:OK postfix d.test,';
const SLOW = '12:postfix slow,';

describe('the socketmap server', () => {
  it('H1: answers over IPv4, IPv6 and a UNIX socket', async () => {
    const path = join(folder, 'three');
    await start('127.0.0.1:0', '[::1]:0', `unix:${path}`);
    for (const address of server!.addresses) {
      const socket = await dial(address);
      socket.write(ASK);
      assert.equal(await read(socket, ANSWER.length), ANSWER);
    }
    assert.deepEqual(
      server!.addresses.map((address) => postfixMap(address, 'postfix').replace(/:\d+:/, ':PORT:')),
      [
        'socketmap:inet:127.0.0.1:PORT:postfix',
        'socketmap:inet:[::1]:PORT:postfix',
        `socketmap:unix:${path}:postfix`,
      ],
    );
  });

  it('H2: one request after another, and many at once, in order', async () => {
    const socket = await dial(await start());
    socket.write(ASK);
    await read(socket, ANSWER.length);
    socket.write(`${ASK}${SLOW}${ASK}`);
    await eventually(() => lookUps.length === 1);
    lookUps[0]!.done('NOTFOUND ');
    assert.equal(await read(socket, 2 * ANSWER.length + 12), `${ANSWER}9:NOTFOUND ,${ANSWER}`);
  });

  it('H12: a client that leaves after a while is no error', async () => {
    const socket = await dial(await start());
    socket.write(ASK);
    await read(socket, ANSWER.length);
    socket.end();
    assert.equal(await readAll(socket), '');
    await eventually(() => open.at(-1) === 0);
    assert.deepEqual(warned, []);
  });

  it('H12: a connection on which nothing happens is closed', async () => {
    const address = await start();
    const socket = await dial(address);
    await eventually(() => open.at(-1) === 1);
    await clock.advance(60_000);
    socket.write(ASK);
    await read(socket, ANSWER.length);
    await clock.advance(60_000);
    assert.equal(open.at(-1), 1);
    const rest = readAll(socket);
    await clock.advance(15_000);
    assert.equal(await rest, '');
  });

  it('H13: a client that half-closes gets its whole reply, then the end', async () => {
    const socket = await dial(await start());
    const text = readAll(socket);
    socket.end(`${SLOW}${ASK}`);
    await eventually(() => lookUps.length === 1);
    lookUps[0]!.done('NOTFOUND ');
    assert.equal(await text, `9:NOTFOUND ,${ANSWER}`);
  });

  it('H3: what is no netstring closes the connection, after the replies before it', async () => {
    const socket = await dial(await start());
    const text = readAll(socket);
    socket.write(`${ASK}GET / HTTP/1.1\r\n\r\n`);
    assert.equal(await text, ANSWER);
  });

  it('H14: a client that is gone in the middle of a look-up harms nobody', async () => {
    const address = await start();
    const socket = await dial(address);
    socket.write(SLOW);
    await eventually(() => lookUps.length === 1);
    socket.resetAndDestroy();
    await eventually(() => open.at(-1) === 0);
    lookUps[0]!.done('NOTFOUND ');
    await settle();
    const other = await dial(address);
    other.write(ASK);
    assert.equal(await read(other, ANSWER.length), ANSWER);
  });

  it('H15: at the limit new clients wait, live ones are served, one leaves and the next is served', async () => {
    const address = await start();
    const live = await Promise.all([dial(address), dial(address), dial(address)]);
    for (const socket of live) {
      socket.write(ASK);
      await read(socket, ANSWER.length);
    }
    const waiting = await dial(address);
    waiting.write(ASK);
    const answer = read(waiting, ANSWER.length);
    for (const socket of live) {
      socket.write(ASK);
      await read(socket, ANSWER.length);
    }
    assert.equal(open.at(-1), 3);
    live[0].end();
    assert.equal(await answer, ANSWER);
    assert.equal(open.at(-1), 3);
    assert.deepEqual(warned, []);
  });

  it('H15: who leaves while it waits does not keep a place', async () => {
    const address = await start();
    const live = await Promise.all([dial(address), dial(address), dial(address)]);
    const waiting = await dial(address);
    await readAll(waiting.end());
    for (const socket of live) socket.end();
    const next = await dial(address);
    next.write(ASK);
    assert.equal(await read(next, ANSWER.length), ANSWER);
  });

  it('H15: more than twice the limit is refused, and told', async () => {
    const address = await start();
    for (let index = 0; index < 6; index += 1) await dial(address);
    const refused = await dial(address);
    await readAll(refused);
    assert.equal(warned.length, 1);
  });

  it('H16: stopping, look-ups under way are answered', async () => {
    const address = await start();
    const idle = await dial(address);
    const busy = await Promise.all([dial(address), dial(address)]);
    for (const socket of busy) socket.write(SLOW);
    await eventually(() => lookUps.length === 2);
    const texts = busy.map(readAll);
    const closed = server!.close();
    assert.equal(await readAll(idle), '');
    for (const { done } of lookUps) done('OK dane');
    for (const text of texts) assert.equal(await text, '7:OK dane,');
    for (const socket of sockets) socket.end();
    await closed;
    server = undefined;
  });

  it('H16: stopping, what takes longer than the shutdown timeout is told to wait', async () => {
    const address = await start();
    const socket = await dial(address);
    socket.write(SLOW);
    await eventually(() => lookUps.length === 1);
    const text = readAll(socket);
    const closed = server!.close();
    await clock.advance(10_000);
    assert.match(await text, /^\d+:TEMP POLICY_ANSWER_STOPPED: /);
    socket.end();
    await closed;
    server = undefined;
  });

  it('stopping, a client that reads nothing does not hold it up', async () => {
    const address = await start();
    const socket = await dial(address);
    socket.pause();
    socket.write(SLOW);
    await eventually(() => lookUps.length === 1);
    const closed = server!.close();
    await clock.advance(11_000);
    await closed;
    server = undefined;
  });
});

describe('UNIX sockets', () => {
  it('I7: mode and owner are set', async () => {
    const path = join(folder, 'mode');
    await start(`unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    await server!.close();
    assert.ok(!existsSync(path));
    const unix = { mode: 0o600, owner: `${process.getuid!()}:${process.getgid!()}` };
    server = await startSocketmapServer({ ...optionsFor([`unix:${path}`]), unix });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(path).uid, process.getuid!());
  });

  it('an owner that the system does not know', async () => {
    const path = join(folder, 'owner');
    const unix = { mode: 0o600, owner: 'nobody-by-this-name' };
    await assert.rejects(
      startSocketmapServer({ ...optionsFor([`unix:${path}`]), unix }),
      /cannot listen on unix:.*owner: \/etc\/passwd knows no nobody-by-this-name/,
    );
    assert.ok(!existsSync(path));
  });

  it('I7: a socket that a dead process left is replaced', async () => {
    const path = join(folder, 'stale');
    await leaveBehind(path);
    const socket = await dial(await start(`unix:${path}`));
    socket.write(ASK);
    assert.equal(await read(socket, ANSWER.length), ANSWER);
  });

  it('I7: one on which somebody listens is not', async () => {
    const path = join(folder, 'live');
    const other = createServer().listen(path);
    await once(other, 'listening');
    await assert.rejects(start(`unix:${path}`), (error: ListenError) => {
      assert.ok(error instanceof ListenError);
      assert.deepEqual([error.code, error.where], ['EADDRINUSE', `unix:${path}`]);
      return true;
    });
    assert.ok(existsSync(path));
    other.close();
  });

  it('I7: a file that is no socket is left alone', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'precious');
    await assert.rejects(start(`unix:${path}`), /no socket; it is left alone/);
    assert.ok(statSync(path).isFile());
  });
});

describe('listening', () => {
  it('a port that is taken: where, and what to do; nothing stays open', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const path = join(folder, 'first');
    await assert.rejects(start(`unix:${path}`, `127.0.0.1:${port}`), (error: ListenError) => {
      assert.equal(error.code, 'EADDRINUSE');
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: it is in use`));
      return true;
    });
    assert.ok(!existsSync(path));
    taken.close();
  });

  it('several servers share a port where all agree', async () => {
    const options = { ...optionsFor(['127.0.0.1:0']), reusePort: true };
    server = await startSocketmapServer(options);
    const [address] = server.addresses;
    const where = socketAddressText(address!);
    const other = await startSocketmapServer({ ...options, listen: [where] });
    assert.deepEqual(other.addresses, server.addresses);
    await other.close();
    const socket = await dial(address!);
    socket.write(ASK);
    assert.equal(await read(socket, ANSWER.length), ANSWER);
  });

  it('a socket that was handed over, as systemd does', async () => {
    const outside: Server = createServer().listen(0, '127.0.0.1');
    await once(outside, 'listening');
    const { port } = outside.address() as { port: number };
    const { fd } = (outside as unknown as { _handle: { fd: number } })._handle;
    const child = spawn(process.execPath, ['--input-type=module', '-e', HANDED_OVER], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    assert.equal(line.toString().trim(), `127.0.0.1:${port}`);
    outside.close();
    const socket = await dial({ kind: 'tcp', host: '127.0.0.1', port });
    socket.write(ASK);
    assert.equal(await read(socket, 12), '9:NOTFOUND ,');
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

/** A process that serves what it was given as file descriptor 3. */
const HANDED_OVER = `
  import { systemClock } from '../clock.ts';
  import { silentLog } from '../log/log.ts';
  import { socketAddressText } from '../listen/socket-address.ts';
  import { startSocketmapServer } from './socketmap-server.ts';
  const server = await startSocketmapServer({
    listen: ['fd:3'],
    unix: { mode: 0o660, owner: undefined },
    reply: () => '9:NOTFOUND ,',
    settings: () => (${JSON.stringify(LIMITS)}),
    clock: systemClock,
    log: silentLog,
  });
  console.log(socketAddressText(server.addresses[0]));
`;

/** A socket file with nobody behind it: what `kill -9` leaves. */
async function leaveBehind(path: string): Promise<void> {
  const dead = createServer().listen(`${path}.moved`);
  await once(dead, 'listening');
  renameSync(`${path}.moved`, path);
  await new Promise<void>((resolve) => {
    dead.close(() => resolve());
  });
  assert.ok(statSync(path).isSocket());
}
