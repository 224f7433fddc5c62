/**
 * How much is taken in at once: what a report unpacks to is many times what came.
 *
 * @module
 */

/** Lets few in at a time, the others in the order in which they came. */
export interface Gate {
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** @param atOnce tasks that may run side by side */
export function createGate(atOnce: number): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (running < atOnce) {
      running += 1;
      return;
    }
    // Whoever leaves hands over the place: nobody can slip in between.
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}

/** Octets of reports that are in memory and not taken in yet. */
export interface Budget {
  /** @returns whether there is room; a yes counts */
  take(octets: number): boolean;
  give(octets: number): void;
  readonly held: number;
}

/** @param limit octets that may be held at once */
export function createBudget(limit: number): Budget {
  let held = 0;
  return {
    get held() {
      return held;
    },
    take(octets) {
      // One alone always finds room, however large the settings let it be.
      if (held > 0 && held + octets > limit) return false;
      held += octets;
      return true;
    },
    give(octets) {
      held -= octets;
    },
  };
}
