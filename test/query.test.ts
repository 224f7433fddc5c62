import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Run, run } from '../src/cli/io.fixture.ts';
import { raiseStandingDomains } from '../src/lab/standing-domains.ts';
import { startWorld, type World } from '../src/lab/world.ts';

let world: World;
let folder: string;

before(async () => {
  world = await startWorld();
  await raiseStandingDomains(world);
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-query-'));
});

after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

async function query(...argv: string[]): Promise<Run> {
  return await run([
    'query',
    ...argv,
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--smtp-port=${world.smtpPort}`,
    `--https-port=${world.policyHost.port}`,
    `--store=sqlite:${join(folder, 'none.sqlite')}`,
  ]);
}

describe('query against the lab', () => {
  it('F1: an enforced policy: exit 0, one line, and the reason beside it', async () => {
    const { exitCode, stdout, stderr } = await query('good.test');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^OK secure match=\S+ servername=hostname\n$/);
    assert.match(stderr, /policy of good\.test is enforced/);
  });

  it('each dialect for machines: {map, key, dialect, reply, why}', async () => {
    const { exitCode, stdout } = await query('dane.test', '--map=QUERYwithTLSRPT', '--json');
    assert.equal(exitCode, 0);
    const json = JSON.parse(stdout) as Record<string, string>;
    assert.deepEqual(Object.keys(json), ['map', 'key', 'dialect', 'reply', 'why']);
    assert.deepEqual(
      [json['map'], json['key'], json['dialect']],
      ['QUERYwithTLSRPT', 'dane.test', 'postfix-tlsrpt'],
    );
    assert.match(json['reply']!, /^OK dane-only/);
  });

  it('no policy: exit 1; nothing safe to say: exit 2', async () => {
    assert.equal((await query('plain.test')).exitCode, 1);
    const bogus = await query('bogus.test');
    assert.equal(bogus.exitCode, 2);
    assert.match(bogus.stdout, /^TEMP /);
  });

  it('a server that is asked over the wire; nobody there: exit 3', async () => {
    const server = createServer((socket) => {
      socket.on('data', () => socket.end('12:OK dane-only,'));
    });
    server.listen(join(folder, 'map.sock'));
    await once(server, 'listening');
    const asked = await query('d.test', `--server=unix:${join(folder, 'map.sock')}`);
    assert.deepEqual([asked.exitCode, asked.stdout], [0, 'OK dane-only\n']);
    server.close();
    const missing = await query('d.test', `--server=unix:${join(folder, 'nobody.sock')}`);
    assert.equal(missing.exitCode, 3);
    assert.match(missing.stderr, /SOCKETMAP_UNREACHABLE/);
  });

  it('an address that is none: exit 64', async () => {
    assert.equal((await query('d.test', '--server=fd:3')).exitCode, 64);
  });
});
