import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeClock } from '../src/clock.fixture.ts';
import { systemClock } from '../src/clock.ts';
import type { Failure } from '../src/failure.ts';
import { silentLog, type Log } from '../src/log/log.ts';
import {
  DatagramSocketError,
  startDatagramSocket,
  type DatagramSocket,
  type DatagramSocketOptions,
} from '../src/reporting/tally/datagram-socket.ts';
import type { SessionResult } from '../src/tlsrpt/session-result.ts';
import { waitFor } from './peers/wait-for.ts';

const folder = mkdtempSync(join(tmpdir(), 'sts-datagrams-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let sockets = 0;
const open: DatagramSocket[] = [];
after(async () => await Promise.all(open.map(async (socket) => await socket.close())));
const newPath = (): string => join(folder, `${(sockets += 1)}.sock`);

const GOOD = JSON.stringify({
  dpv: '1',
  d: 'example.test',
  pr: 'v=TLSRPTv1; rua=mailto:tls@example.test',
  policies: [{ 'policy-type': 9, 'policy-domain': 'example.test', t: 0, f: 0 }],
});

/** Sends each line of its input, hex, as one datagram; as libtlsrpt does, each from a new socket. */
const SENDER = `
use Socket; my ($path, $flags, $times) = @ARGV; my $to = sockaddr_un($path); my $taken = 0;
while (my $line = <STDIN>) { chomp $line; my $datagram = pack('H*', $line);
  for (1..$times) { socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; $taken++ if defined send($s, $datagram, $flags, $to); } }
print $taken;`;

interface Send {
  readonly datagrams: readonly (string | Uint8Array)[];
  /** Each so often. */
  readonly times?: number;
  /** `burst`: never waits, as libtlsrpt. */
  readonly how?: 'patient' | 'burst';
}

/** @returns how many the kernel took */
async function send(
  path: string,
  { datagrams, times = 1, how = 'patient' }: Send,
): Promise<number> {
  const flags = how === 'burst' ? '64' : '0';
  const child = spawn('perl', ['-e', SENDER, path, flags, String(times)]);
  let taken = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (taken += text));
  child.stdin.end(datagrams.map((one) => `${Buffer.from(one).toString('hex')}\n`).join(''));
  await once(child, 'close');
  return Number(taken);
}

interface Listening {
  readonly path: string;
  readonly socket: DatagramSocket;
  readonly results: SessionResult[];
  readonly failures: Failure[];
  readonly codes: string[];
}

async function listen(more: Partial<DatagramSocketOptions> = {}): Promise<Listening> {
  const path = more.path ?? newPath();
  const results: SessionResult[] = [];
  const failures: Failure[] = [];
  const codes: string[] = [];
  const note = (fields: object): void => void codes.push((fields as { code: string }).code);
  const log: Log = { ...silentLog, info: note, warn: note, error: note };
  const socket = await startDatagramSocket({
    path,
    mode: 0o220,
    owner: '',
    clock: systemClock,
    log,
    onResults: (some) => results.push(...some),
    onInvalid: (failure) => failures.push(failure),
    ...more,
  });
  open.push(socket);
  return { path, socket, results, failures, codes };
}

async function refusal(more: Partial<DatagramSocketOptions>): Promise<Failure> {
  try {
    const { socket } = await listen(more);
    await socket.close();
  } catch (error) {
    if (error instanceof DatagramSocketError) return error.failure;
    throw error;
  }
  return assert.fail('the socket was opened');
}

/** The processes that a process has started. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

async function until(isSo: () => boolean): Promise<void> {
  const look = (): true | undefined => isSo() || undefined;
  await waitFor(look, { what: () => isSo.toString(), limitMs: 10_000 });
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

describe('the datagram socket', () => {
  it('C11: what cannot be read is counted, and the next datagram is read all the same', async () => {
    const { path, socket, results, failures } = await listen();
    const killers = [
      'x',
      '',
      Buffer.from('{"d":"\xff"}', 'latin1'),
      '5',
      '"s"',
      '[]',
      '{"policies":5,"d":"example.test"}',
      '['.repeat(100_000),
      `{"d":"${'a'.repeat(65_536)}"}`,
      `{"d":"${'a'.repeat(190_000)}"}`,
    ];
    assert.equal(await send(path, { datagrams: [...killers, GOOD] }), killers.length + 1);
    await until(() => results.length === 1);
    assert.equal(failures.length, killers.length);
    const { datagrams, invalid, isOpen } = socket.stats();
    assert.deepEqual([datagrams, invalid, isOpen], [killers.length + 1, killers.length, true]);
    assert.ok(Math.abs(results[0]!.at - systemClock.now()) < 60_000);
    await socket.close();
  });

  it('C12: every datagram of a burst that the kernel takes is counted', async () => {
    const { path, socket, results } = await listen();
    const taken = await send(path, { datagrams: [GOOD], times: 20_000, how: 'burst' });
    await socket.close();
    assert.equal(results.length, taken);
    // How many depends on what else the machine does; none would prove nothing.
    assert.ok(taken > 0);
    const { queueLength } = socket.stats();
    assert.equal(queueLength, Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8')));
  });

  it('C14: closing hands over all that was sent before, and removes the file', async () => {
    const { path, socket, results } = await listen();
    const taken = await send(path, { datagrams: [GOOD], times: 5_000 });
    assert.equal(taken, 5_000);
    await socket.close();
    assert.equal(results.length, 5_000);
    assert.equal(isThere(path), false);
  });

  it('C14: after kill -9 the socket is free again; two at a time are refused', async () => {
    const path = newPath();
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, MODULE, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const failure = await refusal({ path });
    assert.equal(failure.code, 'DATAGRAM_SOCKET_IN_USE');
    const readers = childrenOf(child.pid!);
    assert.equal(readers.length, 1);
    child.kill('SIGKILL');
    const { socket, results } = await listen({ path });
    await until(() => !isThere(`/proc/${readers[0]}`));
    await send(path, { datagrams: [GOOD] });
    await until(() => results.length === 1);
    await socket.close();
  });

  it('C17: a socket that is removed while it is in use is made anew, and told', async () => {
    const clock = new FakeClock();
    const { path, socket, results, codes } = await listen({ clock });
    await send(path, { datagrams: [GOOD] });
    await until(() => results.length === 1);
    rmSync(path);
    await clock.advance(5_000);
    await until(() => isThere(path) && socket.stats().isOpen);
    await send(path, { datagrams: [GOOD] });
    await until(() => results.length === 2);
    assert.ok(codes.includes('DATAGRAM_SOCKET_VANISHED'));
    assert.equal(socket.stats().restarts, 1);
    await socket.close();
    assert.equal(isThere(path), false);
  });

  it('a reader that is killed is started again; counts are kept', async () => {
    const before = childrenOf(process.pid);
    const { path, socket, results, codes } = await listen();
    await send(path, { datagrams: [GOOD, 'x'] });
    await until(() => socket.stats().datagrams === 2);
    const [reader] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    process.kill(reader!, 'SIGKILL');
    await until(() => socket.stats().restarts === 1 && socket.stats().isOpen);
    await send(path, { datagrams: [GOOD] });
    await until(() => results.length === 2);
    assert.equal(socket.stats().datagrams, 3);
    assert.ok(codes.includes('DATAGRAM_READER_DIED'));
    await socket.close();
  });

  it('C17: places and owners that cannot be are refused at the start', async () => {
    const long = join(folder, 'x'.repeat(108 - folder.length - 1));
    assert.equal(Buffer.byteLength(long), 108);
    assert.match((await refusal({ path: long })).detail, /108 octets, a UNIX socket takes 107/);
    const nowhere = await refusal({ path: join(folder, 'none', 'a.sock') });
    assert.match(nowhere.detail, /the folder .*none does not exist/);
    const file = join(folder, 'a-file');
    writeFileSync(file, 'mine');
    assert.match((await refusal({ path: file })).detail, /no socket; it is left alone/);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
    const path = newPath();
    const owner = await refusal({ path, owner: ':no-such-group' });
    assert.equal(owner.code, 'DATAGRAM_SOCKET_OWNER');
    assert.equal(isThere(path), false);
  });

  it('S24: the socket has its mode, and a stale one is replaced', async () => {
    const path = newPath();
    const script =
      'use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un(shift)) or die';
    await once(spawn('perl', ['-e', script, path]), 'close');
    assert.equal(isThere(path), true);
    const { socket } = await listen({ path, mode: 0o620 });
    assert.equal(statSync(path).mode & 0o777, 0o620);
    await socket.close();
  });

  it('a socket that systemd has bound is found among others, read, and left in its place', async () => {
    const path = newPath();
    const child = spawn(
      'perl',
      ['-e', ACTIVATOR, path, process.execPath, '--input-type=module', '-e', ACTIVATED, MODULE],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
    await until(() => told.includes('open'));
    await send(path, { datagrams: [GOOD], times: 3 });
    child.stdin.end();
    await once(child, 'close');
    assert.match(told, /open\nresults 3\n/);
    assert.equal(isThere(path), true);
  });
});

const MODULE = fileURLToPath(new URL('../src/', import.meta.url));

const HOLDER = `
const [folder, path] = process.argv.slice(1);
const { startDatagramSocket } = await import(folder + 'reporting/tally/datagram-socket.ts');
const { systemClock } = await import(folder + 'clock.ts');
const { silentLog } = await import(folder + 'log/log.ts');
const nothing = () => undefined;
await startDatagramSocket({ path, mode: 0o220, owner: '', clock: systemClock, log: silentLog, onResults: nothing, onInvalid: nothing });
console.log('open');
setInterval(nothing, 1000);`;

/** Hands two sockets over, as systemd does: one for connections, one for datagrams. */
const ACTIVATOR = `
use Socket; my ($path, @command) = @ARGV; $^F = 100;
socket(my $stream, AF_UNIX, SOCK_STREAM, 0); bind($stream, sockaddr_un("$path.stream")) or die; listen($stream, 1);
socket(my $datagram, AF_UNIX, SOCK_DGRAM, 0); bind($datagram, sockaddr_un($path)) or die;
fileno($stream) == 3 && fileno($datagram) == 4 or die; exec { $command[0] } @command;`;

const ACTIVATED = `
const [folder] = process.argv.slice(1);
const { startDatagramSocket } = await import(folder + 'reporting/tally/datagram-socket.ts');
const { systemClock } = await import(folder + 'clock.ts');
const { silentLog } = await import(folder + 'log/log.ts');
let results = 0;
const socket = await startDatagramSocket({ path: 'tlsrpt', fd: 4, mode: 0, owner: '', clock: systemClock, log: silentLog, onResults: (some) => (results += some.length), onInvalid: () => undefined });
console.log('open');
process.stdin.resume().on('end', async () => { await socket.close(); console.log('results', results); process.exit(); });`;
