/**
 * One answer to what may have been several reports.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { ArchiveResult } from '../types.ts';
import type { IntakeResult, TakenReport } from './types.ts';

/** What whoever handed it over is told. */
export type Verdict =
  /** At least one report is in the archive now. */
  | { readonly kind: 'kept'; readonly reports: number }
  /** All were there already. */
  | { readonly kind: 'known' }
  /** None is about a domain of ours. */
  | { readonly kind: 'foreign'; readonly failure: Failure }
  /** The sender has had its share for today. */
  | { readonly kind: 'over-quota'; readonly failure: Failure }
  | { readonly kind: 'not-a-report' | 'refused' | 'later'; readonly failure: Failure };

/** The best that befell any report of a message or file. */
export function verdictOf(taken: IntakeResult): Verdict {
  if (taken.kind !== 'reports') return taken;
  const { results } = taken;
  const kept = results.filter(({ result }) => result !== undefined && isKept(result)).length;
  if (kept > 0) return { kind: 'kept', reports: kept };
  if (results.some(({ result }) => result?.kind === 'duplicate')) return { kind: 'known' };
  if (results.some(({ result }) => result?.kind === 'over-quota')) return OVER_QUOTA;
  const foreign = results.flatMap(({ result }) =>
    result?.kind === 'unknown-domain' ? result.domains : [],
  );
  if (foreign.length > 0) return { kind: 'foreign', failure: foreignFailure(foreign) };
  return { kind: 'refused', failure: whyRefused(results) };
}

function isKept({ kind }: ArchiveResult): boolean {
  switch (kind) {
    case 'stored':
    case 'conflict':
    case 'replaced':
    case 'not-counted':
      return true;
    case 'duplicate':
    case 'unknown-domain':
    case 'over-quota':
      return false;
  }
}

const OVER_QUOTA: Verdict = {
  kind: 'over-quota',
  failure: {
    code: 'REPORT_RECEIVER_OVER_QUOTA',
    detail: 'as many reports of this sender as are kept in a day have come today',
  },
};

/** Domains that are named; a report may be about thousands. */
const MAX_NAMED = 3;

function foreignFailure(domains: readonly string[]): Failure {
  const named = domains.slice(0, MAX_NAMED).map((domain) => printable(domain, 255));
  const more = domains.length > MAX_NAMED ? ` and ${domains.length - MAX_NAMED} more` : '';
  return {
    code: 'REPORT_RECEIVER_UNKNOWN_DOMAIN',
    detail: `no reports are taken here about ${named.join(', ')}${more}`,
  };
}

function whyRefused(results: readonly TakenReport[]): Failure {
  const failure = results.find((one) => one.failure !== undefined)?.failure;
  if (failure !== undefined) return failure;
  const problem = results
    .flatMap(({ reading }) => reading.problems)
    .find(({ severity }) => severity === 'error');
  if (problem !== undefined) return { code: problem.code, detail: problem.message };
  return { code: 'REPORT_RECEIVER_UNREADABLE', detail: 'no report in it can be read' };
}
