/**
 * Takes mail files in as `smtp-sts report import` does, threads and all, into a new archive on a file.
 *
 * @module
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { startLabDns } from '../../src/lab/lab-dns.ts';
import { silentLog } from '../../src/log/log.ts';
import { createArchive } from '../../src/reporting/archive/archive.ts';
import {
  createImporter,
  type Importer,
  REPORTS_TOGETHER,
} from '../../src/reporting/import/importer.ts';
import type { UnderstandSettings } from '../../src/reporting/import/types.ts';
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
  readonly check: UnderstandSettings['check'];
  readonly keys: KeyRecords;
}

/** What came of it. */
export interface Ingested {
  readonly reports: number;
  readonly seconds: number;
  /** Octets. */
  readonly rss: number;
}

process.send?.({});
serveOrders(ingest);

async function ingest(order: IngestOrder): Promise<Ingested> {
  const { folder, database, warmUp, keys } = order;
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => join(folder, name));
  const store = await openStore(`sqlite:${database}`);
  const { reporting, dns } = loadConfig({}).value!;
  const receive = { ...reporting.receive, domains: ['*'], unauthenticated: 'count' } as const;
  const common = { clock: systemClock, log: silentLog };
  const archive = createArchive({
    store,
    ...common,
    settings: () => receive,
    together: REPORTS_TOGETHER,
  });
  const lab = await startLabDns();
  lab.zone('test', 'insecure');
  for (const [name, text] of Object.entries(keys))
    lab.add({ name, type: 'TXT', value: piecesOf(text) });
  const resolvers = [`${lab.address}:${lab.port}`];
  const importer = createImporter({
    archive,
    log: silentLog,
    settings: { receive, check: order.check, dns: { ...dns, resolvers } },
    // A long import has its threads for nearly all of it.
    aloneFor: 0,
  });
  await takeAll(importer, paths.slice(0, warmUp));
  const start = performance.now();
  await takeAll(importer, paths.slice(warmUp));
  await archive.idle();
  const seconds = (performance.now() - start) / 1000;
  await checkCounted(store, paths.length, order.check);
  const { rss } = costOf(process.pid);
  await importer.close();
  await lab.close();
  await store.close();
  return { reports: paths.length - warmUp, seconds, rss };
}

/** A string of a TXT record has no more than 255 octets (RFC 1035 §3.3). */
function piecesOf(text: string): readonly string[] {
  return text.match(/.{1,255}/g) ?? [];
}

async function takeAll(importer: Importer, paths: readonly string[]): Promise<void> {
  const sources = paths.map(
    (path) => ({ kind: 'file', path, octets: statSync(path).size }) as const,
  );
  await importer.takeAll(sources, ({ path }, taken) => {
    if (taken.kind !== 'reports') throw new Error(`${path}: ${JSON.stringify(taken)}`);
    return 'go-on';
  });
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
