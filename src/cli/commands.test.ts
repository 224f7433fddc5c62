import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCommands } from './commands.ts';

async function namesFor(...argv: readonly string[]): Promise<readonly string[]> {
  const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  const commands = await loadCommands(argv);
  return commands.map((make) => make(io, () => undefined).name());
}

describe('the commands', () => {
  it('only the one that is named is loaded, wherever shared options stand', async () => {
    assert.deepEqual(await namesFor('query', 'example.com'), ['query']);
    assert.deepEqual(await namesFor('--config', 'serve', 'queue', 'list'), ['queue']);
    assert.deepEqual(await namesFor('report', '--help'), ['report']);
    assert.deepEqual(await namesFor('explain', '--conect', 'example.com'), ['explain']);
  });

  it('where none is named all are, so that help and suggestions know them', async () => {
    const all = await namesFor();
    assert.ok(all.length > 10);
    assert.equal(new Set(all).size, all.length);
    for (const argv of [['--help'], ['help', 'query'], ['qery'], ['--smtp-port', 'x', 'query']]) {
      assert.deepEqual(await namesFor(...argv), all, argv.join(' '));
    }
    assert.deepEqual(await namesFor('--version'), []);
    // A word behind the command names none.
    assert.deepEqual(await namesFor('reprot', 'send'), all);
  });
});
