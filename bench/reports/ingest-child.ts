/**
 * Takes mail files in through the whole intake, into a new archive on a file.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { mapResolver } from '../../src/dns/map-resolver.fixture.ts';
import { silentLog } from '../../src/log/log.ts';
import { createArchive } from '../../src/reporting/archive/archive.ts';
import { createIntake, type IntakeOptions } from '../../src/reporting/intake/take-in.ts';
import type { Intake } from '../../src/reporting/intake/types.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/types.ts';
import { serveOrders } from '../relay/children.ts';
import { costOf } from '../relay/processes.ts';
import type { KeyRecords } from './mails.ts';

/** What to take in. */
export interface IngestOrder {
  /** With `.eml` files. */
  readonly folder: string;
  /** Path of the database, not there yet. */
  readonly database: string;
  /** Files taken in before the clock starts. */
  readonly warmUp: number;
  readonly check: NonNullable<IntakeOptions['check']>;
  readonly keys: KeyRecords;
}

/** What came of it. */
export interface Ingested {
  readonly reports: number;
  readonly seconds: number;
  /** Octets. */
  readonly rss: number;
}

/** As many are under way at once, as in `smtp-sts report import`. */
const WIDTH = 128;

process.send?.({});
serveOrders(ingest);

async function ingest(order: IngestOrder): Promise<Ingested> {
  const { folder, database, warmUp, keys } = order;
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => join(folder, name));
  const store = await openStore(`sqlite:${database}`);
  const records = Object.entries(keys).map(([name, text]) => [name, { TXT: [text] }]);
  const { receive } = loadConfig({}).value!.reporting;
  const settings = { ...receive, domains: ['*'], unauthenticated: 'count' } as const;
  const common = { clock: systemClock, log: silentLog, settings: () => settings };
  const archive = createArchive({ store, ...common });
  const resolver = mapResolver({ records: Object.fromEntries(records) as never });
  const intake = createIntake({ archive, resolver, check: order.check, ...common });
  await takeAll(intake, paths.slice(0, warmUp));
  const start = performance.now();
  await takeAll(intake, paths.slice(warmUp));
  await archive.idle();
  const seconds = (performance.now() - start) / 1000;
  await checkCounted(store, paths.length, order.check);
  const { rss } = costOf(process.pid);
  await store.close();
  return { reports: paths.length - warmUp, seconds, rss };
}

async function takeAll(intake: Intake, paths: readonly string[]): Promise<void> {
  const rest = paths.values();
  const worker = async (): Promise<void> => {
    for (const path of rest) {
      const result = await intake.file(await readFile(path), {
        way: 'file',
        fileName: basename(path),
      });
      if (result.kind !== 'reports') throw new Error(`${path}: ${result.failure.detail}`);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

/** Speed counts only for work that was done. */
async function checkCounted(
  store: Store,
  reports: number,
  check: IngestOrder['check'],
): Promise<void> {
  const rows = await store.db
    .selectFrom('received_report')
    .select(['state', 'verified', ({ fn }) => fn.countAll<number>().as('reports')])
    .groupBy(['state', 'verified'])
    .execute();
  const [row, ...others] = rows;
  const isProven = check === 'nothing' || row?.verified === 1;
  if (others.length > 0 || row?.state !== 'counted' || row.reports !== reports || !isProven) {
    throw new Error(`${reports} reports were to be counted: ${JSON.stringify(rows)}`);
  }
}
