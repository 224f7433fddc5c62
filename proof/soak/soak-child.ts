/**
 * The service under load, in a process of its own that can say how much memory it holds.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config/types.ts';
import { silentLog } from '../../src/log/log.ts';
import { startService } from '../../src/serve.ts';

/** What the process holds. Octets. */
export interface Holding {
  readonly heap: number;
  readonly rss: number;
  /** Open file descriptors. */
  readonly files: number;
}

/** The first word: where the map is. */
export interface Started {
  readonly port: number;
}

const config = JSON.parse(process.argv[2] ?? '') as Config;
const service = await startService({ config, clock: systemClock, log: silentLog });
process.on('disconnect', () => process.exit());
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const files = readdirSync('/proc/self/fd').length;
  process.send?.({ heap: heapUsed, rss, files } satisfies Holding);
});
const url = service.listening.find(({ face }) => face === 'socketmap')?.url ?? '';
process.send?.({ port: Number(url.split(':').at(-1)) } satisfies Started);
