/**
 * One node of the service in a process of its own, on a clock that its parent puts forward.
 *
 * @module
 */
import type { Config } from '../../src/config/types.ts';
import { createShiftingClock } from '../../src/lab/shifting-clock.ts';
import { createLog } from '../../src/log/log.ts';
import { startService } from '../../src/serve.ts';

/** What the parent orders. */
export type NodeOrder = { readonly kind: 'skip'; readonly ms: number } | { readonly kind: 'stop' };

/** What the parent is told. */
export type NodeWord =
  | {
      readonly kind: 'listening';
      readonly socketmapPort: number;
      readonly url: string;
    }
  /** Could not start. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** An order to skip has been carried out. */
  | { readonly kind: 'skipped' };

const config = JSON.parse(process.argv[2] ?? '') as Config;
const clock = createShiftingClock();
const tell = (word: NodeWord): void => void process.send?.(word);

try {
  const service = await startService({ config, clock, log: createLog(config.log.level) });
  const urlOf = (face: string): string =>
    service.listening.find((each) => each.face === face)?.url ?? '';
  process.on('message', (order: NodeOrder) => {
    switch (order.kind) {
      case 'skip':
        clock.skip(order.ms);
        tell({ kind: 'skipped' });
        break;
      case 'stop':
        void service.close().then(() => {
          clock.stop();
          process.disconnect();
        });
        break;
    }
  });
  tell({
    kind: 'listening',
    socketmapPort: Number(urlOf('socketmap').split(':').at(-1)),
    url: urlOf('HTTP API'),
  });
} catch (error) {
  tell({ kind: 'failed', reason: String(error) });
  process.disconnect();
}
