/**
 * The PostgreSQL pool: numbers where the schema says so, and no query that hangs for ever.
 *
 * @module
 */
import type { Dialect } from 'kysely';
import { PostgresDialect } from 'kysely';
import { Pool, types } from 'pg';
import type { Log } from '../log/log.ts';
import { reasonOf } from './store-error.ts';

/** PostgreSQL's type number of `int8`. Our int8 columns hold milliseconds, which a double holds exactly. */
const INT8_OID = 20;

/** A dead database must be noticed before a caller gives up on us. */
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 10;

/** Kysely's dialect over a pool of connections to `url`. Connects at the first query. */
export function postgresDialect(url: string, log: Log): Dialect {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    application_name: 'smtp-sts',
    types: {
      // Set on this pool, not on the library: other users of `pg` in the process keep their own.
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === INT8_OID ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // An idle connection that dies is replaced at the next query; unheard, it would end the process.
  pool.on('error', (error) => {
    log.warn(
      { code: 'STORE_UNAVAILABLE', reason: reasonOf(error) },
      'a PostgreSQL connection died',
    );
  });
  // The pool does not listen to connections that are lent out. Their queries fail and tell; between
  // two queries of a transaction nobody would hear it, which would end the process too.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
  });
  return new PostgresDialect({ pool });
}
