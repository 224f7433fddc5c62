import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { PINNED } from '../tls-policy/overrides.fixture.ts';
import { run, type Run } from './io.fixture.ts';

let folder: string;
let number = 0;
let store: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sts-overrides-'));
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  number += 1;
  store = join(folder, `${number}.sqlite`);
});

async function overrides(argv: readonly string[], input = ''): Promise<Run> {
  const shared = ['--store', `sqlite:${store}`, '--control', join(folder, 'none.sock')];
  return await run(['overrides', ...argv, ...shared], input);
}

const SKIP = ['add', 'Example.COM.', '--skip', '--reason', 'a partner moves'];

describe('smtp-sts overrides', () => {
  it('add, list, drop, log: the life of an override', async () => {
    const added = await overrides([...SKIP, '--for', '30d']);
    assert.equal(added.exitCode, 0, added.stderr);
    assert.match(added.stdout, /^Added\. example\.com: skip \(.*\) until \d{4}-/);
    assert.match(added.stdout, /within seconds/);
    const listed = await overrides(['list']);
    assert.match(listed.stdout, /^DOMAIN +KIND +UNTIL +LEFT +ADDED BY +REASON$/m);
    assert.match(listed.stdout, /^example\.com +skip .* 30 days +.* a partner moves$/m);
    const dropped = await overrides(['drop', 'example.com']);
    assert.match(dropped.stdout, /^Dropped\. example\.com/);
    assert.match((await overrides(['list'])).stderr, /No override is in force/);
    const log = await overrides(['log']);
    assert.deepEqual(
      log.stdout
        .split('\n')
        .slice(1, 3)
        .map((line) => line.split(/ {2,}/)[1]),
      ['added', 'dropped'],
    );
  });

  it('is idempotent: the same again, and dropping what is not there, do nothing and say so', async () => {
    await overrides([...SKIP, '--until', '2099-01-01']);
    const tooFar = await overrides(['list']);
    assert.match(tooFar.stderr, /No override/);
    const until = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
    await overrides([...SKIP, '--until', until]);
    const again = await overrides([...SKIP, '--until', until]);
    assert.deepEqual([again.exitCode, again.stdout.slice(0, 14)], [0, 'Nothing to do.']);
    const other = await overrides([...SKIP, '--until', until, '--json']);
    assert.equal((JSON.parse(other.stdout) as { readonly result: string }).result, 'unchanged');
    await overrides(['drop', 'example.com']);
    const gone = await overrides(['drop', 'example.com']);
    assert.deepEqual([gone.exitCode, gone.stdout.slice(0, 14)], [0, 'Nothing to do.']);
    const log = await overrides(['log', 'example.com', '--json']);
    assert.equal(log.stdout.trim().split('\n').length, 2);
  });

  it('another kind takes the place of the first, and the log has both', async () => {
    await overrides([...SKIP, '--for', '1d']);
    const args = ['add', 'example.com', '--require-tls', '--reason', 'contract', '--for', '1d'];
    const changed = await overrides(args);
    assert.match(changed.stdout, /^Changed\. example\.com: require-tls/);
    const listed = await overrides(['list', '--json']);
    const [only, ...rest] = listed.stdout.trim().split('\n');
    assert.deepEqual(rest, []);
    const { kind, daysLeft, inForce } = JSON.parse(only ?? '') as Record<string, unknown>;
    assert.deepEqual(
      { kind, daysLeft, inForce },
      { kind: 'require-tls', daysLeft: 1, inForce: true },
    );
  });

  it('pins a policy from a file or standard input, checked as `lint policy` does', async () => {
    const file = join(folder, 'policy.txt');
    writeFileSync(file, PINNED);
    const terms = ['--reason', 'agreed', '--for', '7d'];
    const added = await overrides(['add', 'd.test', '--pin', file, ...terms]);
    assert.match(added.stdout, /^Added\. d\.test: pin/);
    const listed = await overrides(['list', '--json']);
    assert.equal((JSON.parse(listed.stdout) as { policyText: string }).policyText, PINNED);
    const bad = await overrides(
      ['add', 'd.test', '--pin', '-', ...terms],
      'version: STSv1\nmode: enforced\nmax_age: 1\n',
    );
    assert.equal(bad.exitCode, 64);
    assert.match(bad.stderr, /-:2:7: .*mode/);
    assert.match(bad.stderr, /OVERRIDE_PIN_INVALID/);
    const none = await overrides(['add', 'd.test', '--pin', join(folder, 'nowhere'), ...terms]);
    assert.equal(none.exitCode, 66);
  });

  it('the domain is a policy domain: IDN, address and smart host are understood', async () => {
    for (const [given, expected] of [
      ['münchen.test', 'xn--mnchen-3ya.test'],
      ['someone@d.test', 'd.test'],
      ['[relay.test]:587', 'relay.test'],
    ] as const) {
      const args = ['add', given, '--skip', '--reason', 'x', '--for', '1d', '--json'];
      const added = await overrides(args);
      const { override } = JSON.parse(added.stdout) as { override: { policyDomain: string } };
      assert.equal(override.policyDomain, expected);
    }
  });

  const WRONG: readonly (readonly [what: string, argv: readonly string[], says: RegExp])[] = [
    ['no kind', ['--reason', 'x', '--for', '1d'], /one of --skip.*none was given/],
    ['two kinds', ['--skip', '--require-tls', '--reason', 'x', '--for', '1d'], /2 were given/],
    ['no reason', ['--skip', '--for', '1d'], /say why, with --reason/],
    ['an empty reason', ['--skip', '--reason', ' ', '--for', '1d'], /OVERRIDE_REASON_INVALID/],
    ['a reason of two lines', ['--skip', '--reason', 'a\nb', '--for', '1d'], /one line/],
    [
      'a reason that turns the text around',
      ['--skip', '--reason', 'a\u202eb', '--for', '1d'],
      /one line/,
    ],
    ['a reason too long', ['--skip', '--reason', 'x'.repeat(201), '--for', '1d'], /200 characters/],
    ['no end', ['--skip', '--reason', 'x'], /either --until 2027-01-01 or --for 30d/],
    ['two ends', ['--skip', '--reason', 'x', '--for', '1d', '--until', '2027-01-01'], /either/],
    [
      'an end that is over',
      ['--skip', '--reason', 'x', '--until', '2020-01-01'],
      /is over already/,
    ],
    ['an end too far off', ['--skip', '--reason', 'x', '--until', '2099-01-01'], /ten years/],
    [
      'a day that is none',
      ['--skip', '--reason', 'x', '--until', '2027-02-30'],
      /write a day like/,
    ],
    ['a word for an end', ['--skip', '--reason', 'x', '--until', 'tomorrow'], /write a day like/],
    ['a length that is none', ['--skip', '--reason', 'x', '--for', 'a month'], /90m, 12h or 30d/],
    [
      'a length of nothing',
      ['--skip', '--reason', 'x', '--for', '0s'],
      /--for 0s is no time at all.*30d.* \(OVERRIDE_UNTIL_INVALID\)/,
    ],
  ];
  for (const [what, argv, says] of WRONG) {
    it(`${what}: exit 64, and what to write`, async () => {
      const wrong = await overrides(['add', 'd.test', ...argv]);
      assert.equal(wrong.exitCode, 64);
      assert.match(wrong.stderr, says);
    });
  }

  it('what is no domain: exit 64', async () => {
    for (const domain of ['', 'a b', '[192.0.2.1]', '192.0.2.1']) {
      const wrong = await overrides(['add', domain, '--skip', '--reason', 'x', '--for', '1d']);
      assert.equal(wrong.exitCode, 64, domain);
    }
  });

  it('looking makes no database', async () => {
    assert.equal((await overrides(['list'])).exitCode, 0);
    assert.equal((await overrides(['log'])).exitCode, 0);
    assert.equal(existsSync(store), false);
  });
});

describe('smtp-sts reload', () => {
  it('no service: exit 69, and where it was looked for', async () => {
    const none = await run(['reload', '--control', join(folder, 'none.sock')]);
    assert.equal(none.exitCode, 69);
    assert.match(none.stderr, /no service listens at .*none\.sock \(CONTROL_NOT_RUNNING\)/);
  });

  it('a configuration with a fault is told before anybody is asked: exit 78', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'policy:\n  enforce_tests: true\n');
    const bad = await run(['reload', '--config', file]);
    assert.equal(bad.exitCode, 78);
    assert.match(bad.stderr, /bad\.yaml:2:3: unknown key policy\.enforce_tests/);
  });
});
