/**
 * A query that is built once and run with other values each time.
 *
 * @module
 */
import type { Compilable, CompiledQuery, Kysely } from 'kysely';

/** What runs a query: a database, or a transaction of it. */
export type Executor = Pick<Kysely<never>, 'executeQuery'>;

/** Runs the query with these values; in a transaction of the database where one is given. */
export type PreparedQuery<Values> = (values: Values, transaction?: Executor) => Promise<void>;

/**
 * Builds the query once for this database: to build one takes longer than SQLite takes to run it.
 *
 * @param names of all values
 * @param build gets marks in place of the values, whatever their type says: it may only hand them on
 */
export function preparedQuery<Values extends object>(
  db: Executor,
  names: readonly (keyof Values & string)[],
  build: (marks: Values) => Compilable,
): PreparedQuery<Values> {
  const nameOf = new Map<unknown, keyof Values>(names.map((name) => [markOf(name), name]));
  const marks = Object.fromEntries(names.map((name) => [name, markOf(name)])) as Values;
  const compiled: CompiledQuery = build(marks).compile();
  const places = compiled.parameters.map((parameter) => nameOf.get(parameter) ?? { parameter });
  return async (values, transaction = db) => {
    const parameters = places.map((place) =>
      typeof place === 'object' ? place.parameter : values[place],
    );
    await transaction.executeQuery({ ...compiled, parameters });
  };
}

/** Text that is no value of a column. */
function markOf(name: string): string {
  return `\0${name}`;
}
