/**
 * Opens the store that a URL names, and brings its schema up to date.
 *
 * @module
 */
import { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { silentLog } from '../log/log.ts';
import { diskSpace } from './disk-space.ts';
import { databaseFault } from './fault.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { postgresDialect } from './postgres.ts';
import { diskFull, type OnDamage, sqliteDialect, type StoreUse } from './sqlite.ts';
import { StoreError, reasonOf, storeError } from './store-error.ts';
import type { EngineTraits, Schema, Store } from './types.ts';

/** What opening may be given. */
export interface OpenStoreOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  /** What becomes of a damaged SQLite file; default `move-aside`. */
  readonly onDamage?: OnDamage;
  /** Who opens it; default `serve`. */
  readonly use?: StoreUse;
}

const SQLITE: EngineTraits = { engine: 'sqlite', rowLocks: false };
const POSTGRES: EngineTraits = { engine: 'postgres', rowLocks: true };

/**
 * Opens `sqlite:PATH` (relative to the working directory), `sqlite::memory:` or `postgres://…`.
 * Rejects with a {@link StoreError}: `STORE_URL_INVALID`, `STORE_UNWRITABLE`, `STORE_BUSY`, `STORE_DISK_FULL`,
 * `STORE_CONNECT_FAILED`, `STORE_SCHEMA_NEWER`. A damaged SQLite file is moved aside with a
 * warning and a new one is started, or it is refused (`STORE_CORRUPT`), as the options say.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const { log = silentLog, clock = systemClock, onDamage = 'move-aside', use = 'serve' } = options;
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length);
    if (path === '') throw storeError('STORE_URL_INVALID', 'sqlite: names no file');
    const db = new Kysely<Schema>({ dialect: sqliteDialect(path, { log, clock, onDamage, use }) });
    const space = path === ':memory:' ? {} : { space: diskSpace(db, path) };
    return await upToDate({ db, traits: SQLITE, ...space }, clock);
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const db = new Kysely<Schema>({ dialect: postgresDialect(url, log) });
    return await upToDate({ db, traits: POSTGRES }, clock);
  }
  // The rest of the URL may hold a password: it is not repeated.
  throw storeError('STORE_URL_INVALID', `unknown kind of store: ${url.split(':')[0] ?? ''}:`);
}

async function upToDate(open: Omit<Store, 'close'>, clock: Clock): Promise<Store> {
  try {
    await migrate({ ...open, migrations: MIGRATIONS, now: clock.now() });
  } catch (error) {
    await open.db.destroy().catch(() => undefined);
    if (error instanceof StoreError) throw error;
    if (databaseFault(error) === 'full') throw diskFull('the database', error);
    const code = open.traits.engine === 'postgres' ? 'STORE_CONNECT_FAILED' : 'STORE_BUSY';
    throw storeError(code, reasonOf(error), error);
  }
  return { ...open, close: async () => await open.db.destroy() };
}
