/**
 * Slots for fetches under way at once. Someone who waits for an answer goes before the daily refresh.
 *
 * @module
 */

/** Who goes first. */
export type Urgency = 'waited-for' | 'background';

/** A bounded number of tasks at a time. */
export interface FetchSlots {
  run<T>(urgency: Urgency, task: () => Promise<T>): Promise<T>;
  readonly underWay: number;
}

/** @param slots how many tasks run at once */
export function createFetchSlots(slots: number): FetchSlots {
  const waiting: Record<Urgency, (() => void)[]> = { 'waited-for': [], background: [] };
  let underWay = 0;
  const enter = async (urgency: Urgency): Promise<void> => {
    if (underWay < slots) {
      underWay += 1;
      return;
    }
    // The slot is handed over, so the number under way stays as it is.
    await new Promise<void>((resolve) => {
      waiting[urgency].push(resolve);
    });
  };
  const leave = (): void => {
    const next = waiting['waited-for'].shift() ?? waiting.background.shift();
    if (next === undefined) underWay -= 1;
    else next();
  };
  return {
    async run(urgency, task) {
      await enter(urgency);
      try {
        return await task();
      } finally {
        leave();
      }
    },
    get underWay() {
      return underWay;
    },
  };
}
