import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run } from './io.fixture.ts';

const COMMANDS = [
  'explain',
  'query',
  'doctor',
  'lint',
  'send',
  'policies',
  'overrides',
  'serve',
  'reload',
  'import-config',
  'lab',
];

describe('the command line', () => {
  it('--help lists every command with what it is for', async () => {
    const { exitCode, stdout } = await run(['--help']);
    assert.equal(exitCode, 0);
    for (const name of COMMANDS) {
      assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    }
  });

  it('--help of a command tells its exit codes and the shared options', async () => {
    for (const name of COMMANDS) {
      const { exitCode, stdout } = await run([name, '--help']);
      assert.equal(exitCode, 0);
      assert.match(stdout, /Exit code/, `${name} --help says nothing of exit codes`);
      assert.match(stdout, /--resolver /, `${name} --help lacks the shared options`);
    }
  });

  it('an unknown command: exit 64, with a suggestion', async () => {
    const { exitCode, stderr } = await run(['explian', 'example.com']);
    assert.equal(exitCode, 64);
    assert.match(stderr, /explain/);
  });

  it('an unknown option and a bad port: exit 64', async () => {
    assert.equal((await run(['explain', 'example.com', '--conect'])).exitCode, 64);
    assert.equal((await run(['explain', 'example.com', '--smtp-port', '70000'])).exitCode, 64);
  });

  it('a name that cannot be a domain: exit 64, with the code', async () => {
    const { exitCode, stderr } = await run(['explain', 'not a domain']);
    assert.equal(exitCode, 64);
    assert.match(stderr, /POLICY_NEXT_HOP_INVALID/);
  });

  it('a value that an option cannot have: exit 64, wherever it is found out', async () => {
    for (const wrong of ['--resolver=nonsense', '--store=mysql://x', '--allow-address=10/99']) {
      const { exitCode, stderr } = await run(['explain', 'example.com', wrong]);
      assert.equal(exitCode, 64, wrong);
      assert.match(stderr, /CONFIG_OPTION_INVALID/);
    }
  });

  it('--help names the exit codes of wrong usage and of a wrong configuration', async () => {
    const [configured, stored] = [/\b64\b/, /\b69\b/];
    for (const name of ['explain', 'send', 'policies', 'serve', 'overrides', 'reload']) {
      const { stdout } = await run([name, '--help']);
      for (const code of [configured, stored, /\b78\b/]) assert.match(stdout, code, name);
    }
    for (const name of ['doctor', 'query']) {
      const { stdout } = await run([name, '--help']);
      for (const code of [configured, /\b78\b/]) assert.match(stdout, code, name);
    }
    for (const name of ['lint', 'import-config']) {
      assert.match((await run([name, '--help'])).stdout, configured, name);
    }
  });

  it('lab --list --json: a line of JSON for each scene', async () => {
    const { exitCode, stdout } = await run(['lab', '--list', '--json', 'starttls']);
    assert.equal(exitCode, 0);
    const scenes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    assert.ok(scenes.length > 1);
    for (const scene of scenes) {
      assert.deepEqual(Object.keys(scene), ['scene', 'title', 'rule', 'expected']);
    }
  });

  it('a configuration that is wrong: exit 78', async () => {
    const { exitCode, stderr } = await run([
      'explain',
      'example.com',
      '--config',
      '/nonexistent.yaml',
    ]);
    assert.equal(exitCode, 78);
    assert.match(stderr, /^smtp-sts: cannot read \/nonexistent\.yaml: no such file or folder\n/m);
    assert.equal(stderr.split('/nonexistent.yaml').length, 2, 'the name is said once');
  });
});
