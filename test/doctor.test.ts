import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Finding } from '../src/check/doctor-types.ts';
import { startWorld, type World } from '../src/lab/world.ts';
import { freePort } from './peers/free-port.ts';

const BIN = join(import.meta.dirname, '../src/cli/bin.ts');

/** A `postconf` that knows one Postfix. */
const POSTCONF = `#!/bin/sh
case "$*" in
*mail_version*) echo 3.7.11 ;;
*-M*) echo 'smtp unix - - y - - smtp' ;;
*) echo 'queue_directory = /nonexistent/spool'
   echo 'smtp_tls_policy_maps = socketmap:inet:127.0.0.1:1:QUERYwithTLSRPT' ;;
esac
`;

let world: World;
let folder: string;

before(async () => {
  world = await startWorld();
  await world.domain({ name: 'signed.test', sts: { mode: 'enforce' } });
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-doctor-'));
});

after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

interface Doctor {
  readonly exitCode: number;
  readonly stdout: string;
}

async function doctor(...more: string[]): Promise<Doctor> {
  const ports = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    `http: { listen: "127.0.0.1:${ports[0]}" }\nsocketmap: { listen: ["127.0.0.1:${ports[1]}"] }\n`,
  );
  const argv = [
    'doctor',
    `--config=${config}`,
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--store=sqlite:${join(folder, 'none.sqlite')}`,
    ...more,
  ];
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  return await new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...argv], { env, timeout: 60_000 }, (error, stdout) => {
      resolve({ exitCode: Number(error?.code ?? 0), stdout });
    });
  });
}

describe('doctor', () => {
  it('says what is wrong and how to mend it, in lines and in JSON; a service that is down: exit 1 or 2', async () => {
    const { exitCode, stdout } = await doctor('--json');
    const json = JSON.parse(stdout) as {
      readonly status: string;
      readonly findings: readonly Finding[];
    };
    assert.equal(exitCode, { ok: 0, warn: 1, fail: 2 }[json.status]);
    const api = json.findings.find(({ check }) => check === 'http api');
    assert.deepEqual([api?.status, api?.mend !== undefined], ['warn', true]);
    const text = await doctor();
    assert.match(text.stdout, /^warn {2}http api .*does not run$/m);
    assert.match(text.stdout, /^ +mend: start it/m);
  });

  it('H20: an old Postfix with the dialect of a new one: exit 2, and the lines it needs', async () => {
    const program = join(folder, 'postconf');
    writeFileSync(program, POSTCONF);
    chmodSync(program, 0o755);
    const { exitCode, stdout } = await doctor('--postfix-config', folder);
    assert.equal(exitCode, 2);
    assert.match(stdout, /^fail {2}postfix dialect .*3\.7\.11 calls invalid/m);
    assert.match(stdout, /^smtp_tls_policy_maps = socketmap:inet:127\.0\.0\.1:\d+:postfix$/m);
  });
});
