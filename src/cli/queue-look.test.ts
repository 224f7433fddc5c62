import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../log/log.ts';
import { startControl } from '../policy-server/control.ts';
import { seed, type Seed } from '../relay/operations/seed.fixture.ts';
import { openStore } from '../store/open-store.ts';
import { run, type Run } from './io.fixture.ts';

let folder: string;
let number = 0;
let file: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sts-queue-look-'));
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  number += 1;
  file = join(folder, `${number}.sqlite`);
});

async function queue(argv: readonly string[], socket = 'none.sock'): Promise<Run> {
  const control = join(folder, socket);
  return await run(['queue', ...argv, '--store', `sqlite:${file}`, '--control', control]);
}

async function fill(seeds: readonly Seed[]): Promise<void> {
  const store = await openStore(`sqlite:${file}`);
  await seed(store, seeds);
  await store.close();
}

describe('smtp-sts queue: changing', () => {
  it('what is held, released or retried stands in the log of the running service', async () => {
    await fill([{ id: 'm1' }]);
    const notes: unknown[] = [];
    const server = await startControl({
      path: join(folder, 'some.sock'),
      log: silentLog,
      status: () => ({}),
      reload: async () => await Promise.resolve({ outcome: 'refused', problems: [] } as const),
      refreshOverrides: async () => await Promise.resolve([]),
      forgetPolicy: async () => await Promise.resolve(false),
      noteRemoval: (note) => notes.push(note) > 0,
    });
    try {
      for (const verb of ['hold', 'release', 'retry']) await queue([verb, 'm1'], 'some.sock');
    } finally {
      await server?.close();
    }
    assert.deepEqual(
      notes.map((note) => (note as { readonly how: string }).how),
      ['hold', 'release', 'retry'],
    );
    assert.partialDeepStrictEqual(notes[0], {
      jobs: [{ messageId: 'm1', destination: 'there.test' }],
    });
  });
});

describe('smtp-sts queue: looking', () => {
  it('JSON has times for people, and what the newest attempt said', async () => {
    await fill([
      { id: 'm1', acceptedAt: Date.UTC(2026, 2, 1), attempts: 1, lastText: '451 later' },
      { id: 'm2' },
    ]);
    const { stdout } = await queue(['list', '--json']);
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    assert.partialDeepStrictEqual(first, {
      acceptedTime: '2026-03-01T00:00:00.000Z',
      lastCode: '4.7.5',
      lastHost: 'mx.there.test',
      lastTime: '2026-03-01T12:00:00.000Z',
    });
    assert.partialDeepStrictEqual(second, { behind: { text: '451 later', host: 'mx.there.test' } });
    const explained = await queue(['explain', 'm2']);
    assert.match(
      explained.stdout,
      /not tried yet: there\.test rests after: mx\.there\.test 4\.7\.5 451 later/,
    );
  });

  it('a tab of a header stays a tab', async () => {
    await fill([{ id: 'm1', content: 'Received: a\r\n\tby b\u0007\r\n\r\n' }]);
    const { stdout } = await queue(['show', 'm1', '--headers']);
    assert.equal(stdout, 'Received: a\n\tby b\\u{7}\n');
  });

  it('a CA file that cannot be read does not matter here', async () => {
    await fill([{ id: 'm1' }]);
    const { exitCode, stderr } = await queue(['list', '--ca-file', join(folder, 'nowhere.pem')]);
    assert.equal(exitCode, 0, stderr);
  });
});
