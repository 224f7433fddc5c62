/**
 * The same policy once, however often a report lists it.
 *
 * @module
 */
import type { Place, ReportNotes } from './read-report-notes.ts';
import type { ReceivedPolicyResult } from './report.ts';

/**
 * Puts together what stands for the same policy: type, domain and text. A policy that was changed
 * in the course of the day is another one and stays apart.
 */
export function mergeSplit(
  entries: readonly { readonly result: ReceivedPolicyResult; readonly at: Place }[],
  notes: ReportNotes,
): readonly ReceivedPolicyResult[] {
  // Nearly all reports have one.
  if (entries.length === 1) return [entries[0]!.result];
  const groups = new Map<string, ReceivedPolicyResult[]>();
  for (const { result, at } of entries) {
    const key = policyKey(result);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [result]);
    } else {
      notes.add('TLSRPT_REPORT_POLICY_SPLIT', at, 'the same policy stands before; added to it');
      group.push(result);
    }
  }
  const merged = Array.from(groups.values(), mergeGroup);
  const start = entries[0]?.at;
  if (start !== undefined) noteBeside(merged, { path: 'policies', at: start.at }, notes);
  return merged;
}

function policyKey({ policy }: ReceivedPolicyResult): string {
  const { type, rawType, domain, strings } = policy;
  const lines = Array.from(new Set(strings.map((line) => line.trim()))).sort();
  return JSON.stringify([type, type === 'other' ? rawType : '', domain, lines]);
}

function mergeGroup(group: readonly ReceivedPolicyResult[]): ReceivedPolicyResult {
  const [first] = group;
  if (group.length === 1) return first!;
  return {
    policy: {
      ...first!.policy,
      mxHosts: Array.from(new Set(group.flatMap((result) => result.policy.mxHosts))),
    },
    successes: safeSum(group.map((result) => result.successes)),
    failures: safeSum(group.map((result) => result.failures)),
    details: group.flatMap((result) => result.details),
  };
}

function safeSum(counts: readonly number[]): number {
  const sum = counts.reduce((total, count) => total + count, 0);
  return Math.min(sum, Number.MAX_SAFE_INTEGER);
}

/** Microsoft counts a session under each policy it was held to: allowed (§4), but not to be added up. */
function noteBeside(
  results: readonly ReceivedPolicyResult[],
  place: Place,
  notes: ReportNotes,
): void {
  const sts = new Set<string>();
  for (const result of results) if (result.policy.type === 'sts') sts.add(numbersKey(result));
  for (const result of results) {
    if (result.policy.type !== 'tlsa' || !sts.has(numbersKey(result))) continue;
    const text = `${result.policy.domain} stands under sts and tlsa with the same numbers`;
    notes.add('TLSRPT_REPORT_POLICY_TYPES_BESIDE', place, text);
  }
}

function numbersKey({ policy, successes, failures }: ReceivedPolicyResult): string {
  return `${policy.domain} ${successes} ${failures}`;
}
