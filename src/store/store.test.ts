import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { sql } from 'kysely';
import { FakeClock } from '../clock.fixture.ts';
import type { Log } from '../log/log.ts';
import { silentLog } from '../log/log.ts';
import { releaseLease, takeLease } from './lease.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { openStore } from './open-store.ts';
import { StoreError } from './store-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'sts-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function fails(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.failure.code === code;
}

describe('openStore on SQLite', () => {
  it('creates folder and file for the owner alone, in WAL mode with full sync', async () => {
    const file = join(folder, 'new', 'var', 'a.sqlite');
    const store = await openStore(`sqlite:${file}`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await store.close();
    const raw = new DatabaseSync(file);
    assert.deepEqual({ ...raw.prepare('pragma journal_mode').get() }, { journal_mode: 'wal' });
    raw.close();
  });

  it('STS-3.3-R6: what was written is there after reopening', async () => {
    const file = join(folder, 'kept.sqlite');
    const first = await openStore(`sqlite:${file}`);
    await takeLease(first, { name: 'x', owner: 'me', now: 1, holdMs: 10 });
    await first.close();
    const second = await openStore(`sqlite:${file}`);
    const rows = await second.db.selectFrom('lease').selectAll().execute();
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [{ name: 'x', owner: 'me', expires_at: 11 }],
    );
    await second.close();
  });

  it('moves a damaged file aside, warns, and starts clean', async () => {
    const file = join(folder, 'bad.sqlite');
    writeFileSync(file, 'this is no database, and long enough to be taken for one'.repeat(40));
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, message) => warnings.push(message) };
    const store = await openStore(`sqlite:${file}`, { log, clock: new FakeClock() });
    assert.deepEqual(await store.db.selectFrom('sts_policy').selectAll().execute(), []);
    await store.close();
    const kept = readdirSync(folder).filter((name) => name.startsWith('bad.sqlite.corrupt-'));
    assert.deepEqual(kept, ['bad.sqlite.corrupt-2026-01-01T00-00-00-000Z']);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /damaged/);
  });

  it('leaves a damaged file as it is where it may hold accepted mail, and says what to do', async () => {
    const file = join(folder, 'mail.sqlite');
    writeFileSync(file, 'not a database at all, but long enough to be looked at'.repeat(100));
    const before = readdirSync(folder);
    await assert.rejects(openStore(`sqlite:${file}`, { onDamage: 'refuse' }), (error: unknown) => {
      assert.ok(fails('STORE_CORRUPT')(error));
      assert.match((error as Error).message, /mail\.sqlite is damaged .*\.recover.*backup/);
      return true;
    });
    assert.deepEqual(readdirSync(folder), before);
  });

  it('a transaction that a full database ended tells of the full database', async () => {
    const store = await openStore('sqlite::memory:');
    await sql`pragma max_page_count = 1`.execute(store.db);
    await assert.rejects(
      store.db.transaction().execute(async (transaction) => {
        for (let row = 0; row < 1_000; row += 1) {
          const name = `lease-${row}`.repeat(50);
          await transaction
            .insertInto('lease')
            .values({ name, owner: 'me', expires_at: 1 })
            .execute();
        }
      }),
      /database or disk is full/,
    );
    await store.close();
  });

  it('moves a file with damaged pages aside too', async () => {
    const file = join(folder, 'pages.sqlite');
    const first = await openStore(`sqlite:${file}`);
    await first.close();
    const size = statSync(file).size;
    const bytes = new Uint8Array(size).fill(0xa5);
    const header = new DatabaseSync(file);
    header.exec('pragma wal_checkpoint(truncate)');
    header.close();
    const { openSync, writeSync, closeSync } = await import('node:fs');
    const handle = openSync(file, 'r+');
    writeSync(handle, bytes, 0, size - 4096, 4096);
    closeSync(handle);
    const store = await openStore(`sqlite:${file}`, { clock: new FakeClock() });
    await store.close();
    assert.ok(readdirSync(folder).some((name) => name.startsWith('pages.sqlite.corrupt-')));
  });

  it('looks at every page after an end that was not clean, and only then: that takes long', async () => {
    const file = join(folder, 'page.sqlite');
    await (await openStore(`sqlite:${file}`)).close();
    const { openSync, writeSync, closeSync } = await import('node:fs');
    const handle = openSync(file, 'r+');
    writeSync(handle, new Uint8Array(4096).fill(0xa5), 0, 4096, statSync(file).size - 4096);
    closeSync(handle);
    const refuse = { onDamage: 'refuse' } as const;
    await (await openStore(`sqlite:${file}`, refuse)).close();
    // What a crash leaves: SQLite passes over what was never whole.
    writeFileSync(`${file}-wal`, new Uint8Array(100));
    await assert.rejects(openStore(`sqlite:${file}`, refuse), fails('STORE_CORRUPT'));
    // A journal is there, too, as long as the service runs: commands beside it are not to wait.
    writeFileSync(`${file}-wal`, new Uint8Array(100));
    await (await openStore(`sqlite:${file}`, { ...refuse, use: 'look' })).close();
  });

  it('says which path cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(
      openStore(`sqlite:${join(folder, 'file', 'a.sqlite')}`),
      fails('STORE_UNWRITABLE'),
    );
    await assert.rejects(openStore(`sqlite:${folder}`), fails('STORE_UNWRITABLE'));
  });

  it('refuses a URL of an unknown kind without repeating a password', async () => {
    await assert.rejects(openStore('mysql://user:secret@host/db'), (error: Error) => {
      assert.doesNotMatch(error.message, /secret/);
      return fails('STORE_URL_INVALID')(error);
    });
    await assert.rejects(openStore('sqlite:'), fails('STORE_URL_INVALID'));
  });

  it('a transaction holds the write lock from its first read on, so that it may go on to write', async () => {
    const file = join(folder, 'two.sqlite');
    const store = await openStore(`sqlite:${file}`);
    const other = new DatabaseSync(file, { timeout: 0 });
    await store.db.transaction().execute(async (transaction) => {
      await transaction.selectFrom('lease').selectAll().execute();
      assert.throws(() => other.exec("insert into lease values ('x', 'other', 1)"), /locked/);
      const row = { name: 'a', owner: 'b', expires_at: 1 };
      await transaction.insertInto('lease').values(row).execute();
    });
    assert.equal(other.prepare('select * from lease').all().length, 1);
    other.close();
    await store.close();
  });
});

describe('migrate', () => {
  it('runs each step once', async () => {
    const store = await openStore('sqlite::memory:');
    const options = { db: store.db, traits: store.traits, now: 0 };
    assert.deepEqual(await migrate({ ...options, migrations: MIGRATIONS }), []);
    const more = [
      ...MIGRATIONS,
      { name: '9999-test', up: async () => await Promise.resolve(undefined) },
    ];
    assert.deepEqual(await migrate({ ...options, migrations: more }), ['9999-test']);
    assert.deepEqual(await migrate({ ...options, migrations: more }), []);
    await store.close();
  });

  it('refuses a database that a newer release has changed', async () => {
    const file = join(folder, 'newer.sqlite');
    const store = await openStore(`sqlite:${file}`);
    await store.close();
    const raw = new DatabaseSync(file);
    raw.exec("insert into schema_step (name, applied_at) values ('9000-future', 0)");
    raw.close();
    await assert.rejects(openStore(`sqlite:${file}`), (error: Error) => {
      assert.match(error.message, /9000-future/);
      return fails('STORE_SCHEMA_NEWER')(error);
    });
  });

  it('leaves nothing of a step that fails half-way', async () => {
    const store = await openStore('sqlite::memory:');
    const broken = {
      name: '9999-broken',
      async up(db: typeof store.db) {
        await db.schema.createTable('half').addColumn('a', 'text').execute();
        throw new Error('no more');
      },
    };
    const run = migrate({
      db: store.db,
      traits: store.traits,
      now: 0,
      migrations: [...MIGRATIONS, broken],
    });
    await assert.rejects(run, /no more/);
    const tables = await store.db.introspection.getTables();
    assert.ok(!tables.some((table) => table.name === 'half'));
    await store.close();
  });
});

describe('leases on SQLite', () => {
  it('one owner at a time; renewal, expiry and release', async () => {
    const store = await openStore('sqlite::memory:');
    const claim = { name: 'refresh', holdMs: 100 };
    assert.equal(await takeLease(store, { ...claim, owner: 'a', now: 0 }), true);
    assert.equal(await takeLease(store, { ...claim, owner: 'b', now: 99 }), false);
    assert.equal(await takeLease(store, { ...claim, owner: 'a', now: 99 }), true);
    assert.equal(await takeLease(store, { ...claim, owner: 'b', now: 150 }), false);
    assert.equal(await takeLease(store, { ...claim, owner: 'b', now: 199 }), true);
    await releaseLease(store, { name: 'refresh', owner: 'a' });
    assert.equal(await takeLease(store, { ...claim, owner: 'a', now: 200 }), false);
    await releaseLease(store, { name: 'refresh', owner: 'b' });
    assert.equal(await takeLease(store, { ...claim, owner: 'a', now: 200 }), true);
    await store.close();
  });

  it('a deadline from a clock that ran far ahead does not block the work', async () => {
    const store = await openStore('sqlite::memory:');
    const claim = { name: 'refresh', holdMs: 100 };
    assert.equal(await takeLease(store, { ...claim, owner: 'a', now: 1_000_000 }), true);
    assert.equal(await takeLease(store, { ...claim, owner: 'b', now: 5 }), true);
    await store.close();
  });
});
