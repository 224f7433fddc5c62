/**
 * Failure details beyond what is kept apart of a report that nobody proved.
 *
 * @module
 */
import type { ReceivedDetail, ReceivedPolicyResult } from '../../tlsrpt/report.ts';
import type { IncomingReport } from '../types.ts';

/** Details that are kept of such a report. One of a large sender that is meant well has some dozens. */
const MOST_DETAILS = 1_000;

/**
 * The report as it is stored: of one that is not proven the first details stay, the others of a
 * policy are joined by their result type. All numbers of sessions stay as they are, and the octets
 * as they came hold all of it.
 */
export function cutDetails<
  T extends Pick<IncomingReport, 'report' | 'authenticity' | 'deviations'>,
>(incoming: T): T {
  const { report, authenticity, deviations } = incoming;
  let count = 0;
  for (const { details } of report.policies) count += details.length;
  if (authenticity.kind === 'verified' || count <= MOST_DETAILS) return incoming;
  let left = MOST_DETAILS;
  const policies = report.policies.map((result): ReceivedPolicyResult => {
    const kept = result.details.slice(0, left);
    left -= kept.length;
    return { ...result, details: [...kept, ...joined(result.details.slice(kept.length))] };
  });
  return {
    ...incoming,
    report: { ...report, policies },
    deviations: [...deviations, 'REPORT_ARCHIVE_DETAILS_CUT'],
  };
}

function joined(details: readonly ReceivedDetail[]): readonly ReceivedDetail[] {
  const byType = new Map<ReceivedDetail['resultType'], ReceivedDetail>();
  for (const { resultType, count } of details) {
    const before = byType.get(resultType)?.count ?? 0;
    byType.set(resultType, { resultType, rawResultType: resultType, count: before + count });
  }
  return [...byType.values()];
}
