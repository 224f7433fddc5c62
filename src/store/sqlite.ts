/**
 * Opens the SQLite file: creates it for its owner alone, sets it up for safe writing, and moves
 * a damaged one aside.
 *
 * @module
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Dialect } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { PatientSqliteDialect, kyselyDatabase } from './sqlite-database.ts';
import { APPLICATION_ID, type FileKind, fileKind } from './sqlite-header.ts';
import { reasonOf, StoreError, storeError } from './store-error.ts';

/** How long opening waits for another process, milliseconds. Nothing is served yet. */
const BUSY_TIMEOUT_MS = 5_000;

/** Pages in the journal after which they are written into the file; SQLite's own number, and less on a small disk. */
const MOST_JOURNAL_PAGES = 1_000;
const LEAST_JOURNAL_PAGES = 16;
const PAGE_OCTETS = 4_096;
/** Pages in memory, KiB: those that a large transaction changes have room, and are written once, at its end. */
const CACHE_KIB = 8_192;
/** So much of a small disk the journal may take. */
const SMALL_DISK_SHARE = 16;

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** What opening needs besides the path. */
export interface SqliteOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly onDamage: OnDamage;
  readonly use: StoreUse;
}

/**
 * `look`: by a command, maybe beside the service. It reads no page that it does not need, and opens
 * the file on a full disk too.
 */
export type StoreUse = 'serve' | 'look';

/**
 * What becomes of a damaged file. Policies can be fetched again, so a new file may take its place;
 * accepted mail cannot.
 */
export type OnDamage = 'move-aside' | 'refuse';

/** Kysely's dialect over the file at `path`, or over memory for `:memory:`. Throws a `StoreError`. */
export function sqliteDialect(path: string, options: SqliteOptions): Dialect {
  const database = openDatabase(path, options);
  // SQLite would wait by standing still, and all of the process with it: from here on others wait.
  database.exec('pragma busy_timeout = 0');
  return new PatientSqliteDialect({
    database: kyselyDatabase(database),
    clock: options.clock,
    isBusy: (error) => primaryCode(error) === SQLITE_BUSY,
  });
}

/** Opens and checks the database; a damaged file is moved aside once. */
function openDatabase(path: string, options: SqliteOptions): DatabaseSync {
  if (path === ':memory:') return setUp(new DatabaseSync(path));
  const file = resolve(path);
  prepareFile(file);
  const kind = kindOf(file);
  try {
    return openRoomily(file, kind, options.use);
  } catch (error) {
    if (!isCorrupt(error)) throw openingError(file, error);
    if (!mayBeMovedAside(file, kind)) throw notOurs(file);
    if (options.onDamage === 'refuse') throw damaged(file, error);
    moveAside(file, error, options);
  }
  prepareFile(file);
  try {
    return openChecked(file, { kind: 'empty', pages: 'unless-clean', lock: 'shared' });
  } catch (error) {
    throw openingError(file, error);
  }
}

function kindOf(file: string): FileKind {
  try {
    return fileKind(file);
  } catch (error) {
    throw storeError('STORE_UNWRITABLE', `${file}: ${reasonOf(error)}`, error);
  }
}

/**
 * A mistyped path must not cost anybody a file: what bears no mark of ours is taken for a damaged
 * database only where it is named like one.
 */
function mayBeMovedAside(file: string, kind: FileKind): boolean {
  switch (kind) {
    case 'ours':
    case 'empty':
      return true;
    case 'other':
    case 'unmarked':
      return /\.(?:sqlite3?|db)$/i.test(file);
    case 'foreign':
      return false;
  }
}

function notOurs(file: string): Error {
  return storeError('STORE_NOT_OURS', `${file} is a file of something else; nothing was changed`);
}

/** Without a mark it is ours only if it has our tables, or none. */
function refuseForeign(database: DatabaseSync, file: string, kind: FileKind): void {
  if (kind === 'foreign') throw notOurs(file);
  if (kind !== 'unmarked') return;
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
  const ours = tables.length === 0 || tables.some(({ name }) => name === 'schema_step');
  if (!ours) throw notOurs(file);
}

/** On a full disk the index of the journal finds no place; in memory it does, for one process alone. */
function openRoomily(file: string, kind: FileKind, use: StoreUse): DatabaseSync {
  const pages = use === 'look' ? 'never' : 'unless-clean';
  try {
    return openChecked(file, { kind, pages, lock: 'shared' });
  } catch (error) {
    if (use !== 'look' || !isFull(file, error)) throw error;
    return openChecked(file, { kind, pages, lock: 'alone' });
  }
}

interface Opening {
  readonly kind: FileKind;
  /** When all pages are read. */
  readonly pages: 'unless-clean' | 'never';
  readonly lock: 'shared' | 'alone';
}

function openChecked(file: string, { kind, pages, lock }: Opening): DatabaseSync {
  const cleanlyEnded = pages === 'never' || !hasWork(`${file}-wal`);
  const database = new DatabaseSync(file);
  try {
    if (lock === 'alone') database.exec('pragma locking_mode = exclusive');
    refuseForeign(database, file, kind);
    setUp(database);
    database.exec(`pragma wal_autocheckpoint = ${journalPages(file)}`);
    if (kind !== 'ours') database.exec(`pragma application_id = ${APPLICATION_ID}`);
    const known = database.prepare("select 1 from sqlite_master where name = 'schema_step'").get();
    // The first table to be read now; of the others damage shows when they are.
    checkPages(database, cleanlyEnded && known !== undefined ? 'schema_step' : 'all');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The last one that closes the file takes its journal away: where there is one, somebody else has it open or crashed. */
function hasWork(journal: string): boolean {
  return (statSync(journal, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Reads one table, or the whole file: minutes, where it is large and not in memory. */
function checkPages(database: DatabaseSync, what: 'schema_step' | 'all'): void {
  const scope = what === 'all' ? '1' : what;
  const found = database.prepare(`pragma quick_check(${scope})`).get() as
    Record<string, string> | undefined;
  const verdict = Object.values(found ?? {})[0] ?? 'no answer';
  if (verdict !== 'ok') throw Object.assign(new Error(verdict), { errcode: SQLITE_CORRUPT });
}

/** WAL lets the command line read while the daemon writes; `full` survives a power cut. */
function setUp(database: DatabaseSync): DatabaseSync {
  database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  database.exec('pragma foreign_keys = on');
  // Below zero it counts KiB, not pages.
  database.exec(`pragma cache_size = ${-CACHE_KIB}`);
  // What a statement for many rows would undo goes into a temporary file otherwise, page by page.
  database.exec('pragma temp_store = memory');
  return database;
}

/** What is in the journal needs its room twice, so on a small disk it is written into the file sooner. */
function journalPages(file: string): number {
  const { blocks, bsize } = statfsSync(dirname(file));
  const share = Math.floor((blocks * bsize) / SMALL_DISK_SHARE / PAGE_OCTETS);
  return Math.min(MOST_JOURNAL_PAGES, Math.max(LEAST_JOURNAL_PAGES, share));
}

/** Makes folder and file, so that the file has its mode before anything is in it. */
function prepareFile(file: string): void {
  try {
    makeFolder(dirname(file));
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
    accessSync(file, constants.R_OK | constants.W_OK);
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw storeError('STORE_UNWRITABLE', `${file}: ${reasonOf(error)}`, error);
  }
}

/** Step by step: Node's own `recursive` never ends in file systems such as /proc that refuse in their own way. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function damaged(file: string, error: unknown): Error {
  return storeError(
    'STORE_CORRUPT',
    `${file} is damaged (${reasonOf(error)}) and may hold accepted mail, so it is left as it is: ` +
      `recover it with \`sqlite3 ${file} .recover\` or restore a backup; moved away by hand, a new one is started`,
    error,
  );
}

/** Policies can be fetched again, so a damaged file must not keep the program from starting. */
function moveAside(file: string, error: unknown, options: SqliteOptions): void {
  const stamp = new Date(options.clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  const kept = freeName(`${file}.corrupt-${stamp}`);
  try {
    renameSync(file, kept);
    for (const suffix of ['-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
    }
  } catch (cause) {
    throw storeError(
      'STORE_CORRUPT',
      `${file} is damaged (${reasonOf(error)}) and cannot be moved aside: ${reasonOf(cause)}`,
      cause,
    );
  }
  options.log.warn(
    { code: 'STORE_CORRUPT', file, kept, reason: reasonOf(error) },
    `the database ${file} was damaged; it is kept as ${kept} and a new one is started`,
  );
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let count = 2; existsSync(name); count += 1) name = `${wanted}-${count}`;
  return name;
}

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

function isCorrupt(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** So little is nothing: the index of the journal alone takes more, octets. */
const NOTHING_FREE = 65_536;

/** SQLite may say that the disk is full, or that something could not be written. */
function isFull(file: string, error: unknown): boolean {
  if (primaryCode(error) === SQLITE_FULL) return true;
  const { bavail, bsize } = statfsSync(dirname(file));
  return !isCorrupt(error) && primaryCode(error) !== SQLITE_BUSY && bavail * bsize < NOTHING_FREE;
}

/** What is thrown where the disk has no room even for the start. */
export function diskFull(file: string, error: unknown): StoreError {
  return storeError(
    'STORE_DISK_FULL',
    `the disk of ${file} is full (${reasonOf(error)}): make room there, then start again; what is queued is safe`,
    error,
  );
}

function openingError(file: string, error: unknown): Error {
  if (error instanceof StoreError) return error;
  if (isFull(file, error)) return diskFull(file, error);
  const code = primaryCode(error) === SQLITE_BUSY ? 'STORE_BUSY' : 'STORE_UNWRITABLE';
  return storeError(code, `${file}: ${reasonOf(error)}`, error);
}
