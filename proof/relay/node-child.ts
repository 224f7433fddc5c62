/**
 * The whole service with its relay, in a process that can be killed, on a clock that its parent puts
 * forward.
 *
 * Arguments: the configuration as JSON; how far ahead its clock begins, milliseconds.
 *
 * @module
 */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import type { Config } from '../../src/config/types.ts';
import { createLog } from '../../src/log/log.ts';
import { startService } from '../../src/serve.ts';
import { createJumpingClock } from '../fault/jumping-clock.ts';

/** What the parent orders. */
export type NodeOrder =
  | { readonly kind: 'skip'; readonly ms: number }
  /** Sets the wall clock; no timer notices. */
  | { readonly kind: 'jump'; readonly ms: number }
  | { readonly kind: 'measure' }
  /** Leaves so many octets free on the disk of this file, or removes it. */
  | { readonly kind: 'fill'; readonly file: string; readonly leave: number }
  | { readonly kind: 'make-room'; readonly file: string }
  | { readonly kind: 'stop' };

/** What the parent is told. */
export type NodeWord =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'measured'; readonly rss: number }
  | { readonly kind: 'done' };

const config = JSON.parse(process.argv[2] ?? '') as Config;
const clock = createJumpingClock();
clock.pass(Number(process.argv[3] ?? 0));
const tell = (word: NodeWord): void => void process.send?.(word);
process.on('disconnect', () => process.exit());

const service = await startService({ config, clock, log: createLog(config.log.level) });
process.on('message', (order: NodeOrder) => {
  switch (order.kind) {
    case 'skip':
      clock.pass(order.ms);
      tell({ kind: 'done' });
      break;
    case 'jump':
      clock.jump(order.ms);
      tell({ kind: 'done' });
      break;
    case 'measure':
      globalThis.gc?.();
      tell({ kind: 'measured', rss: process.memoryUsage.rss() });
      break;
    case 'fill':
      fill(order.file, order.leave);
      tell({ kind: 'done' });
      break;
    case 'make-room':
      rmSync(order.file, { force: true });
      tell({ kind: 'done' });
      break;
    case 'stop':
      void service.close().then(() => process.exit(0));
      break;
  }
});
const url = service.listening.find(({ face }) => face === 'relay')?.url ?? '';
tell({ kind: 'listening', port: Number(url.split(':').at(-1)) });

function fill(file: string, leave: number): void {
  const { bavail, bsize } = statfsSync(new URL('.', `file://${file}`).pathname);
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
}
