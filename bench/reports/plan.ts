/**
 * What is measured, and how much of it.
 *
 * @module
 */
import type { BenchOptions } from '../figure.ts';

/** How much. */
export interface Plan {
  readonly rows: readonly string[];
  readonly quick: boolean;
  readonly rounds: number;
  /**
   * Mail files read before the clock starts, and behind that. What is measured is what goes on for
   * years; how quick the first thousands are, before the engine has compiled all, says row `import`.
   */
  readonly warmUp: number;
  readonly mails: number;
  /** Mail files for the whole command: of some months, and of years. */
  readonly imported: { readonly few: number; readonly many: number };
  /** Of one load of datagrams. */
  readonly seconds: number;
  /** Datagrams sent at once, without waiting. */
  readonly burst: number;
  /** Stored reports: domains times days times senders. */
  readonly archive: Archived;
}

/** What is in the archive that is summed up: one report of each sender for each domain and day. */
export interface Archived {
  readonly domains: number;
  readonly days: number;
  readonly senders: number;
}

const ROWS = ['ingest', 'import', 'datagrams', 'summary'];
const DEFAULT_SECONDS = 5;

/** @throws on a row that does not exist */
export function planOf({ quick, seconds = DEFAULT_SECONDS, rows = ROWS }: BenchOptions): Plan {
  const unknown = rows.find((row) => !ROWS.includes(row));
  if (unknown !== undefined) throw new Error(`no row is called ${unknown}: ${ROWS.join(', ')}`);
  if (!(seconds > 0)) throw new Error('--seconds must be a number above 0');
  return quick
    ? {
        rows,
        quick,
        rounds: 1,
        warmUp: 8,
        mails: 48,
        imported: { few: 24, many: 48 },
        seconds: 0.3,
        burst: 500,
        archive: { domains: 5, days: 70, senders: 4 },
      }
    : {
        rows,
        quick,
        rounds: 3,
        warmUp: 30_000,
        mails: 30_000,
        imported: { few: 20_000, many: 80_000 },
        seconds,
        burst: 50_000,
        // A little over a million, two years.
        archive: { domains: 137, days: 730, senders: 10 },
      };
}
