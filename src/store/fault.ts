/**
 * What a database's refusal means: is one row at fault, the moment, or the database?
 *
 * @module
 */

/** What is to be done about a statement or transaction that failed. */
export type Fault =
  /** The disk is full. */
  | 'full'
  /** One row is at fault, not the database: the others may go without it. */
  | 'row'
  /** Two transactions were in each other's way: the same again will do. */
  | 'again'
  /** Somebody holds the database. */
  | 'busy'
  /** The file is damaged. */
  | 'damaged'
  /** Anything else: gone, read-only, no connection. */
  | 'gone';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_FAULTS: ReadonlyMap<number, Fault> = new Map([
  [5, 'busy'],
  [6, 'busy'],
  [11, 'damaged'],
  [13, 'full'],
  [18, 'row'],
  [19, 'row'],
  [20, 'row'],
  [26, 'damaged'],
]);

/** Classes of SQLSTATE (PostgreSQL, appendix A): data, constraints. */
const ROW_CLASSES = /^2[23]/;
const AGAIN = new Set(['40001', '40P01']);
const FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
const BUSY = new Set(['55P03', '53300']);
const DAMAGED = new Set(['XX001', 'XX002']);

/** What kind of fault an exception of the database is; what is no such exception is `gone`. */
export function databaseFault(error: unknown): Fault {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  if (typeof errcode === 'number') return SQLITE_FAULTS.get(errcode & 0xff) ?? 'gone';
  if (typeof code !== 'string') return 'gone';
  if (FULL.has(code)) return 'full';
  if (AGAIN.has(code)) return 'again';
  if (BUSY.has(code)) return 'busy';
  if (DAMAGED.has(code)) return 'damaged';
  return ROW_CLASSES.test(code) ? 'row' : 'gone';
}
