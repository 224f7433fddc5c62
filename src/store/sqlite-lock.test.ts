import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { openStore } from './open-store.ts';
import { createTurns, patiently } from './patience.ts';
import type { Store } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'sts-lock-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

interface Locked {
  readonly store: Store;
  readonly clock: FakeClock;
  /** Another process, as it were, that holds the write lock. */
  readonly other: DatabaseSync;
}

async function locked(test: (at: Locked) => Promise<void>): Promise<void> {
  files += 1;
  const file = join(folder, `${files}.sqlite`);
  const clock = new FakeClock();
  const store = await openStore(`sqlite:${file}`, { clock });
  const other = new DatabaseSync(file);
  other.exec('begin immediate');
  try {
    await test({ store, clock, other });
  } finally {
    other.close();
    await store.close();
  }
}

async function write({ db }: Pick<Store, 'db'>, name: string): Promise<void> {
  await db.insertInto('lease').values({ name, owner: 'me', expires_at: 1 }).execute();
}

async function names({ db }: Store): Promise<string[]> {
  const rows = await db.selectFrom('lease').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

describe('a file that another process has locked', () => {
  it('I10: holds up neither the process nor reads; the write comes when it can', async () => {
    await locked(async ({ store, clock, other }) => {
      const startedAt = performance.now();
      let done = false;
      const writing = write(store, 'a').then(() => (done = true));
      await clock.advance(1_000);
      assert.equal(done, false);
      assert.deepEqual(await names(store), []);
      other.exec('rollback');
      await clock.advance(200);
      await writing;
      assert.deepEqual(await names(store), ['a']);
      assert.ok(performance.now() - startedAt < 2_000);
    });
  });

  it('patience ends: the write fails as locked', async () => {
    await locked(async ({ store, clock }) => {
      const writing = assert.rejects(write(store, 'a'), /locked/);
      await clock.advance(6_000);
      await writing;
    });
  });

  it('a transaction waits as well, and nothing of others gets into it', async () => {
    await locked(async ({ store, clock, other }) => {
      const gate = Promise.withResolvers<void>();
      const failing = store.db.transaction().execute(async (transaction) => {
        await write({ db: transaction }, 'inside');
        await gate.promise;
        throw new Error('undone');
      });
      const undone = assert.rejects(failing, /undone/);
      await clock.advance(500);
      other.exec('rollback');
      await clock.advance(200);
      const outside = write(store, 'outside');
      await settle();
      gate.resolve();
      await undone;
      await outside;
      assert.deepEqual(await names(store), ['outside']);
    });
  });
});

describe('patience', () => {
  const busy = new Error('busy');

  it('tries again only what is worth it, and not for ever', async () => {
    const clock = new FakeClock();
    const isBusy = (error: unknown): boolean => error === busy;
    let tries = 0;
    const failing = (fault: Error) => async (): Promise<never> => {
      tries += 1;
      await Promise.resolve();
      throw fault;
    };
    await assert.rejects(patiently(failing(new Error('no')), { clock, totalMs: 50, isBusy }), /no/);
    assert.equal(tries, 1);
    const patient = assert.rejects(
      patiently(failing(busy), { clock, totalMs: 50, isBusy }),
      /busy/,
    );
    await clock.advance(1_000);
    await patient;
    // Waits of 5, 10, 20 and 40 ms between them.
    assert.equal(tries, 1 + 5);
  });

  it('turns go in order, one at a time', async () => {
    const turns = createTurns();
    const order: string[] = [];
    const endFirst = await turns.take();
    const rest = ['b', 'c'].map(async (name) => {
      const end = await turns.take();
      order.push(name);
      end();
    });
    order.push('a');
    endFirst();
    await Promise.all(rest);
    assert.deepEqual(order, ['a', 'b', 'c']);
  });
});
