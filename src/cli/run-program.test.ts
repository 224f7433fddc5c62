import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runProgram } from './run-program.ts';

const node = (script: string): [string, readonly string[]] => [process.execPath, ['-e', script]];

describe('calling a program', () => {
  it('what it printed and how it ended', async () => {
    const good = await runProgram(...node('process.stdout.write(process.env.LC_ALL)'), 10_000);
    assert.deepEqual(good, { kind: 'done', exitCode: 0, stdout: 'C', stderr: '' });
    const bad = await runProgram(
      ...node('process.stderr.write("no"); process.exitCode = 3'),
      10_000,
    );
    assert.deepEqual(bad, { kind: 'done', exitCode: 3, stdout: '', stderr: 'no' });
  });

  it('one that reads finds nothing to read', async () => {
    const read = await runProgram(...node('process.stdin.resume().on("end", () => {})'), 10_000);
    assert.equal(read.kind, 'done');
  });

  it('one that is not there, and one that does not end', async () => {
    assert.deepEqual(await runProgram('/nonexistent/postconf', [], 1_000), { kind: 'missing' });
    const endless = await runProgram(...node('setInterval(() => {}, 1000)'), 200);
    assert.deepEqual(endless, { kind: 'timeout' });
  });
});
