/**
 * Faults of an input, line by line: the first ones are told, all are counted.
 *
 * @module
 */
import { complain, type Io } from './io.ts';
import { shown } from './text/format.ts';

/** What was wrong so far. */
export interface Faults {
  readonly count: number;
  tell(fault: string): void;
}

/** Faults that are told one by one. */
const MOST_FAULTS = 20;

/** Makes one without any. */
export function createFaults(io: Io): Faults {
  let count = 0;
  return {
    get count() {
      return count;
    },
    tell(fault) {
      count += 1;
      if (count <= MOST_FAULTS) complain(io, shown(fault));
      if (count === MOST_FAULTS + 1) complain(io, 'More faults are counted, not told.');
    },
  };
}
