/**
 * The benchmarks in their quick form: that they work, not how fast anything is.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type CommandResult, runCommand } from '../scripts/run-command.ts';

const root = join(import.meta.dirname, '..');
const KEYS = ['bench', 'figure', 'unit', 'ours', 'peer', 'peerName', 'ratio', 'goal', 'pass'];

async function bench(...args: readonly string[]): Promise<CommandResult> {
  return await runCommand({
    program: process.execPath,
    args: [join('bench', 'run.ts'), ...args],
    cwd: root,
    output: 'collect',
  });
}

describe('bench', () => {
  it('without a name the benchmarks are listed', async () => {
    const result = await bench();
    assert.ok(result.ok, result.output);
    assert.match(result.output, /^decision\/engine /m);
  });

  it('a reader that goes away early is no fault', async () => {
    const child = spawn(process.execPath, [join('bench', 'run.ts')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const said: Buffer[] = [];
    child.stderr.on('data', (piece: Buffer) => said.push(piece));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    assert.equal(exitCode, 0, Buffer.concat(said).toString());
  });

  it('an unknown name is refused', async () => {
    assert.equal((await bench('nothing')).ended, 'exit 2');
  });

  it('every figure of the decision path is one line of JSON', async () => {
    const all = await figures('decision');
    assert.deepEqual([...new Set(all.map((figure) => figure['bench']))], ['decision']);
    const names = all.map((figure) => String(figure['figure'])).join('\n');
    for (const part of ['record', 'evaluat', 'look-up', 'cold', 'warm', 'policies']) {
      assert.match(names, new RegExp(part, 'i'));
    }
  });

  it('answers over TCP are measured beside an empty responder', async () => {
    const names = (await figures('policy-server')).map((figure) => figure['figure']);
    for (const shape of ['1 connection, 1 deep', '128 connections, 16 deep']) {
      assert.ok(names.includes(`cached: ${shape}`));
      assert.ok(names.includes(`of an empty responder: ${shape}`));
    }
  });

  it('the relay accepts, delivers and starts on a full queue beside a real Postfix', async () => {
    const all = await figures('relay');
    for (const name of ['accepted: 16 sessions, 2 KB', 'delivered: 16 sessions, 2 KB']) {
      const figure = all.find((each) => each['figure'] === name);
      assert.equal(figure?.['peerName'], 'Postfix', name);
    }
    assert.ok(all.some((each) => String(each['figure']).startsWith('first delivery')));
  });

  it('reports are taken in, sessions counted without loss, an archive summed up', async () => {
    const names = (await figures('reports')).map((figure) => String(figure['figure'])).join('\n');
    for (const part of ['mail files', 'datagrams into the store', 'by domain and month']) {
      assert.match(names, new RegExp(part));
    }
  });
});

async function figures(group: string): Promise<readonly Record<string, unknown>[]> {
  const result = await bench(group, '--quick', '--json');
  assert.ok(result.ok, result.output);
  const lines = result.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const figure of lines) {
    assert.deepEqual(Object.keys(figure), KEYS);
    assert.ok(typeof figure['ours'] === 'number' && figure['ours'] > 0, JSON.stringify(figure));
  }
  return lines;
}
