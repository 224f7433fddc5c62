/**
 * Cutting a batch in two, to find the one row that the database refuses.
 *
 * @module
 */
import { countKey } from './pile.ts';
import type { Batch, CountRow } from './types.ts';

/** Sessions that the batch counts; a session under two policies counts twice. */
export function sessionsIn({ counts }: Batch): number {
  return counts.reduce((sum, { successes, failures }) => sum + successes + failures, 0);
}

/** Two halves that count the same together; none where there is nothing left to cut. */
export function halves(batch: Batch): readonly Batch[] {
  const { counts } = batch;
  if (counts.length < 2) return [];
  const middle = counts.length >> 1;
  return [partOf(batch, counts.slice(0, middle)), partOf(batch, counts.slice(middle))];
}

function partOf(batch: Batch, counts: readonly CountRow[]): Batch {
  const keys = new Set(counts.map(countKey));
  const failures = batch.failures.filter((row) => keys.has(countKey(row)));
  const policies = new Set(counts.map(({ policy }) => policy));
  const details = new Set(failures.map(({ detail }) => detail));
  return {
    counts,
    failures,
    policies: batch.policies.filter(({ digest }) => policies.has(digest)),
    details: batch.details.filter(({ digest }) => details.has(digest)),
  };
}
