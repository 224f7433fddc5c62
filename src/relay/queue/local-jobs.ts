/**
 * The jobs that this process works on, or is about to take: no job is worked on twice, even where
 * another node took this one for dead meanwhile.
 *
 * @module
 */
import { keyText } from './settle.ts';
import type { JobKey } from './types.ts';

/** Keys of jobs in this process. */
export interface LocalJobs {
  /** False where the job is here already. */
  add(key: JobKey, tenure: number): boolean;
  /** It was seen in this tenure that the job is this node's; one that is not here stays away. */
  confirm(key: JobKey, tenure: number): void;
  /** When it was last known that the job is this node's; undefined: it is not here. */
  tenureOf(key: JobKey): number | undefined;
  remove(key: JobKey): void;
  has(key: JobKey): boolean;
  /**
   * Of the keys that stand as taken by this node, those that it knows nothing of, and knew nothing
   * of at the look before either: whatever was under way then has ended.
   */
  strays(taken: readonly JobKey[]): readonly JobKey[];
}

/** None yet. */
export function createLocalJobs(): LocalJobs {
  const here = new Map<string, number>();
  let unknown: ReadonlySet<string> = new Set();
  return {
    add(key, tenure) {
      const text = keyText(key);
      if (here.has(text)) return false;
      here.set(text, tenure);
      return true;
    },
    confirm(key, tenure) {
      const text = keyText(key);
      if (here.has(text)) here.set(text, tenure);
    },
    tenureOf: (key) => here.get(keyText(key)),
    remove(key) {
      here.delete(keyText(key));
    },
    has: (key) => here.has(keyText(key)),
    strays(taken) {
      const now = taken.filter((key) => !here.has(keyText(key)));
      const before = unknown;
      unknown = new Set(now.map(keyText));
      return now.filter((key) => before.has(keyText(key)));
    },
  };
}
