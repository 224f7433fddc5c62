import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startWorld, type World } from '../lab/world.ts';
import { run, type Run } from './io.fixture.ts';
import { createProgress, progressText } from './progress.ts';
import { FakeClock } from '../clock.fixture.ts';

let world: World;
let folder: string;

before(async () => {
  world = await startWorld();
  folder = mkdtempSync(join(tmpdir(), 'sts-transfer-'));
  await world.domain({ name: 'one.test', sts: { mode: 'enforce' } });
  await world.domain({ name: 'two.test', sts: { mode: 'testing' } });
  await world.domain({ name: 'none.test' });
  await world.domain({ name: 'broken.test', sts: { mode: 'enforce' } });
  world.policyHost.setFault('broken.test', 'down');
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

async function policies(store: string, argv: readonly string[], input = ''): Promise<Run> {
  const shared = [
    `--store=sqlite:${join(folder, store)}`,
    `--control=${join(folder, 'none.sock')}`,
    `--resolver=${world.dns.address}:${world.dns.port}`,
    `--ca-file=${world.caFile}`,
    `--https-port=${world.policyHost.port}`,
  ];
  return await run(['policies', ...argv, ...shared], input);
}

const LOG = [
  'Nov 24 mx postfix/smtp[1]: A: to=<a@one.test>, relay=x, status=sent',
  'Nov 24 mx postfix/smtp[1]: B: to=<b@ONE.test>, relay=x, status=sent',
  '2026-11-24 06:25:01 1sAbcD-000001-2x => c@two.test R=r T=t H=mx [192.0.2.1]',
  'none.test',
  'x@broken.test',
  'some other line',
].join('\n');

describe('smtp-sts policies warm', () => {
  it('fetches what there is, tells what failed by its code: exit 1', async () => {
    const warm = await policies('warm.sqlite', ['warm', '-'], LOG);
    assert.equal(warm.exitCode, 1, warm.stderr);
    assert.match(
      warm.stdout,
      /^2 policies fetched, 0 were there already, 1 domains publish none, 1 failed\.\n {2}1 {2}TLS_/,
    );
    const again = await policies('warm.sqlite', ['warm', '-', '--limit', '1', '--json'], LOG);
    assert.equal(again.exitCode, 0);
    assert.deepEqual(JSON.parse(again.stdout), { fetched: 0, cached: 1, none: 0, failed: {} });
  });

  it('--dry-run: domains by frequency, nothing is asked', async () => {
    const before = world.policyHost.requests.length;
    const dry = await policies('dry.sqlite', ['warm', '-', '--dry-run'], LOG);
    assert.deepEqual(dry.stdout.split('\n').slice(0, 3), [
      'TIMES  DOMAIN',
      '2      one.test',
      '1      broken.test',
    ]);
    assert.equal(world.policyHost.requests.length, before);
  });

  it('a line of any length takes no memory: named by its number, the others are read, exit 1', async () => {
    const input = `none.test\n${'x'.repeat(70_000)}\nnone.test\n`;
    const warm = await policies('long.sqlite', ['warm', '-', '--json'], input);
    assert.equal(warm.exitCode, 1);
    assert.match(warm.stderr, /^-:2: .*longer than 65536 octets.*\(TRANSFER_LINE_TOO_LONG\)$/m);
    assert.deepEqual(JSON.parse(warm.stdout), { fetched: 0, cached: 0, none: 1, failed: {} });
  });

  it('no domain, no file, no number: told, with an exit code', async () => {
    assert.equal((await policies('x.sqlite', ['warm', '-'], 'hello world\n')).exitCode, 1);
    assert.equal((await policies('x.sqlite', ['warm', join(folder, 'nowhere')])).exitCode, 66);
    assert.equal((await policies('x.sqlite', ['warm', '-', '--limit', '0'], LOG)).exitCode, 64);
  });
});

describe('smtp-sts policies export and import', () => {
  it('moves every policy; what is there as new stays', async () => {
    await policies('from.sqlite', ['warm', '-'], 'one.test\ntwo.test\n');
    const file = join(folder, 'policies.jsonl');
    const out = await policies('from.sqlite', ['export', file]);
    assert.deepEqual([out.exitCode, out.stderr], [0, '2 policies exported.\n']);
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 2);
    const into = await policies('to.sqlite', ['import', file]);
    assert.equal(into.exitCode, 0, into.stderr);
    assert.match(into.stdout, /^2 imported, 0 not/);
    const before = world.policyHost.requests.length;
    const listed = await policies('to.sqlite', ['list']);
    assert.match(listed.stdout, /^one\.test +enforce/m);
    assert.equal(world.policyHost.requests.length, before);
    const again = await policies(
      'to.sqlite',
      ['import', '-', '--json'],
      readFileSync(file, 'utf8'),
    );
    assert.deepEqual(JSON.parse(again.stdout), { imported: 0, kept: 2, expired: 0, refused: 0 });
    const same = await policies('to.sqlite', ['export', '-']);
    assert.equal(same.stdout, readFileSync(file, 'utf8'));
  });

  it('lines that are no policies are named; the others are taken in: exit 1', async () => {
    const good = (await policies('from.sqlite', ['export', '-'])).stdout;
    const input = `nonsense\n${good.split('\n')[0]}\n{"policyDomain":"x"}\n`;
    const mixed = await policies('mixed.sqlite', ['import', '-'], input);
    assert.equal(mixed.exitCode, 1);
    assert.match(mixed.stderr, /^-:1: .*TRANSFER_LINE_INVALID/m);
    assert.match(mixed.stderr, /^-:3: /m);
    assert.match(mixed.stdout, /^1 imported, .*2 were no policies/);
  });

  it('a line too long is named by its number, the others are taken in: exit 1', async () => {
    const good = (await policies('from.sqlite', ['export', '-'])).stdout;
    const input = `${good.split('\n')[0]}\n${'x'.repeat(300_000)}\n${good.split('\n')[1]}\n`;
    const long = await policies('long-import.sqlite', ['import', '-'], input);
    assert.equal(long.exitCode, 1);
    assert.match(long.stderr, /^-:2: .*longer than 135168 octets.*\(TRANSFER_LINE_TOO_LONG\)$/m);
    assert.match(long.stdout, /^2 imported, .*1 were no policies/);
  });

  it('a hundred bad lines are counted, twenty told', async () => {
    const bad = await policies('bad.sqlite', ['import', '-'], 'x\n'.repeat(100));
    assert.equal(bad.stderr.trim().split('\n').length, 21);
    assert.match(bad.stdout, /100 were no policies/);
  });

  it('a file that cannot be written or read: exit 73 and 66', async () => {
    const out = await policies('from.sqlite', ['export', join(folder, 'no', 'where')]);
    assert.equal(out.exitCode, 73);
    assert.equal((await policies('x.sqlite', ['import', join(folder, 'nowhere')])).exitCode, 66);
    writeFileSync(join(folder, 'empty'), '');
    assert.equal((await policies('x.sqlite', ['import', join(folder, 'empty')])).exitCode, 0);
    assert.ok(statSync(join(folder, 'x.sqlite')).isFile());
  });
});

describe('the progress of a long command', () => {
  it('is a line on a terminal, removed at the end, and nothing elsewhere', () => {
    const written: string[] = [];
    const stderr = { isTTY: true, write: (text: string) => written.push(text) };
    const clock = new FakeClock();
    const progress = createProgress({ stderr } as never, clock);
    progress.show(1, 4, 'a');
    progress.show(2, 4, 'b');
    progress.end();
    assert.deepEqual(written, ['\r\u001b[K[######                  ] 1/4 a', '\r\u001b[K']);
    const silent = createProgress({ stderr: { write: () => assert.fail() } } as never, clock);
    silent.show(1, 4, 'a');
    silent.end();
    assert.equal(progressText(7, undefined, 'lines'), '7 lines');
  });
});
