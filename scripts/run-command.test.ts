import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, runCommand } from './run-command.ts';

const evaluate = (script: string, more: Partial<Command> = {}): Command => ({
  program: process.execPath,
  args: ['--eval', script],
  output: 'collect',
  ...more,
});

describe('run command', () => {
  it('collects what is said and tells how it ended', async () => {
    const good = await runCommand(
      evaluate('console.log(process.env.WORD)', { env: { WORD: 'a' } }),
    );
    assert.deepEqual(good, { ok: true, ended: 'exit 0', output: 'a\n' });
    const bad = await runCommand(evaluate('console.error("oh"); process.exit(3)'));
    assert.deepEqual(bad, { ok: false, ended: 'exit 3', output: 'oh\n' });
  });

  it('a program that is not there is a result too', async () => {
    const result = await runCommand({ program: '/nowhere/program', args: [] });
    assert.equal(result.ok, false);
    assert.match(result.ended, /ENOENT/);
  });

  it('a program that does not end is ended', async () => {
    const result = await runCommand(evaluate('setInterval(() => {}, 1000)', { limitMs: 100 }));
    assert.deepEqual(result, { ok: false, ended: 'no end within 0.1 s', output: '' });
  });

  it('a program that does not end is asked first, and may say where it stood', async () => {
    const code = `process.on('SIGINT', () => { console.log('at this'); process.exit(1); });
      setInterval(() => {}, 1000);`;
    const result = await runCommand(evaluate(code, { limitMs: 1_000 }));
    assert.deepEqual(result, { ok: false, ended: 'no end within 1 s', output: 'at this\n' });
  });

  it('what the ended program left behind, with its output still open, is not waited for', async () => {
    const code = `require('node:child_process').spawn('sleep', ['20'], { stdio: 'inherit', detached: true });
      setInterval(() => {}, 1000);`;
    const result = await runCommand(evaluate(code, { limitMs: 1_000 }));
    assert.deepEqual(result, { ok: false, ended: 'no end within 1 s', output: '' });
  });
});
