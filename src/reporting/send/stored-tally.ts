/**
 * What was counted, as the sender reads it.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import { readTally, tallySubjects, tallyTotals } from '../tally/read-tally.ts';
import type { TallyReader } from './types.ts';

/** Reads the counts of the store. */
export function storedTally(store: Store): TallyReader {
  return {
    subjects: async (day) => await tallySubjects(store, day),
    totals: async (day) => await tallyTotals(store, day),
    read: async (subject) => await readTally(store, subject),
  };
}
