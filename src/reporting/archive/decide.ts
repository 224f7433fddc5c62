/**
 * What becomes of a report, given the others of the same sender and report-id, and those that say
 * the same under another name.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { ReportState } from '../../store/archive-tables.ts';
import type { IncomingReport } from '../types.ts';

/** A report that is there, or is on its way in. */
export interface KnownReport {
  readonly id: string;
  readonly digest: string;
  readonly isVerified: boolean;
  readonly state: ReportState;
  /** Its details are still there, so that the sums can do without it. */
  readonly hasDetails: boolean;
}

/** The one that comes. */
export interface NewReport {
  readonly digest: string;
  readonly isVerified: boolean;
  /** Its authenticity is enough to be counted. */
  readonly isWorthy: boolean;
}

/** What is to be done. */
export type Decision =
  /** The same is there, as sure or surer. */
  | { readonly kind: 'duplicate'; readonly id: string }
  /** The same is there and was not counted; what came now is reason enough to count it. */
  | { readonly kind: 'promote'; readonly id: string }
  | { readonly kind: 'stored' }
  | { readonly kind: 'not-counted' }
  | { readonly kind: 'conflict'; readonly of: string }
  /** Counts in the place of all of these, the first of which counted so far if any did. */
  | { readonly kind: 'replaced'; readonly all: readonly string[] };

/**
 * Whoever is first counts, unless a proven one comes: anybody may send false numbers under the
 * report-id of another before the true ones arrive.
 */
export function decide(news: NewReport, known: readonly KnownReport[]): Decision {
  const winners = known.filter(({ state }) => state === 'counted');
  const winner = winners[0];
  const twin = known.find(
    ({ digest, isVerified }) => digest === news.digest && (isVerified || !news.isVerified),
  );
  if (twin !== undefined) {
    const isReason =
      news.isWorthy && winner === undefined && twin.state === 'not-counted' && twin.hasDetails;
    return { kind: isReason ? 'promote' : 'duplicate', id: twin.id };
  }
  if (news.isVerified) {
    const lesser = known.filter(
      ({ isVerified, state }) => !isVerified && (state === 'counted' || state === 'not-counted'),
    );
    const fixed = winners.find((each) => each.isVerified || !each.hasDetails);
    if (fixed !== undefined) return { kind: 'conflict', of: fixed.id };
    if (lesser.length > 0) {
      const order = lesser.toSorted((a, b) => rank(a) - rank(b));
      return { kind: 'replaced', all: order.map(({ id }) => id) };
    }
  }
  if (winner !== undefined) return { kind: 'conflict', of: winner.id };
  return { kind: news.isWorthy ? 'stored' : 'not-counted' };
}

const rank = ({ state }: KnownReport): number => (state === 'counted' ? 0 : 1);

/**
 * Is its authenticity enough to be counted? What an operator hands in as a file is, unless its mail
 * was verified and failed: then the setting decides as for everybody.
 */
export function isWorthy(
  { authenticity, way }: Pick<IncomingReport, 'authenticity' | 'way'>,
  { unauthenticated }: Pick<ReportReceiveSettings, 'unauthenticated'>,
): boolean {
  if (authenticity.kind === 'verified' || unauthenticated === 'count') return true;
  return way === 'file' && authenticity.kind === 'unauthenticated';
}
