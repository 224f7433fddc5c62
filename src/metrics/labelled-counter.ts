/**
 * Counters on the way of every message: kept in plain numbers and handed over at a scrape, since
 * a labelled counter costs more than what it counts.
 *
 * @module
 */
import { Counter, type Registry } from 'prom-client';

/** A counter with one label, and its values: each series is there from the start, with 0. */
export interface LabelledCounterOptions<V extends string> {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly values: readonly V[];
}

/** Registers a counter. @returns counts under a value */
export function labelledCounter<V extends string>(
  registers: Registry[],
  { name, help, label, values }: LabelledCounterOptions<V>,
): (value: V, count?: number) => void {
  const counts = new Map<V, number>(values.map((value) => [value, 0]));
  const counter: Counter = new Counter({
    name,
    help,
    labelNames: [label],
    registers,
    collect: () => {
      counter.reset();
      for (const [value, count] of counts) counter.inc({ [label]: value }, count);
    },
  });
  return (value, count = 1) => {
    counts.set(value, (counts.get(value) ?? 0) + count);
  };
}
