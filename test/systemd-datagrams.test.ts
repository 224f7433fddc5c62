import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'src/cli/bin.ts');
const UNIT = readFileSync(join(ROOT, 'deploy/systemd/smtp-sts-tlsrpt.socket'), 'utf8');

/** As systemd does: binds, and hands the socket over as descriptor 3 under its name. */
const ACTIVATE = `
use Socket; use POSIX ();
my ($path, $name, @command) = @ARGV;
$^F = 100;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($socket, sockaddr_un($path)) or die "bind: $!";
POSIX::dup2(fileno($socket), 3) if fileno($socket) != 3;
@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, 1, $name);
exec @command or die "exec: $!";`;

const SEND = `
use Socket;
my ($path, $datagram) = @ARGV;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
send($socket, $datagram, 0, sockaddr_un($path)) or die "send: $!";`;

const DATAGRAM = JSON.stringify({
  dpv: '1',
  d: 'shop.test',
  pr: 'v=TLSRPTv1; rua=mailto:tls@shop.test',
  policies: [{ 'policy-type': 9, 'policy-domain': 'shop.test', t: 0, f: 0 }],
});

describe('the socket unit for the sessions of Postfix', () => {
  it('what came before the start, and after it, is counted; the file stays', async () => {
    const name = /^FileDescriptorName=(.*)$/m.exec(UNIT)?.[1] ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-datagrams-'));
    const path = join(folder, 'tlsrpt.sock');
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      `store: { url: 'sqlite:${folder}/s.sqlite' }\ncontrol: { socket: '${folder}/c.sock' }\n` +
        "socketmap: { listen: ['127.0.0.1:0'] }\nhttp: { listen: '127.0.0.1:0' }\n" +
        "dns: { resolvers: ['127.0.0.1:1'], self_test: { signed: '', unsigned: '', bogus: '' } }\n",
    );
    const send = (): Buffer =>
      execFileSync('perl', ['-e', SEND, path, DATAGRAM], { stdio: 'pipe' });
    const command = [process.execPath, BIN, 'serve', '--config', config];
    const child = spawn('perl', ['-e', ACTIVATE, path, name, ...command], { stdio: 'pipe' });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    try {
      await until(
        () => succeeds(send),
        () => said,
      );
      await until(
        () => said.includes('listening on'),
        () => said,
      );
      send();
      child.kill('SIGTERM');
      const [exitCode] = (await once(child, 'exit')) as [number | null];
      assert.equal(exitCode, 0, said);
      assert.ok(existsSync(path), 'the socket is of whoever made it');
      const preview = ['report', 'preview', '--json', '--config', config];
      const shown = execFileSync(process.execPath, [BIN, ...preview], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      assert.match(shown, /"shop\.test"/);
      assert.match(shown, /"successes": ?2\b/);
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function succeeds(task: () => unknown): boolean {
  try {
    task();
    return true;
  } catch {
    return false;
  }
}

async function until(what: () => boolean, said: () => string): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (what()) return;
    await setTimeout(50);
  }
  assert.fail(`not within 10 s: ${said()}`);
}
