import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type Run } from '../src/cli/io.fixture.ts';
import { startWorld, type World } from '../src/lab/world.ts';

const BIN = join(import.meta.dirname, '../src/cli/bin.ts');

let world: World;
let folder: string;
let config: string;
let service: { readonly child: ChildProcess; readonly url: string; log(): string };

interface Decision {
  readonly evidence: { readonly override?: { readonly kind: string; readonly reason: string } };
  readonly policy: {
    readonly hosts: readonly {
      readonly requirement: { readonly kind: string };
      readonly why: string;
    }[];
  };
}

/** The file of the service; `more` goes below. */
function writeConfig(more = ''): void {
  writeFileSync(
    config,
    [
      'dns:',
      `  resolvers: ["${world.dns.address}:${world.dns.port}"]`,
      `tls: { ca_file: "${join(folder, 'ca.pem')}" }`,
      `smtp: { port: ${world.smtpPort} }`,
      `policy_fetch: { port: ${world.policyHost.port} }`,
      `store: { url: "sqlite:${join(folder, 'store.sqlite')}" }`,
      'http: { listen: "127.0.0.1:0" }',
      'socketmap: { listen: [] }',
      `control: { socket: "${join(folder, 'control.sock')}" }`,
      more,
      '',
    ].join('\n'),
  );
}

async function start(): Promise<typeof service> {
  const child = spawn(process.execPath, [BIN, 'serve', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  for await (const line of createInterface(child.stdout)) {
    const url = /^listening on (http:\/\/[^ ]+) /.exec(line)?.[1];
    if (url !== undefined) return { child, url, log: () => log };
  }
  throw new Error(`the service ended with ${child.exitCode}: ${log}`);
}

async function cli(...argv: string[]): Promise<Run> {
  return await run([...argv, '--config', config]);
}

async function decide(domain: string): Promise<Decision> {
  return (await (await fetch(`${service.url}/v1/policy/${domain}`)).json()) as Decision;
}

async function kindOf(domain: string): Promise<string | undefined> {
  return (await decide(domain)).policy.hosts[0]?.requirement.kind;
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail(`did not come about: ${what}\n${service.log()}`);
}

before(async () => {
  world = await startWorld();
  await world.domain({ name: 'strict.test', sts: { mode: 'enforce' } });
  await world.domain({ name: 'trial.test', sts: { mode: 'testing' } });
  await world.domain({ name: 'plain.test' });
});
after(async () => await world.close());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sts-steer-'));
  config = join(folder, 'sts.yaml');
  writeFileSync(join(folder, 'ca.pem'), world.ca.rootPem);
  writeConfig();
  service = await start();
});
afterEach(async () => {
  const { child } = service;
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(service.child.exitCode, 0, service.log());
  rmSync(folder, { recursive: true });
});

describe('overrides in a running service', { timeout: 120_000 }, () => {
  it('F4, F6: have effect at once, and every face shows them', async () => {
    assert.equal(await kindOf('strict.test'), 'sts');
    const terms = ['--reason', 'their CA lapsed', '--for', '2d'];
    const added = await cli('overrides', 'add', 'strict.test', '--skip', ...terms);
    assert.match(added.stdout, /The running service knows it/);
    const record = await decide('strict.test');
    assert.equal(record.policy.hosts[0]?.requirement.kind, 'opportunistic');
    assert.equal(record.evidence.override?.reason, 'their CA lapsed');
    assert.match(record.policy.hosts[0]?.why ?? '', /override: their CA lapsed until \d{4}-/);
    const explained = await cli('explain', 'strict.test');
    assert.match(explained.stdout, /skip: asked for nothing/);
    assert.match(explained.stdout, /because: their CA lapsed/);
    const asJson = await cli('explain', 'strict.test', '--json');
    assert.equal((JSON.parse(asJson.stdout) as Decision).evidence.override?.kind, 'skip');
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    assert.match(metrics, /^smtp_sts_overrides\{kind="skip"\} 1$/m);
    await cli('overrides', 'drop', 'strict.test');
    assert.equal(await kindOf('strict.test'), 'sts');

    await cli('overrides', 'add', 'trial.test', '--enforce-testing', ...terms);
    assert.equal(await kindOf('trial.test'), 'sts');
    await cli('overrides', 'add', 'plain.test', '--require-tls', ...terms);
    assert.equal(await kindOf('plain.test'), 'encrypt');
    const policy = join(folder, 'policy.txt');
    writeFileSync(policy, 'version: STSv1\nmode: enforce\nmx: mx1.plain.test\nmax_age: 86400\n');
    await cli('overrides', 'add', 'plain.test', '--pin', policy, ...terms);
    assert.equal(await kindOf('plain.test'), 'sts');
    assert.match((await cli('explain', 'plain.test')).stdout, /pinned by the operator/);
  });

  it('without the control socket they are noticed within seconds', async () => {
    assert.equal(await kindOf('plain.test'), 'opportunistic');
    const argv = ['plain.test', '--require-tls', '--reason', 'x', '--for', '1d'];
    const elsewhere = join(folder, 'elsewhere.sock');
    await cli('overrides', 'add', ...argv, '--control', elsewhere);
    await until(async () => (await kindOf('plain.test')) === 'encrypt', 'the override is seen');
    assert.match(service.log(), /plain\.test: require-tls, override: x until/);
  });

  it('a purge is known to the service at once', async () => {
    await kindOf('strict.test');
    const before = world.policyHost.requests.length;
    assert.equal((await cli('policies', 'purge', 'strict.test')).exitCode, 0);
    assert.equal(await kindOf('strict.test'), 'sts');
    assert.equal(world.policyHost.requests.length, before + 1);
  });
});

describe('a reload of a running service', { timeout: 120_000 }, () => {
  it('I5: settings, CA file and overrides are taken over; sockets and policies stay', async () => {
    assert.equal(await kindOf('trial.test'), 'opportunistic');
    const fetched = world.policyHost.requests.length;
    writeConfig('policy: { enforce_testing: true }\nlog: { level: debug }\n');
    const report = await cli('reload');
    assert.equal(report.exitCode, 0, report.stderr);
    assert.match(report.stdout, /policy\.enforce_testing: false → true/);
    assert.match(report.stdout, /log\.level: info → debug/);
    assert.equal(await kindOf('trial.test'), 'sts');
    assert.equal(world.policyHost.requests.length, fetched, 'the policy was fetched anew');
    const again = await cli('reload');
    assert.match(again.stdout, /nothing changed/);
  });

  it('what needs a restart is named, and the service goes on as it is', async () => {
    writeConfig('policy_server: { answer_cache: 777 }\n');
    const report = await cli('reload', '--json');
    const { needsRestart } = JSON.parse(report.stdout) as {
      readonly needsRestart: readonly { readonly key: string }[];
    };
    assert.deepEqual(
      needsRestart.map(({ key }) => key),
      ['policy_server.answer_cache'],
    );
    assert.equal((await fetch(`${service.url}/healthz`)).status, 200);
  });

  it('I4: a fault in the file: exit 78 with line and column, the old settings stay in force', async () => {
    const file = join(folder, 'good.yaml');
    writeFileSync(file, `control: { socket: "${join(folder, 'control.sock')}" }\n`);
    writeConfig('policy:\n  enforce_tests: true\n');
    // By another configuration, so that the answer is the service's own.
    const report = await run(['reload', '--config', file]);
    assert.equal(report.exitCode, 78);
    assert.match(report.stderr, /sts\.yaml:11:3: unknown key policy\.enforce_tests/);
    assert.match(report.stderr, /the old settings stay in force/);
    assert.equal(await kindOf('trial.test'), 'opportunistic');
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    assert.match(metrics, /smtp_sts_config_reloads_total\{outcome="refused"\} 1/);
  });

  it('a CA file that is gone changes nothing; one with other authorities is taken over', async () => {
    assert.equal(await kindOf('strict.test'), 'sts');
    rmSync(join(folder, 'ca.pem'));
    const gone = await run(['reload', '--control', join(folder, 'control.sock')]);
    assert.equal(gone.exitCode, 78);
    assert.match(gone.stderr, /TLS_CA_FILE_UNREADABLE/);
    writeFileSync(join(folder, 'ca.pem'), world.ca.rootPem.repeat(2));
    const back = await cli('reload');
    assert.match(back.stdout, /tls\.ca_file: other authorities than before/);
  });

  it('other resolvers are asked from then on', async () => {
    assert.equal(await kindOf('strict.test'), 'sts');
    writeConfig('');
    const other = readFileSync(config, 'utf8').replace(
      `"${world.dns.address}:${world.dns.port}"`,
      `"127.0.0.1:9", "${world.dns.address}:${world.dns.port}"`,
    );
    writeFileSync(config, other);
    const report = await cli('reload');
    assert.match(report.stdout, /dns\.resolvers: /);
    assert.equal(await kindOf('plain.test'), 'opportunistic');
    assert.equal(await kindOf('strict.test'), 'sts');
  });

  it('SIGHUP does the same', async () => {
    assert.equal(await kindOf('trial.test'), 'opportunistic');
    writeConfig('policy: { enforce_testing: true }\n');
    service.child.kill('SIGHUP');
    await until(
      () => service.log().includes('reloaded, changed: policy.enforce_testing'),
      'reload',
    );
    assert.equal(await kindOf('trial.test'), 'sts');
  });

  it('I1: the control socket is for the owner alone, and gone with the service', async () => {
    const path = join(folder, 'control.sock');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    service.child.kill('SIGTERM');
    await once(service.child, 'exit');
    assert.equal(existsSync(path), false);
  });
});
