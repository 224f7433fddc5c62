/**
 * Counters on the way of every message: kept in plain numbers and handed over at a scrape, since a
 * labelled counter costs more than what it counts.
 *
 * @module
 */
import { Counter, type Registry } from 'prom-client';

/** What to count, and the label sets that can occur. Each is there from the start, with 0. */
export interface PlainCounterOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Values of the labels, in their order, one list for each series. */
  readonly series: readonly (readonly string[])[];
}

/** Registers a counter. @returns counts in the series with these values; others are a bug */
export function plainCounter<L extends string>(
  registers: Registry[],
  options: PlainCounterOptions<L>,
): (values: readonly string[], count?: number) => void {
  const counts = new Map(options.series.map((values) => [values.join(' '), { values, count: 0 }]));
  const counter: Counter<L> = new Counter<L>({
    name: options.name,
    help: options.help,
    labelNames: [...options.labels],
    registers,
    collect: () => {
      counter.reset();
      for (const { values, count } of counts.values()) counter.labels(...values).inc(count);
    },
  });
  return (values, count = 1) => {
    const series = counts.get(values.length === 1 ? values[0]! : values.join(' '));
    if (series === undefined) throw new Error(`${options.name} has no series ${values.join(', ')}`);
    series.count += count;
  };
}

/** One label, and its values. */
export interface LabelledCounterOptions<V extends string> {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly values: readonly V[];
}

/** The same with a single label. */
export function labelledCounter<V extends string>(
  registers: Registry[],
  { name, help, label, values }: LabelledCounterOptions<V>,
): (value: V, count?: number) => void {
  const series = values.map((value) => [value]);
  const count = plainCounter(registers, { name, help, labels: [label], series });
  return (value, times) => count([value], times);
}
