import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { startWorld, type World } from '../src/lab/world.ts';
import { NetstringReader, writeNetstring } from '../src/policy-server/netstring.ts';

const BIN = join(import.meta.dirname, '../src/cli/bin.ts');

let world: World;
let folder: string;
const running: ChildProcess[] = [];

before(async () => {
  world = await startWorld();
  await world.domain({ name: 'good.test', sts: { mode: 'enforce' } });
  await world.domain({ name: 'testing.test', sts: { mode: 'testing' } });
  await world.domain({ name: 'slow.test', sts: { mode: 'enforce' } });
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-socketmap-'));
  writeFileSync(join(folder, 'a.yaml'), 'dns: { timeout: 300ms }\n');
});

after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await world.close();
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly path: string;
  /** The lines printed at the start. */
  readonly lines: readonly string[];
}

async function start(name: string, ...more: readonly string[]): Promise<Running> {
  const path = join(folder, name);
  const argv = [
    'serve',
    `--config=${join(folder, 'a.yaml')}`,
    '--listen=127.0.0.1:0',
    `--socketmap=unix:${path}`,
    '--socketmap=127.0.0.1:0',
    `--control=${join(folder, `${name}.control`)}`,
    '--store=sqlite::memory:',
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--smtp-port=${world.smtpPort}`,
    `--https-port=${world.policyHost.port}`,
    ...more,
  ];
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  child.stderr.resume();
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.includes('HTTP API')) return { child, path, lines };
  }
  throw new Error(`the service ended with ${child.exitCode}`);
}

/** Asks everything at once and half-closes, as Exim does. */
async function ask(path: string, ...requests: readonly string[]): Promise<readonly string[]> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.end(Buffer.concat(requests.map((request) => writeNetstring(request))));
  const reader = new NetstringReader(100_000);
  const replies: string[] = [];
  socket.on('data', (octets: Buffer) => {
    reader.push(octets);
    for (let next = reader.next(); next !== undefined; next = reader.next()) replies.push(next);
  });
  await once(socket, 'end');
  return replies;
}

async function stop({ child }: Running): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
}

const SECURE = /^OK secure match=\S+ servername=hostname$/;

describe('the policy map', () => {
  it('F1, F2, H13: tells how to use it, and answers in every dialect', async () => {
    const service = await start('answers');
    assert.match(
      service.lines.join('\n'),
      /^listening on 127\.0\.0\.1:(\d+) {2}\(socketmap; Postfix: smtp_tls_policy_maps = socketmap:inet:127\.0\.0\.1:\1:postfix\)$/m,
    );
    const replies = await ask(
      service.path,
      'postfix good.test',
      'postfix .test',
      'QUERYwithTLSRPT testing.test',
      'postfix testing.test',
      'sts GOOD.test.',
      'postfix nothing.test',
    );
    assert.match(replies[0] ?? '', SECURE);
    assert.equal(replies[1], 'NOTFOUND ');
    assert.match(replies[2] ?? '', /^OK dane policy_type=sts policy_domain=testing\.test /);
    assert.equal(replies[3], 'NOTFOUND ');
    assert.match(replies[4] ?? '', SECURE);
    assert.equal(replies[5], 'NOTFOUND ');
    await stop(service);
  });

  it('F5: dry run: the same question, no policy; the numbers tell what would have been said', async () => {
    const service = await start('dry', '--dry-run');
    assert.deepEqual(await ask(service.path, 'postfix good.test'), ['NOTFOUND ']);
    const url = / (http:\S+) /.exec(service.lines.join('\n'))?.[1] ?? '';
    const counted = 'smtp_sts_answers_total{dialect="postfix",kind="secure"} 1';
    let page = '';
    while (!page.includes(counted)) page = await (await fetch(`${url}/metrics`)).text();
    assert.match(page, /^smtp_sts_dry_run 1$/m);
    await stop(service);
  });

  it('H16: SIGTERM in the middle of a look-up: the answer still comes', async () => {
    const service = await start('stop');
    world.dns.override('slow.test', 'timeout', 'MX');
    const asked = world.dns.queries.length;
    const replies = ask(service.path, 'postfix slow.test');
    while (world.dns.queries.length === asked) await new Promise(setImmediate);
    const stopped = stop(service);
    world.dns.override('slow.test', undefined, 'MX');
    assert.match((await replies)[0] ?? '', SECURE);
    await stopped;
  });
});
