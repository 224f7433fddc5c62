/**
 * Claiming targets whose time has come: each is worked on by one node, and another one takes over
 * when that node does not come back.
 *
 * @module
 */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { Schema, Store } from '../../store/types.ts';
import type { ClaimedTarget } from './types.ts';
import { dayOf } from '../day.ts';

/** Who claims, and how. */
export interface ClaimOptions {
  /** The node; unique to the process. */
  readonly owner: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** How long a claim holds, milliseconds. */
  readonly holdMs: number;
  /** Reports to one place a day, for all domains together (RFC 8460 §7). */
  readonly maxPerTarget: number;
}

/** A target that is due. */
export interface DueTarget {
  readonly reportId: string;
  readonly number: number;
  readonly kind: 'mailto' | 'https';
  readonly place: string;
}

type Free = ExpressionBuilder<Schema, 'report_target'>;

/** Free, or claimed by a node whose time is over, or by a clock that ran ahead. */
function isFree(is: Free, { now, holdMs }: ClaimOptions): Expression<SqlBool> {
  return is.and([
    is('report_target.state', '=', 'waiting'),
    is('report_target.next_at', '<=', now),
    is.or([
      is('report_target.claimed_until', 'is', null),
      is('report_target.claimed_until', '<=', now),
      is('report_target.claimed_until', '>', now + 2 * holdMs),
    ]),
  ]);
}

/** Targets that nobody works on and whose time has come; of one report if it is named. */
export async function dueTargets(
  store: Store,
  options: ClaimOptions,
  which: {
    readonly limit: number;
    /** Places that are busy. */
    readonly without?: readonly string[];
    readonly reportId?: string;
  },
): Promise<readonly DueTarget[]> {
  const { without = [], reportId } = which;
  return await store.db
    .selectFrom('report_target')
    .select(['report_id as reportId', 'number', 'kind', 'place'])
    .where((is) => isFree(is, options))
    .$if(without.length > 0, (query) => query.where('place', 'not in', without))
    .$if(reportId !== undefined, (query) => query.where('report_id', '=', reportId ?? ''))
    .orderBy('next_at')
    .orderBy('report_id')
    .orderBy('number')
    .limit(which.limit)
    .execute();
}

/** Claims a target if it is still free; undefined where another node was quicker. */
export async function claimTarget(
  store: Store,
  due: Pick<DueTarget, 'reportId' | 'number'>,
  options: ClaimOptions,
): Promise<ClaimedTarget | undefined> {
  const { owner, now, holdMs } = options;
  const row = await store.db
    .updateTable('report_target')
    .set({ claimed_by: owner, claimed_until: now + holdMs })
    .where('report_id', '=', due.reportId)
    .where('number', '=', due.number)
    .where((is) => isFree(is, options))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const report = await store.db
    .selectFrom('report_outbox')
    .selectAll()
    .where('report_id', '=', due.reportId)
    .executeTakeFirstOrThrow();
  return {
    reportId: row.report_id,
    number: row.number,
    kind: row.kind,
    target: row.target,
    place: row.place,
    day: report.day,
    domain: report.domain,
    submitter: report.submitter,
    organization: report.organization,
    fileName: report.file_name,
    content: new Uint8Array(report.content),
    attempts: row.attempts,
    firstAt: row.first_at,
  };
}

/** Whether an attempt may be made. */
export type Begun =
  | 'begun'
  /** The place has had its share of today. */
  | 'over-limit'
  /** The claim ran out, and another node may work on it. */
  | 'not-ours';

/**
 * Notes that an attempt is made now, and holds the claim for as long as one may take, unless the
 * place has had its share of today. What was begun before is only gone on with.
 */
export async function beginTarget(
  store: Store,
  { reportId, number, place, firstAt }: ClaimedTarget,
  { owner, now, holdMs, maxPerTarget }: ClaimOptions,
): Promise<Begun> {
  const today = dayOf(now);
  if (firstAt === 0) {
    const had = await store.db
      .selectFrom('report_target')
      .select((is) => is.fn.countAll<number>().as('count'))
      .where('place', '=', place)
      .where('first_day', '=', today)
      .executeTakeFirstOrThrow();
    if (had.count >= maxPerTarget) return 'over-limit';
  }
  const { numUpdatedRows } = await store.db
    .updateTable('report_target')
    .set({
      claimed_until: now + holdMs,
      ...(firstAt === 0 ? { first_at: now, first_day: today } : {}),
    })
    .where('report_id', '=', reportId)
    .where('number', '=', number)
    .where('claimed_by', '=', owner)
    .executeTakeFirst();
  return numUpdatedRows > 0n ? 'begun' : 'not-ours';
}
