/**
 * The built-in `node:sqlite` as the database that Kysely's SQLite dialect expects.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { DatabaseConnection, QueryResult, SqliteDatabase, SqliteStatement } from 'kysely';
import { CompiledQuery, SqliteAdapter, SqliteDialect, SqliteDriver } from 'kysely';
import { createTurns, patiently, type PatienceOptions, type Turns } from './patience.ts';

/** Prepared statements kept; more kinds of query than this are prepared anew. */
const MAX_STATEMENTS = 200;

/** Gives Kysely a `node:sqlite` database; equal SQL texts share a prepared statement. */
export function kyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => {
      statements.clear();
      database.close();
    },
    prepare(text) {
      const known = statements.get(text);
      if (known !== undefined) return known;
      if (statements.size >= MAX_STATEMENTS) {
        for (const oldest of statements.keys()) {
          statements.delete(oldest);
          break;
        }
      }
      const statement = kyselyStatement(database.prepare(text));
      statements.set(text, statement);
      return statement;
    },
  };
}

function kyselyStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

/** What the dialect stands on. */
export interface PatientDialectOptions extends Omit<PatienceOptions, 'totalMs'> {
  readonly database: SqliteDatabase;
}

/** How long a statement waits for another process, milliseconds. Nothing else waits meanwhile. */
const PATIENCE_MS = 5_000;

/** Outside a transaction: takes its turn for each try, so that reads go on while a write waits for a lock. */
class PatientConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #turns: Turns;
  readonly #patience: PatienceOptions;
  /** Ends the turn of the transaction that is under way. */
  #end: (() => void) | undefined;

  constructor(inner: DatabaseConnection, turns: Turns, patience: PatienceOptions) {
    this.inner = inner;
    this.#turns = turns;
    this.#patience = patience;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#end !== undefined) return await this.inner.executeQuery<R>(query);
    return await patiently(async () => {
      const end = await this.#turns.take();
      try {
        return await this.inner.executeQuery<R>(query);
      } finally {
        end();
      }
    }, this.#patience);
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<R>> {
    const end = this.#end === undefined ? await this.#turns.take() : undefined;
    try {
      yield* this.inner.streamQuery<R>(query, chunkSize);
    } finally {
      end?.();
    }
  }

  /**
   * A plain `begin` takes the write lock at the first write. If another process has written since
   * the transaction's first read, SQLite then fails at once. Taking the lock at the start makes a
   * transaction wait its turn.
   */
  async begin(): Promise<void> {
    await patiently(async () => {
      const end = await this.#turns.take();
      try {
        await this.inner.executeQuery(CompiledQuery.raw('begin immediate'));
      } catch (error) {
        end();
        throw error;
      }
      this.#end = end;
    }, this.#patience);
  }

  end(): void {
    this.#end?.();
    this.#end = undefined;
  }
}

class PatientSqliteDriver extends SqliteDriver {
  readonly #turns = createTurns();
  readonly #patience: PatienceOptions;

  constructor({ database, ...patience }: PatientDialectOptions) {
    super({ database });
    this.#patience = { ...patience, totalMs: PATIENCE_MS };
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection(), this.#turns, this.#patience);
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as PatientConnection).begin();
  }

  /** A full disk ends the transaction by itself; that there is none left must not hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection);
    } catch (error) {
      if (!/no transaction is active/.test((error as Error).message)) throw error;
    }
  }

  override async releaseConnection(connection?: DatabaseConnection): Promise<void> {
    (connection as PatientConnection | undefined)?.end();
    await Promise.resolve();
  }
}

/** Turns are taken for each try of a statement, not for as long as somebody has a connection. */
class SharedSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Kysely's SQLite dialect that waits for locks without standing still. */
export class PatientSqliteDialect extends SqliteDialect {
  readonly #options: PatientDialectOptions;

  constructor(options: PatientDialectOptions) {
    super({ database: options.database });
    this.#options = options;
  }

  override createDriver(): SqliteDriver {
    return new PatientSqliteDriver(this.#options);
  }

  override createAdapter(): SqliteAdapter {
    return new SharedSqliteAdapter();
  }
}
