/**
 * Keeping a report to a size that every receiver takes: the rarest kinds are summed up, no session
 * is left out of the totals.
 *
 * @module
 */
import type { ResultType } from '../../failure.ts';
import type { FailureDetail, PolicyResult } from '../../tlsrpt/report.ts';
import type { ReportCut, ReportLimits } from './types.ts';

/** About 2 MB of JSON at the worst, which is some 100 kB packed. */
export const REPORT_LIMITS: ReportLimits = { policies: 500, details: 5_000 };

/** The policies of a report, and what was summed up. */
export interface LimitedPolicies {
  readonly policies: readonly PolicyResult[];
  readonly cut: ReportCut;
}

/** Cuts what is too much: policies first, then kinds of failures. The order of what stays is kept. */
export function limitPolicies(
  all: readonly PolicyResult[],
  limits: ReportLimits = REPORT_LIMITS,
): LimitedPolicies {
  const policies = foldPolicies(all, limits.policies);
  const [details, kinds] = limitDetails(policies, limits.details);
  return { policies: details, cut: { policies: all.length - policies.length, details: kinds } };
}

/**
 * A policy that changes all day is many. Those with the fewest sessions go into the most used one
 * of the same type and domain; their failures say that they were under another text.
 */
function foldPolicies(all: readonly PolicyResult[], most: number): readonly PolicyResult[] {
  if (all.length <= most) return all;
  const byUse = all.toSorted((a, b) => sessions(b) - sessions(a));
  const kept = new Set(byUse.slice(0, most));
  const heirs = new Map<string, PolicyResult>();
  for (const result of kept) {
    const key = kindOf(result);
    if (!heirs.has(key)) heirs.set(key, result);
  }
  const gains = new Map<PolicyResult, PolicyResult[]>();
  for (const result of byUse.slice(most)) {
    const heir = heirs.get(kindOf(result));
    if (heir === undefined) {
      // The first of its kind among the rare ones stands for the others.
      heirs.set(kindOf(result), result);
      kept.add(result);
    } else {
      gains.set(heir, [...(gains.get(heir) ?? []), result]);
    }
  }
  return all
    .filter((result) => kept.has(result))
    .map((result) => (gains.get(result) ?? []).reduce(fold, result));
}

function kindOf({ policy }: PolicyResult): string {
  return `${policy.type} ${policy.domain}`;
}

function sessions({ successes, failures }: PolicyResult): number {
  return successes + failures;
}

function fold(into: PolicyResult, other: PolicyResult): PolicyResult {
  return {
    policy: into.policy,
    successes: into.successes + other.successes,
    failures: into.failures + other.failures,
    details: [...into.details, ...summedUp(other.details, other.failures, 'other-policy-text')],
  };
}

/** @returns the policies, and how many kinds were summed up */
function limitDetails(
  policies: readonly PolicyResult[],
  most: number,
): readonly [readonly PolicyResult[], number] {
  const counts = policies.flatMap(({ details }) => details.map(({ count }) => count));
  if (counts.length <= most) return [policies, 0];
  counts.sort((a, b) => b - a);
  const least = counts[most - 1] ?? 0;
  // Of those that are exactly as frequent as the last one that fits, the first ones are taken.
  let room = most - counts.filter((count) => count > least).length;
  const limited = policies.map((result) => {
    const cut: FailureDetail[] = [];
    const kept = result.details.filter((detail) => {
      const fits = detail.count > least || (detail.count === least && room > 0);
      if (detail.count === least && fits) room -= 1;
      if (!fits) cut.push(detail);
      return fits;
    });
    if (cut.length === 0) return result;
    const rest = summedUp(cut, result.failures, `not-itemised-kinds-${cut.length}`);
    return { ...result, details: [...kept, ...rest] };
  });
  return [limited, counts.length - most];
}

/** One detail for each result type; a session that failed in two ways must not count twice. */
function summedUp(
  details: readonly FailureDetail[],
  failures: number,
  reasonCode: string,
): readonly FailureDetail[] {
  const sums = new Map<ResultType, number>();
  for (const { resultType, count } of details) {
    sums.set(resultType, (sums.get(resultType) ?? 0) + count);
  }
  return Array.from(sums, ([resultType, sum]) => ({
    resultType,
    count: Math.min(sum, failures),
    reasonCode,
  }));
}
