/**
 * A process that does nothing but hold policies: starts from the SQLite file, tells how long that
 * took and how large it is.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log/log.ts';
import { createStsPolicies } from '../../src/mta-sts/policies.ts';
import { openStore } from '../../src/store/open-store.ts';
import { defaultConfig } from './bench-config.ts';
import { domainName } from './lab-process.ts';

/** What the process tells. */
export interface HeldPolicies {
  readonly startSeconds: number;
  readonly rssBytes: number;
}

const LOOK_EVERY_MS = 5;

const [path = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const start = performance.now();
const store = await openStore(`sqlite:${path}`);
const policies = createStsPolicies({
  resolver: { lookup: () => Promise.reject(new Error('no DNS here')) },
  fetcher: { fetch: () => Promise.reject(new Error('no HTTPS here')) },
  store,
  clock: systemClock,
  log: silentLog,
  settings: { ...defaultConfig().mtaSts, maxEntries: count },
});
policies.start();
while (policies.stats().entries < count) await sleep(LOOK_EVERY_MS);
const startSeconds = (performance.now() - start) / 1000;
const last = policies.peek(domainName(count - 1));
if (last?.kind !== 'policy') throw new Error('the last policy is not at hand');
process.send?.({ startSeconds, rssBytes: process.memoryUsage.rss() } satisfies HeldPolicies);
await policies.close();
await store.close();
