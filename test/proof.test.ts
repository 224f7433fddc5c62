/**
 * Short forms of the proofs: that they work, and that what they prove holds a few times over.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type CommandResult, runCommand } from '../scripts/run-command.ts';

const root = join(import.meta.dirname, '..');

async function proof(...args: readonly string[]): Promise<CommandResult> {
  return await runCommand({
    program: process.execPath,
    args: [join('proof', 'run.ts'), ...args],
    cwd: root,
    output: 'collect',
  });
}

/** The line of JSON at the end. */
function lastLine(result: CommandResult): unknown {
  return JSON.parse(result.output.trim().split('\n').at(-1) ?? '');
}

describe('proof', () => {
  it('without a name the proofs are listed', async () => {
    const result = await proof();
    assert.ok(result.ok, result.output);
    assert.match(result.output, /^crash /m);
    assert.match(result.output, /^fuzz /m);
    assert.match(result.output, /^fault /m);
    assert.match(result.output, /^relay-fault /m);
    assert.match(result.output, /^soak /m);
  });

  it('an unknown proof and a bad number are refused', async () => {
    assert.equal((await proof('nothing')).ended, 'exit 2');
    assert.equal((await proof('fuzz', '--rounds', 'many')).ended, 'exit 2');
    assert.equal((await proof('crash', '--part', 'nothing')).ended, 'exit 2');
  });

  it('fuzz: no parser throws or takes long', async () => {
    const result = await proof('fuzz', '--rounds', '300', '--json');
    const expected = { proof: 'fuzz', rounds: 300, lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(lastLine(result), expected, result.output);
    assert.ok(result.ok);
  });

  it('STS-3.3-R6: crash: what was acknowledged is there after kill -9', async () => {
    const result = await proof('crash', '--part', 'policies', '--rounds', '4');
    const expected = { proof: 'crash', rounds: 4, lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(lastLine(result), expected, result.output);
    assert.ok(result.ok);
  });

  it('SMTP-6.1-1: crash: every message answered 250 arrives whole or is returned, after kill -9', async () => {
    const result = await proof('crash', '--part', 'relay-sqlite', '--rounds', '2');
    const expected = { proof: 'crash', rounds: 2, lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(lastLine(result), expected, result.output);
  });

  it('SMTP-6.1-1: crash: the same with two nodes on PostgreSQL, of which one is killed', async () => {
    const result = await proof('crash', '--part', 'relay-two-nodes', '--rounds', '1');
    const expected = { proof: 'crash', rounds: 1, lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(lastLine(result), expected, result.output);
  });

  it('SMTP-6.1-1: relay-fault: the clock jumps a year and back: nothing deliverable is lost or returned', async () => {
    const result = await proof('relay-fault', '--part', 'clock-jumps');
    const expected = { proof: 'relay-fault', rounds: 1, lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(lastLine(result), expected, result.output);
  });

  it('E3, E7, E18: fault: DNS, HTTPS, database and clock fail, and no policy is lost or relaxed', async () => {
    const result = await proof('fault', '--rounds', '10');
    const expected = { proof: 'fault', rounds: 10, lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(lastLine(result), expected, result.output);
    assert.ok(result.ok);
  });

  it('H2, H13, H14, I8, I9: soak: one answer to each question under load and faults, none relaxed', async () => {
    const result = await proof('soak', '--minutes', '0.1');
    const last = lastLine(result) as { readonly rounds: number };
    const expected = { proof: 'soak', lost: 0, duplicated: 0, pass: true };
    assert.deepEqual(last, { ...expected, rounds: last.rounds }, result.output);
    assert.ok(last.rounds > 500, result.output);
    assert.ok(result.ok);
  });
});
