/**
 * Error codes of `store/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `STORE_`. */
export const STORE_ERRORS = {
  STORE_UNAVAILABLE: {
    meaning: 'The database did not answer.',
    action:
      'Look at the database; answers come from memory until it is back, and nothing is relaxed.',
  },
  STORE_ROW_DAMAGED: {
    meaning:
      'The table holds a policy of the domain that is still in force, but its text cannot be read.',
    action:
      'Nothing, if the policy can be fetched: that is tried every few minutes, and mail waits meanwhile. Otherwise restore the database, or forget the domain with `policies purge`.',
  },
  STORE_ROW_REFUSED: {
    meaning: 'The table refuses the policy of one domain; policies of others are written.',
    action:
      'Nothing for the mail: the policy is in memory and in force, and after a restart it is fetched anew. Look at the reason: triggers and constraints of your own have no place on the table.',
  },
  STORE_URL_INVALID: {
    meaning: 'The store URL is of no known kind.',
    action: 'Write `sqlite:PATH`, `sqlite::memory:` or `postgres://user@host/database`.',
  },
  STORE_UNWRITABLE: {
    meaning: 'The database file or its folder cannot be created, read or written.',
    action:
      'Give the user that runs the program write access to the folder, or name another path in `store.url`.',
  },
  STORE_DISK_FULL: {
    meaning: 'The disk of the database has no room left, not even to start.',
    action:
      'Make room on the disk of `store.url`, then start again. Accepted mail is safe; `queue list` and `queue show` work meanwhile.',
  },
  STORE_BUSY: {
    meaning: 'Another process held the database for longer than the program waits.',
    action: 'Find the process that holds a long transaction open; then start again.',
  },
  STORE_CORRUPT: {
    meaning: 'The database file is damaged or is not a database.',
    action:
      'Check the disk. With the relay enabled the file is left as it is, since it may hold accepted mail: recover it (`sqlite3 FILE .recover`) or restore a backup. Without, it was moved aside and a new one was started.',
  },
  STORE_SCHEMA_NEWER: {
    meaning: 'A newer release of the program has already changed the database.',
    action: 'Run that release or a newer one, or restore the backup made before the upgrade.',
  },
  STORE_CONNECT_FAILED: {
    meaning: 'The PostgreSQL server cannot be reached, or refuses the login.',
    action: 'Check host, port, database, user and password in `store.url`, and that it runs.',
  },
  STORE_NOT_OURS: {
    meaning: 'The file that the store names belongs to something else.',
    action: 'Correct store.url or --store; the file was left as it is.',
  },
} as const satisfies Record<string, ErrorEntry>;
