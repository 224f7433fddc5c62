/**
 * Statements over many rows whose text is the same each time, so that the database prepares them
 * once. Kysely's builder would cost more than the database does.
 *
 * @module
 */
import { CompiledQuery, type Kysely, type QueryResult } from 'kysely';
import type { EngineTraits, Schema } from '../../store/types.ts';

/** Where statements run: the database or a transaction. */
export type Runner = Pick<Kysely<Schema>, 'executeQuery'>;

/** A value that both engines take. */
export type Value = string | number | null | Uint8Array;

/** Rows that one statement takes; other numbers are put together of these. */
const SIZES = [64, 16, 4, 1] as const;

/** A statement over rows: how its text is made for so many of them. */
export interface RowStatement {
  /**
   * @param places one text for each row: its place-holders in parentheses
   * @param more the place-holder of what comes after all rows, by position from 0
   */
  readonly text: (places: readonly string[], more: (index: number) => string) => string;
  /** SQL types of the columns where the engine cannot tell (rows that stand alone); else absent. */
  readonly casts?: readonly string[];
}

/** Runs a {@link RowStatement} over rows, in as few statements as its sizes allow. */
export type RunRows = <R>(
  runner: Runner,
  rows: readonly (readonly Value[])[],
  more?: readonly Value[],
) => Promise<readonly R[]>;

/** Prepares a {@link RowStatement} for an engine. */
export function overRows(traits: EngineTraits, statement: RowStatement): RunRows {
  const texts = new Map<number, string>();
  const textFor = (count: number, width: number, more: number): string => {
    const known = texts.get(count);
    if (known !== undefined) return known;
    const mark = placeholders(traits);
    const places = Array.from({ length: count }, () => place(mark, width, statement.casts));
    const tail = Array.from({ length: more }, mark);
    const text = statement.text(places, (index) => tail[index] ?? '');
    texts.set(count, text);
    return text;
  };
  return async <R>(
    runner: Runner,
    rows: readonly (readonly Value[])[],
    more: readonly Value[] = [],
  ): Promise<readonly R[]> => {
    const found: R[] = [];
    for (const part of slices(rows)) {
      const text = textFor(part.length, part[0]?.length ?? 0, more.length);
      const result = await runText<R>(runner, text, [...part.flat(), ...more]);
      for (const row of result.rows) found.push(row);
    }
    return found;
  };
}

/** Runs one constant text. */
export async function runText<R>(
  runner: Runner,
  text: string,
  values: readonly Value[] = [],
): Promise<QueryResult<R>> {
  return await runner.executeQuery<R>(CompiledQuery.raw(text, [...values]));
}

/** Writes `?` as the engine wants it. The texts hold no `?` but for place-holders. */
export function forEngine(traits: EngineTraits, text: string): string {
  const mark = placeholders(traits);
  return text.replaceAll('?', mark);
}

/** `insert into table (columns) values …`. */
export function insertRows(
  traits: EngineTraits,
  table: string,
  columns: readonly string[],
  end: string = '',
): RunRows {
  const head = `insert into ${table} (${columns.join(', ')}) values `;
  return overRows(traits, { text: (places) => `${head}${places.join(', ')} ${end}` });
}

function placeholders({ engine }: EngineTraits): () => string {
  let count = 0;
  return () => {
    count += 1;
    return engine === 'postgres' ? `$${count}` : `?${count}`;
  };
}

function place(mark: () => string, width: number, casts: readonly string[] | undefined): string {
  const places = Array.from({ length: width }, (_, column) => {
    const type = casts?.[column];
    return type === undefined ? mark() : `cast(${mark()} as ${type})`;
  });
  return `(${places.join(', ')})`;
}

/** The rows in pieces of the known sizes. */
function* slices<T>(rows: readonly T[]): Generator<readonly T[]> {
  let start = 0;
  for (const size of SIZES) {
    while (rows.length - start >= size) {
      yield rows.slice(start, start + size);
      start += size;
    }
  }
}
