import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openStore } from './open-store.ts';

describe('disk-space: how much a SQLite file can take', () => {
  it('what was deleted counts: the file does not get smaller', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'disk-space-'));
    const file = join(folder, 'a.db');
    const store = await openStore(`sqlite:${file}`);
    const part = { message_id: 'a', number: 0, data: new Uint8Array(1_000_000) };
    await store.db.insertInto('queue_part').values(part).execute();
    const before = await store.space!();
    await store.db.deleteFrom('queue_part').execute();
    const after = await store.space!();
    assert.equal(after.file, file);
    assert.ok(after.reusable - before.reusable >= 900_000);
    assert.ok(after.free > 0 && after.total >= after.free);
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('memory has no disk', async () => {
    const store = await openStore('sqlite::memory:');
    assert.equal(store.space, undefined);
    await store.close();
  });
});
