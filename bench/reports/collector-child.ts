/**
 * Counts what comes to a datagram socket, into a store on a file.
 *
 * Arguments: the path of the socket, the path of the database.
 *
 * @module
 */
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { silentLog } from '../../src/log/log.ts';
import { startDatagramSocket } from '../../src/reporting/tally/datagram-socket.ts';
import { createTally } from '../../src/reporting/tally/tally.ts';
import { openStore } from '../../src/store/open-store.ts';
import { preciseNow, serveOrders } from '../relay/children.ts';
import { costOf } from '../relay/processes.ts';

/** What to do. */
export type CollectorOrder =
  /** Until so many sessions were counted in all, and are in the store. */
  { readonly kind: 'await'; readonly sessions: number } | { readonly kind: 'close' };

/** What was counted. */
export interface Counted {
  /** In the store. */
  readonly sessions: number;
  readonly invalid: number;
  /** How often the reader had to wait for us. */
  readonly stalls: number;
  /** When all of it was in the store; milliseconds since the Unix epoch. */
  readonly at: number;
  /** Octets, of all processes. */
  readonly rss: number;
}

/** With nothing new for so long, nothing more will come. */
const PATIENCE_MS = 3_000;
const LOOK_MS = 2;

const [path = '', database = ''] = process.argv.slice(2);
const { flushMs } = loadConfig({}).value!.reporting.tally;
const common = { clock: systemClock, log: silentLog };
const store = await openStore(`sqlite:${database}`);
const tally = createTally({ store, flushMs, ...common });
const socket = await startDatagramSocket({
  path,
  mode: 0o600,
  owner: '',
  onResults: (results) => {
    for (const result of results) tally.count(result);
  },
  onInvalid: () => undefined,
  ...common,
});

process.send?.({});
serveOrders(async (order: CollectorOrder): Promise<Counted> => {
  if (order.kind === 'await') await counted(order.sessions);
  else await socket.close();
  await tally.flush();
  const at = preciseNow();
  const sessions = await stored();
  const { invalid, stalls } = socket.stats();
  const { rss } = costOf(process.pid);
  if (order.kind === 'close') {
    await tally.close();
    await store.close();
  }
  return { sessions, invalid, stalls, at, rss };
});

async function counted(sessions: number): Promise<void> {
  let last = tally.stats().sessions;
  let quietMs = 0;
  while (last < sessions && quietMs < PATIENCE_MS) {
    await systemClock.sleep(LOOK_MS);
    const now = tally.stats().sessions;
    quietMs = now === last ? quietMs + LOOK_MS : 0;
    last = now;
  }
}

async function stored(): Promise<number> {
  const row = await store.db
    .selectFrom('tally_count')
    .select(({ fn }) => [
      fn.sum<number | null>('successes').as('successes'),
      fn.sum<number | null>('failures').as('failures'),
    ])
    .executeTakeFirst();
  return (row?.successes ?? 0) + (row?.failures ?? 0);
}
