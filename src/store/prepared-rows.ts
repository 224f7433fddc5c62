/**
 * Statements about many rows at once whose text is built once: to build one takes longer than SQLite
 * takes to run it.
 *
 * @module
 */
import type { Compilable, CompiledQuery } from 'kysely';
import type { Executor } from './prepared-query.ts';

/** A value of a column. */
export type ColumnValue = string | number | Uint8Array | null;
/** The values of a row, in the order of its columns. */
export type RowValues = readonly ColumnValue[];

/** Texts are built for so many rows; any number is made up of these. The last one is 1. */
const SIZES = [32, 8, 1] as const;

/** Inserts the rows, whatever their number. */
export type PreparedInsert = (db: Executor, rows: readonly RowValues[]) => Promise<void>;

/**
 * An insertion of rows with these columns.
 *
 * @param build gets rows of marks in place of values, to hand them to `values` and use them nowhere else
 */
export function preparedInsert<Column extends string>(
  columns: readonly Column[],
  build: (marks: readonly Record<Column, never>[]) => Compilable,
): PreparedInsert {
  const statement = statements((size) => {
    const row = Object.fromEntries(columns.map((column) => [column, column]));
    const compiled = build(Array.from({ length: size }, () => row as Record<Column, never>));
    return compiled.compile();
  });
  return async (db, rows) => {
    for (const piece of greedyPieces(rows)) {
      const parameters = piece.flat() as readonly ColumnValue[];
      await db.executeQuery({ ...statement(piece.length), parameters });
    }
  };
}

/** Finds the rows of all keys. */
export type PreparedLookup<Row> = (
  db: Executor,
  keys: readonly string[],
) => Promise<readonly Row[]>;

/** A search for rows by a key. @param build gets marks in place of the keys, and uses no other value */
export function preparedLookup<Row>(
  build: (marks: readonly string[]) => Compilable<Row>,
): PreparedLookup<Row> {
  const statement = statements((size) =>
    build(Array.from({ length: size }, (_, index) => String(index))).compile(),
  );
  return async (db, keys) => {
    const found: Row[] = [];
    for (const piece of greedyPieces(keys)) {
      const { rows } = await db.executeQuery({ ...statement(piece.length), parameters: piece });
      found.push(...(rows as Row[]));
    }
    return found;
  };
}

function statements(build: (size: number) => CompiledQuery): (size: number) => CompiledQuery {
  const built = new Map<number, CompiledQuery>();
  return (size) => {
    const statement = built.get(size) ?? build(size);
    built.set(size, statement);
    return statement;
  };
}

/** In pieces of the sizes, the largest first. */
function* greedyPieces<T>(list: readonly T[]): Generator<readonly T[]> {
  let at = 0;
  for (const size of SIZES) {
    for (; at + size <= list.length; at += size) yield list.slice(at, at + size);
  }
}
