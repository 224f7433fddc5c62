/**
 * What a benchmark says: one figure, and whether it is good enough.
 *
 * @module
 */

/** What a figure must be at least or at most. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** What was measured. */
export interface Measurement {
  readonly figure: string;
  readonly unit: string;
  readonly ours: number;
  /** The same of another product, measured on the same machine. */
  readonly peer?: { readonly name: string; readonly value: number };
  readonly goal?: Goal;
}

/** One line of JSON. `null`: there is none. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** `ours` divided by `peer`. */
  readonly ratio: number | null;
  readonly goal: number | null;
  readonly pass: boolean | null;
}

/** How to measure. */
export interface BenchOptions {
  /** Smaller numbers: shows that the benchmark works, not how fast anything is. */
  readonly quick: boolean;
  /** Of each measurement; absent: as the benchmark sees fit. */
  readonly seconds?: number;
  /** Rows that are wanted; absent: all. */
  readonly rows?: readonly string[];
  /** A folder for profiles of our processes; absent: none are made. */
  readonly profile?: string;
  /** Tells people what else they should know. */
  readonly note: (line: string) => void;
}

/** A benchmark. */
export interface Bench {
  /** `group/name` */
  readonly name: string;
  readonly what: string;
  readonly run: (options: BenchOptions) => Promise<readonly Measurement[]>;
}

/** The line of a measurement. */
export function figureOf(bench: string, measurement: Measurement): Figure {
  const { figure, unit, peer, goal } = measurement;
  const ours = rounded(measurement.ours);
  return {
    bench,
    figure,
    unit,
    ours,
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    ratio: peer === undefined ? null : rounded(measurement.ours / peer.value),
    goal: goal === undefined ? null : bound(goal),
    pass: goal === undefined ? null : meets(measurement.ours, goal),
  };
}

function bound(goal: Goal): number {
  return 'atLeast' in goal ? goal.atLeast : goal.atMost;
}

function meets(value: number, goal: Goal): boolean {
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** Three significant digits say all that a benchmark knows. */
function rounded(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

/** A figure for people. */
export function figureText(figure: Figure, goal: Goal | undefined): string {
  const value = figure.ours.toLocaleString('en');
  const sign = goal !== undefined && 'atLeast' in goal ? '≥' : '≤';
  const wanted = figure.goal === null ? '' : `  (goal ${sign} ${figure.goal.toLocaleString('en')})`;
  const mark = figure.pass === false ? '  FAIL' : '';
  const peer =
    figure.peer === null ? '' : `  ${figure.peerName}: ${rounded(figure.peer)}${ratio(figure)}`;
  return `${figure.figure.padEnd(44)} ${value.padStart(12)} ${figure.unit}${wanted}${peer}${mark}`;
}

function ratio(figure: Figure): string {
  return figure.ratio === null ? '' : ` (× ${figure.ratio})`;
}
