import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { startWorld, type World } from '../src/lab/world.ts';

const BIN = join(import.meta.dirname, '../src/cli/bin.ts');

let world: World;
let folder: string;

before(async () => {
  world = await startWorld();
  await world.domain({ name: 'good.test', sts: { mode: 'enforce' } });
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-serve-'));
});

after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(...more: string[]): Promise<Running> {
  const argv = [
    'serve',
    '--listen=127.0.0.1:0',
    `--store=sqlite:${join(folder, 'serve.sqlite')}`,
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--smtp-port=${world.smtpPort}`,
    `--https-port=${world.policyHost.port}`,
    ...more,
  ];
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.resume();
  for await (const line of createInterface(child.stdout)) {
    const url = /^listening on (http:\/\/[^ ]+) /.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the service ended with ${child.exitCode}`);
}

async function stop({ child }: Running, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  await once(child, 'exit');
  return child.exitCode;
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
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    assert.match(metrics, /^smtp_sts_policies\{mode="enforce"\} 1$/m);
    assert.match(metrics, /^smtp_sts_decisions_total\{outcome="deliver"\} 1$/m);
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

  it('a port that is taken: exit 69, and what to do', async () => {
    const service = await start();
    const port = new URL(service.url).port;
    const child = spawn(
      process.execPath,
      [BIN, 'serve', '--listen', `127.0.0.1:${port}`, '--store', 'sqlite::memory:'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    await once(child, 'exit');
    assert.equal(child.exitCode, 69);
    assert.match(stderr, /is in use.*--listen/);
    await stop(service, 'SIGTERM');
  });
});
