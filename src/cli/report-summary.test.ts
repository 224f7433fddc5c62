import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { writeBook } from '../reporting/alert/book.ts';
import type { AlertFacts } from '../reporting/alert/types.ts';
import { addReport } from '../reporting/summary/rollups.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { run, type Run } from './io.fixture.ts';

const TODAY = Math.floor(Date.now() / 86_400_000);

let folder: string;
let number = 0;
let file: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sts-summary-'));
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  number += 1;
  file = join(folder, `${number}.sqlite`);
});

async function report(...argv: readonly string[]): Promise<Run> {
  return await run(['report', ...argv, '--store', `sqlite:${file}`]);
}

async function onStore(task: (store: Store) => Promise<unknown>): Promise<void> {
  const store = await openStore(`sqlite:${file}`);
  await task(store);
  await store.close();
}

describe('smtp-sts report summary', () => {
  beforeEach(async () => {
    await onStore(async (store) => {
      const details = [{ type: 'certificate-expired', mx: 'mx1.example.com' }] as const;
      await addReport(store, { day: TODAY - 1, successes: 99, details });
      await addReport(store, { day: TODAY - 1, domain: 'xn--bcher-kva.example', successes: 5 });
    });
  });

  it('sums up all domains, or one in any spelling', async () => {
    const all = await report('summary');
    assert.equal(all.exitCode, 0);
    assert.match(all.stdout, /^99\.0 % of 105 sessions went well, 1 failed\.$/m);
    assert.match(all.stdout, /^ 1\. certificate-expired at mx1\.example\.com \(example\.com\)$/m);
    const one = await report('summary', '--domain', 'Bücher.Example.', '--days', '2');
    assert.match(one.stdout, /^TLS reports about xn--bcher-kva\.example$/m);
    assert.match(one.stdout, /^100\.0 % of 5 sessions went well, none failed\.$/m);
  });

  it('--json is one line with the same numbers', async () => {
    const { stdout } = await report('summary', '--json', '--days', '3');
    const summary = JSON.parse(stdout) as {
      readonly total: object;
      readonly days: readonly object[];
      readonly failures: readonly { readonly type: string }[];
    };
    assert.deepEqual(summary.total, { reports: 2, successes: 104, failures: 1 });
    assert.equal(summary.days.length, 3);
    assert.equal(summary.failures[0]?.type, 'certificate-expired');
  });

  it('senders that the configuration ignores are left out, and there with --all', async () => {
    await onStore(async (store) => {
      const sender = 'spam.example';
      await addReport(store, { day: TODAY - 1, sender, successes: 1_000, failures: 1_000 });
    });
    const config = join(folder, 'ignore.yaml');
    writeFileSync(config, 'reporting: { receive: { ignore_senders: [Spam.Example] } }\n');
    const some = await report('summary', '--config', config);
    assert.match(some.stdout, /^99\.0 % of 105 sessions went well, 1 failed\.$/m);
    assert.match(
      some.stdout,
      /^Left out by reporting\.receive\.ignore_senders: 1 report of spam\./m,
    );
    const all = await report('summary', '--all', '--config', config);
    assert.match(all.stdout, /^52\.4 % of 2,105 sessions went well, 1,001 failed\.$/m);
    assert.match(all.stdout, /^spam\.example +1 /m);
    const json = JSON.parse((await report('summary', '--json', '--config', config)).stdout) as {
      readonly ignored: readonly Record<string, unknown>[];
    };
    assert.deepEqual(
      json.ignored.map(({ sender, lastDay }) => [sender, typeof lastDay]),
      [['spam.example', 'string']],
    );
  });

  it('no store yet is said, and makes none; wrong usage is 64', async () => {
    file = join(folder, 'none.sqlite');
    for (const more of [[], ['--json']]) {
      const none = await report('summary', ...more);
      assert.deepEqual([none.exitCode, none.stdout], [69, '']);
      assert.match(none.stderr, /^There is no store yet at \S+none\.sqlite: .*--config/);
      assert.equal(existsSync(file), false);
    }
    assert.equal((await report('summary', '--days', '0')).exitCode, 64);
    assert.equal((await report('summary', '--days', 'x')).exitCode, 64);
    assert.equal((await report('summary', '--domain', 'a b')).exitCode, 64);
  });
});

describe('smtp-sts report alerts', () => {
  const facts: AlertFacts = {
    title: 'example.com: something \u001b[2J',
    means: 'it means this',
    todo: 'do that',
    actor: 'we',
    firstDay: 20_776,
    lastDay: 20_776,
    senders: ['google.com'],
    causes: ['found this'],
  };

  beforeEach(async () => {
    await onStore(async (store) => {
      const change = { store, closed: [], goOn: [], targets: { mailTo: [], webhook: '' } };
      const finding = { kind: 'failure', domain: 'example.com', facts } as const;
      const opened = ['a', 'b'].map((key) => ({ ...finding, key }));
      const [first] = await writeBook({ ...change, now: Date.UTC(2026, 10, 20), opened });
      const closed = [{ ...first!, key: 'a', lastDay: 20_776 }];
      await writeBook({ ...change, now: Date.UTC(2026, 10, 22), opened: [], closed });
    });
  });

  it('lists what is open and what was, escaped', async () => {
    const { stdout } = await report('alerts');
    assert.match(stdout, /^OPEN {2}failure, open since 2026-11-20 00:00:00 UTC$/m);
    assert.match(stdout, /^over {2}failure, 2026-11-20 00:00:00 UTC to 2026-11-22/m);
    assert.match(stdout, /^example\.com: something \\u\{1b\}\[2J$/m);
    assert.match(stdout, /^Found: +found this$/m);
    assert.doesNotMatch(stdout, /\u001b\[2J/);
    const open = await report('alerts', '--open', '--json');
    const lines = open.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines.length, 1);
    const line = lines[0]!;
    assert.deepEqual(
      [line['open'], line['domain'], line['lastDay'], line['openedAt'], line['todo']],
      [true, 'example.com', '2026-11-19', '2026-11-20T00:00:00.000Z', 'do that'],
    );
  });

  it('a terminal of 60 columns: no line is longer, and nothing is lost', async () => {
    const long = {
      ...facts,
      title: 'a title of words '.repeat(8).trim(),
      todo: facts.means.repeat(9),
    };
    await onStore(async (store) => {
      const opened = [{ kind: 'failure', domain: 'example.com', key: 'c', facts: long }] as const;
      const targets = { mailTo: [], webhook: '' };
      await writeBook({ store, closed: [], goOn: [], targets, now: Date.now(), opened });
    });
    const { stdout } = await run(['report', 'alerts', '--store', `sqlite:${file}`], '', 60);
    const lines = stripVTControlCharacters(stdout).split('\n');
    for (const line of lines) assert.ok(line.length <= 60, line);
    const [title] = /^a title[^:]*(?=\nDays:)/m.exec(lines.join('\n')) ?? [];
    assert.equal(title?.replaceAll('\n', ' '), long.title);
    assert.match(lines.join('\n'), /^To do: {7}it means this/m);
  });

  it('none is said', async () => {
    file = join(folder, 'no-alerts.sqlite');
    for (const more of [[], ['--json']]) {
      const none = await report('alerts', ...more);
      assert.deepEqual([none.exitCode, none.stdout], [69, '']);
      assert.match(none.stderr, /There is no store yet .*--config/);
    }
    await onStore(async () => await Promise.resolve());
    assert.match((await report('alerts')).stderr, /No alert was ever raised/);
    assert.match((await report('alerts', '--open')).stderr, /No alert is open/);
  });
});
