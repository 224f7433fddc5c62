/**
 * Faults of a text as a person reads them.
 *
 * @module
 */
import type { Problem } from '../failure.ts';
import { shown } from './text/format.ts';
import type { Paint } from './text/paint.ts';

/** `, 2 errors, 1 warning`; empty where there are none. */
export function countText(problems: readonly Problem[]): string {
  const counts = (['error', 'warning'] as const)
    .map((severity) => {
      const count = problems.filter((problem) => problem.severity === severity).length;
      return count === 0 ? '' : `${count} ${severity}${count === 1 ? '' : 's'}`;
    })
    .filter((text) => text !== '');
  return counts.length === 0 ? '' : `, ${counts.join(', ')}`;
}

/** Cells before the colon of a mend. */
const MEND_WIDTH = 23;

/** Who can do something, and what. */
export type Mend = readonly [who: string, what: string];

/** One fault in two lines or more: the place, the fault and its code; how to mend it. */
export function problemText(
  problem: Problem,
  paint: Paint,
  mends: readonly Mend[] = [['mend', problem.fix]],
): readonly string[] {
  const style = { error: 'bad', warning: 'warn', info: 'dim' } as const;
  const place = `${problem.line}:${problem.column}`.padEnd(7);
  const severity = paint(style[problem.severity], problem.severity.padEnd(7));
  return [
    `  ${place} ${severity}  ${shown(problem.message)}  ${paint('dim', problem.code)}`,
    ...mends.map(([who, what]) => `${who.padStart(MEND_WIDTH)}: ${shown(what)}`),
  ];
}
