import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run } from './io.fixture.ts';

const GOOD_POLICY = 'version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 2592000\r\n';

interface LintJson {
  readonly ok: boolean;
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly problems: readonly {
    readonly code: string;
    readonly line: number;
    readonly column: number;
    readonly message: string;
    readonly fix: string;
  }[];
}

async function lintJson(what: string, input: string): Promise<[exitCode: number, json: LintJson]> {
  const { exitCode, stdout } = await run(['lint', what, '-', '--json'], input);
  assert.equal(stdout.trim().split('\n').length, 1);
  return [exitCode, JSON.parse(stdout) as LintJson];
}

describe('lint', () => {
  it('a valid policy: exit 0, its value, no problem', async () => {
    const [exitCode, json] = await lintJson('policy', GOOD_POLICY);
    assert.equal(exitCode, 0);
    assert.equal(json.ok, true);
    assert.equal(json.value?.['mode'], 'enforce');
    assert.deepEqual(json.value?.['mx'], ['mx.example.com']);
    assert.deepEqual(json.problems, []);
  });

  it('all faults of a policy, each with line, column, rule and mend: exit 1', async () => {
    const [exitCode, json] = await lintJson(
      'policy',
      'version: STSv1\nmode: Enforce\nmx: .example.com\nmax_age: 1d\n',
    );
    assert.equal(exitCode, 1);
    assert.equal(json.ok, false);
    assert.equal(json.value, null);
    const lines = new Set(json.problems.map((problem) => problem.line));
    for (const line of [2, 3, 4]) assert.ok(lines.has(line), `nothing about line ${line}`);
    for (const problem of json.problems) {
      assert.match(problem.code, /^STS_/);
      assert.ok(problem.column >= 1 && problem.message !== '' && problem.fix !== '');
    }
  });

  it('a record and a TLS reporting record', async () => {
    const [exitCode, json] = await lintJson('record', 'v=STSv1; id=20260101;\n');
    assert.deepEqual([exitCode, json.value?.['id']], [0, '20260101']);
    assert.equal((await lintJson('record', 'v=STSv1; id=2026-01-01'))[0], 1);
    assert.equal((await lintJson('tlsrpt', 'v=TLSRPTv1; rua=mailto:tls@example.com'))[0], 0);
    assert.equal((await lintJson('tlsrpt', 'v=TLSRPTv1; rua'))[0], 1);
  });

  it('text for people names the place, the fault, the code and the mend', async () => {
    const { exitCode, stdout } = await run(['lint', 'policy', '-'], 'mode: enforce\n');
    assert.equal(exitCode, 1);
    assert.match(stdout, /^standard input: not a valid MTA-STS policy, \d+ errors/);
    assert.match(stdout, /\d+:\d+ +error .*STS_/);
    assert.match(stdout, /mend: /);
  });

  it('what a stranger wrote cannot move the cursor', async () => {
    const { stdout } = await run(['lint', 'record', '-'], 'v=STSv1; id=\u001b[2J');
    assert.ok(!stdout.includes('\u001b[2J'));
  });

  it('a file that is not there: exit 66, and why', async () => {
    const { exitCode, stderr } = await run(['lint', 'policy', '/nonexistent/mta-sts.txt']);
    assert.equal(exitCode, 66);
    assert.match(stderr, /cannot read \/nonexistent\/mta-sts\.txt/);
  });
});
