/**
 * A store between which and its user the line can be cut.
 *
 * @module
 */
import type { KyselyPlugin } from 'kysely';
import type { Store } from '../../src/store/types.ts';

/** How the line is. */
export type StoreCut =
  | 'none'
  /** Every query fails. */
  | 'down'
  /** Queries are carried out, and nobody hears of it until the line is whole again. */
  | 'frozen';

/** The store and the knife. */
export interface CuttableStore {
  readonly store: Store;
  cut(how: StoreCut): void;
}

/** Wraps a store; closing the wrapper closes it. */
export function cuttableStore(inner: Store): CuttableStore {
  let mode: StoreCut = 'none';
  let waiting: (() => void)[] = [];
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      if (mode === 'down') throw new Error('the line to the database is cut');
      return node;
    },
    async transformResult({ result }) {
      if (mode === 'frozen') {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
      return result;
    },
  };
  return {
    store: { ...inner, db: inner.db.withPlugin(plugin) },
    cut(how) {
      mode = how;
      if (how === 'frozen') return;
      const released = waiting;
      waiting = [];
      for (const release of released) release();
    },
  };
}
