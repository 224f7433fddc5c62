/**
 * The thread that understands reports. It gets lists of sources and answers each with a parcel.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Log, silentLog } from '../../log/log.ts';
import { packParcel, type Parcel } from './parcel.ts';
import type { ReportSource, UnderstandSettings } from './types.ts';
import { createUnderstander } from './understand.ts';

/** What the thread says. */
export type WorkerWord =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly number: number; readonly parcel: Parcel }
  | { readonly kind: 'error'; readonly fields: object; readonly message: string };

/** What it is asked. */
export interface WorkerOrder {
  readonly number: number;
  readonly sources: readonly ReportSource[];
}

if (parentPort !== null) serve(parentPort);

function serve(port: NonNullable<typeof parentPort>): void {
  const say = (word: WorkerWord, handedOver: readonly ArrayBuffer[] = []): void =>
    port.postMessage(word, handedOver);
  const log: Log = {
    ...silentLog,
    error: (fields, message) => say({ kind: 'error', fields, message }),
  };
  const understander = createUnderstander(workerData as UnderstandSettings, log);
  port.on('message', ({ number, sources }: WorkerOrder) => {
    void understander.understand(sources).then((all) => {
      const parcel = packParcel(all);
      say({ kind: 'done', number, parcel }, [parcel.octets]);
    });
  });
  say({ kind: 'ready' });
}
