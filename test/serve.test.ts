import assert from 'node:assert/strict';
import {
  type ChildProcess,
  type ChildProcessByStdio,
  execFileSync,
  spawn,
} from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { loadConfig } from '../src/config/load-config.ts';
import type { Config } from '../src/config/types.ts';
import { createShiftingClock } from '../src/lab/shifting-clock.ts';
import { silentLog } from '../src/log/log.ts';
import { startService } from '../src/serve.ts';
import { openStore } from '../src/store/open-store.ts';
import { startWorld, type World } from '../src/lab/world.ts';

const BIN = join(import.meta.dirname, '../src/cli/bin.ts');

let world: World;
let folder: string;
/** Whatever a failed test left running. */
const running: ChildProcess[] = [];

before(async () => {
  world = await startWorld();
  await world.domain({ name: 'good.test', sts: { mode: 'enforce' } });
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-serve-'));
});

after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await world.close();
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

function spawnService(...more: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const argv = [
    'serve',
    '--listen=127.0.0.1:0',
    '--socketmap=127.0.0.1:0',
    `--control=${join(folder, 'control.sock')}`,
    `--store=sqlite:${join(folder, 'serve.sqlite')}`,
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--smtp-port=${world.smtpPort}`,
    `--https-port=${world.policyHost.port}`,
    ...more,
  ];
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

async function start(...more: string[]): Promise<Running> {
  const child = spawnService(...more);
  child.stderr.resume();
  for await (const line of createInterface(child.stdout)) {
    const url = /^listening on (http:\/\/[^ ]+) /.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the service ended with ${child.exitCode}`);
}

/** Opens a named pipe as soon as somebody reads it. */
async function openedForWriting(path: string): Promise<number> {
  for (let turn = 0; turn < 200; turn += 1) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    await setTimeout(50);
  }
  throw new Error(`nobody reads ${path}`);
}

async function stop({ child }: Running, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  await once(child, 'exit');
  return child.exitCode;
}

/** The same settings for a service in this process. */
function serviceConfig(): Config {
  const { value } = loadConfig({
    overrides: {
      listen: '127.0.0.1:0',
      socketmap: ['127.0.0.1:0'],
      control: join(folder, 'in-process.sock'),
      storeUrl: `sqlite:${join(folder, 'serve.sqlite')}`,
      resolvers: [`${world.dns.address}:${world.dns.port}`],
      caFile: world.caFile,
      smtpPort: world.smtpPort,
      httpsPort: world.policyHost.port,
    },
  });
  assert.ok(value);
  return value;
}

interface PolicyAnswer {
  readonly version: number;
  readonly evidence: { readonly sts: { readonly active: { readonly source: string } } };
  readonly policy: {
    readonly hosts: readonly { readonly requirement: { readonly kind: string } }[];
  };
}

describe('the service', () => {
  it('answers with decision records, health and metrics, and ends by a signal', async () => {
    const service = await start();
    const response = await fetch(`${service.url}/v1/policy/good.test`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const record = (await response.json()) as PolicyAnswer;
    assert.deepEqual([record.version, record.policy.hosts[0]?.requirement.kind], [1, 'sts']);
    const bad = await fetch(`${service.url}/v1/policy/not%20a%20name`);
    assert.equal(bad.status, 400);
    assert.match(await bad.text(), /POLICY_NEXT_HOP_INVALID/);
    const health = (await (await fetch(`${service.url}/healthz`)).json()) as object;
    assert.deepEqual(health, { status: 'ok', store: 'up', policies: 1 });
    const ready = await fetch(`${service.url}/readyz`);
    assert.deepEqual([ready.status, await ready.json()], [200, { ready: true }]);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    assert.match(metrics, /^smtp_sts_policies\{mode="enforce"\} 1$/m);
    assert.match(metrics, /^smtp_sts_decisions_total\{outcome="deliver"\} 1$/m);
    assert.match(metrics, /^smtp_sts_policy_fetches_total\{outcome="ok"\} 1$/m);
    assert.ok(!metrics.includes('good.test'), 'a domain in a label');
    assert.equal((await fetch(`${service.url}/nothing`)).status, 404);
    assert.equal(await stop(service, 'SIGTERM'), 0);
  });

  it('STS-3.3-R6: policies outlive kill -9: the same decision with record and policy host gone', async () => {
    const first = await start();
    await fetch(`${first.url}/v1/policy/good.test`);
    await stop(first, 'SIGKILL');
    world.dns.override('_mta-sts.good.test', 'servfail');
    world.policyHost.setFault('good.test', 'down');
    const second = await start();
    const response = await fetch(`${second.url}/v1/policy/good.test`);
    const record = (await response.json()) as PolicyAnswer;
    assert.equal(record.evidence.sts.active.source, 'cache');
    assert.equal(record.policy.hosts[0]?.requirement.kind, 'sts');
    assert.equal(await stop(second, 'SIGINT'), 0);
  });

  it('STS-3.3-15, STS-10.2-2: a policy that is due is renewed behind, without any traffic', async () => {
    await world.domain({ name: 'due.test', sts: { mode: 'enforce' } });
    const store = await openStore(`sqlite:${join(folder, 'serve.sqlite')}`);
    const now = Date.now();
    await store.db
      .insertInto('sts_policy')
      .values({
        policy_domain: 'due.test',
        record_id: '1',
        policy_text: 'version: STSv1\nmode: enforce\nmx: mx1.due.test\nmax_age: 604800\n',
        mode: 'enforce',
        fetched_at: now - 100_000_000,
        expires_at: now + 500_000_000,
        last_used_at: now - 1000,
        next_refresh_at: now - 1000,
        failures_in_a_row: 0,
        failure_code: null,
        failure_detail: null,
        failure_type: null,
        changed_at: now - 100_000_000,
      })
      .execute();
    await store.close();
    const clock = createShiftingClock();
    const service = await startService({ config: serviceConfig(), clock, log: silentLog });
    const asked = (): boolean =>
      world.policyHost.requests.some(({ host }) => host.startsWith('mta-sts.due.test'));
    try {
      for (let turn = 0; turn < 100 && !asked(); turn += 1) {
        clock.skip(10_000);
        await setTimeout(50);
      }
      assert.ok(asked(), 'nobody asked the policy host');
    } finally {
      await service.close();
      clock.stop();
    }
  });

  it('a request that never ends does not keep the service from stopping', async () => {
    const service = await start();
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    const started = performance.now();
    assert.equal(await stop(service, 'SIGTERM'), 0);
    assert.ok(performance.now() - started < 20_000);
    socket.destroy();
  });

  it('SIGHUP during the start ends nothing, and is answered by one reload once it is ready', async () => {
    // A pipe holds the start where it reads its configuration for as long as the test likes.
    const path = join(folder, 'config.yaml');
    execFileSync('mkfifo', [path]);
    const more = [`--config=${path}`, '--log-level=info'];
    const child = spawnService(...more);
    let log = '';
    child.stderr.on('data', (text: Buffer) => (log += text.toString()));
    const pipe = await openedForWriting(path);
    child.kill('SIGHUP');
    unlinkSync(path);
    writeFileSync(path, 'policy: { enforce_testing: true }\n');
    writeSync(pipe, '# nothing yet\n');
    closeSync(pipe);
    for (let turn = 0; turn < 200 && !log.includes('"reload"'); turn += 1) await setTimeout(50);
    assert.match(log, /reloaded, changed: policy\.enforce_testing/);
    assert.equal(log.match(/"event":"reload"/g)?.length, 1, log);
    assert.match(log, /CONFIG_EMPTY/);
    assert.equal(await stop({ child, url: '' }, 'SIGTERM'), 0);
  });

  it('a port that is taken: exit 69, and what to do', async () => {
    const service = await start();
    const port = new URL(service.url).port;
    const child = spawn(
      process.execPath,
      [
        BIN,
        'serve',
        `--listen=127.0.0.1:${port}`,
        '--socketmap=127.0.0.1:0',
        `--control=${join(folder, 'other.sock')}`,
        '--store=sqlite::memory:',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    await once(child, 'exit');
    assert.equal(child.exitCode, 69);
    assert.match(stderr, /is in use.*--listen/);
    await stop(service, 'SIGTERM');
  });

  it(
    'a relay that must not start: exit 69, and nothing is left listening',
    { timeout: 20_000 },
    async () => {
      const config = join(folder, 'open-relay.yaml');
      writeFileSync(
        config,
        "relay: { enabled: true, listen: ['0.0.0.0:0'], trusted_networks: ['0.0.0.0/0'] }\n",
      );
      const child = spawnService('--config', config);
      let stderr = '';
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
      await once(child, 'exit');
      assert.equal(child.exitCode, 69, stderr);
      assert.match(stderr, /the relay cannot start: .*RELAY_OPEN/);
    },
  );
});
