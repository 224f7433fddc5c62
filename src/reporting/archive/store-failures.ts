/**
 * Reports that the store did not take, told of once for each transaction: thousands share one.
 *
 * @module
 */
import type { Log } from '../../log/log.ts';
import { reasonOf } from '../../store/store-error.ts';

/** Hears of each report that was not stored, and tells of all with the same cause at once. */
export interface StoreFailures {
  /** `error`: the same object for all reports of a transaction that failed. */
  note(error: unknown): void;
}

/** Nothing failed so far. */
export function createStoreFailures(log: Log): StoreFailures {
  const counts = new Map<unknown, number>();
  const tell = (error: unknown): void => {
    const reports = counts.get(error) ?? 0;
    counts.delete(error);
    const what = reports === 1 ? 'a received report' : `${reports} received reports`;
    const reason = reasonOf(error);
    log.warn({ code: 'REPORT_INTAKE_STORE', reason, reports }, `${what} could not be stored`);
  };
  return {
    note(error) {
      const count = counts.get(error) ?? 0;
      counts.set(error, count + 1);
      // All of a transaction are rejected in one go, so the others are noted before this runs; and
      // whoever waits for the first hears of it after the log.
      if (count === 0) queueMicrotask(() => tell(error));
    },
  };
}
