/**
 * The log of reports: each with each of its places, and what came of them.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';
import type { TargetState } from './types.ts';

/** A place of a report, and how far it is. */
export interface LoggedTarget {
  readonly number: number;
  readonly kind: 'mailto' | 'https';
  /** The address, or the URL. */
  readonly target: string;
  readonly state: TargetState;
  readonly attempts: number;
  /** Of `waiting`: milliseconds since the Unix epoch. */
  readonly nextAt?: number;
  /** A node works on it now. */
  readonly isUnderWay: boolean;
  /** Of the newest attempt or decision. */
  readonly last?: { readonly at: number; readonly code: string; readonly text: string };
}

/** A report. */
export interface LoggedReport {
  readonly reportId: string;
  readonly day: UtcDay;
  readonly domain: string;
  /** `delivered`: one place at least has it. `suppressed`: it went nowhere, and was to go nowhere. */
  readonly state: 'waiting' | 'delivered' | 'failed' | 'suppressed';
  readonly madeAt: number;
  readonly madeBy: string;
  readonly policies: number;
  readonly successes: number;
  readonly failures: number;
  readonly record: string;
  readonly targets: readonly LoggedTarget[];
}

/** A domain that got no report although sessions were counted, or not yet. */
export interface LoggedSubject {
  readonly day: UtcDay;
  readonly domain: string;
  readonly state: 'due' | 'no-record' | 'skipped' | 'nothing' | 'given-up';
  readonly dueAt: number;
  readonly note: string;
}

/** Which reports. */
export interface SendLogFilter {
  readonly domain?: string;
  readonly reportId?: string;
  /** This day and later ones. */
  readonly fromDay: UtcDay;
  /** Those alone that no place has yet, or of which a place did not take it. */
  readonly failed?: boolean;
  /** When it is asked, milliseconds since the Unix epoch. */
  readonly now: number;
}

const FAILED: ReadonlySet<TargetState> = new Set(['refused', 'expired', 'over-limit']);

/** The reports, newest day first, then by domain. */
export async function readSendLog(
  store: Store,
  filter: SendLogFilter,
): Promise<readonly LoggedReport[]> {
  const { domain, reportId, fromDay, now } = filter;
  const reports = await store.db
    .selectFrom('report_outbox')
    .select(['report_id', 'day', 'domain', 'state', 'made_at', 'made_by'])
    .select(['policies', 'successes', 'failures', 'record'])
    .where('day', '>=', fromDay)
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain ?? ''))
    .$if(reportId !== undefined, (query) => query.where('report_id', '=', reportId ?? ''))
    .orderBy('day', 'desc')
    .orderBy('domain')
    .execute();
  const targets = await readTargets(store, filter, now);
  return reports
    .map((row): LoggedReport => {
      const { report_id: reportId, made_at: madeAt, made_by: madeBy, ...rest } = row;
      const its = targets.get(reportId) ?? [];
      const state = stateOf(row.state, its);
      return { reportId, madeAt, madeBy, ...rest, state, targets: its };
    })
    .filter((report) => filter.failed !== true || isFailed(report));
}

/** A report that no place was to get has not failed: nobody need look at it. */
function stateOf(
  stored: 'waiting' | 'delivered' | 'failed',
  targets: readonly LoggedTarget[],
): LoggedReport['state'] {
  const isMeant = targets.length > 0 && targets.every(({ state }) => state === 'suppressed');
  return stored === 'failed' && isMeant ? 'suppressed' : stored;
}

function isFailed({ state, targets }: LoggedReport): boolean {
  const hasTrouble = targets.some(
    (each) => FAILED.has(each.state) || (each.state === 'waiting' && each.attempts > 0),
  );
  return state === 'failed' || hasTrouble;
}

async function readTargets(
  store: Store,
  { domain, reportId, fromDay }: SendLogFilter,
  now: number,
): Promise<ReadonlyMap<string, readonly LoggedTarget[]>> {
  const rows = await store.db
    .selectFrom('report_target')
    .innerJoin('report_outbox', 'report_outbox.report_id', 'report_target.report_id')
    .selectAll('report_target')
    .where('report_outbox.day', '>=', fromDay)
    .$if(domain !== undefined, (query) => query.where('report_outbox.domain', '=', domain ?? ''))
    .$if(reportId !== undefined, (query) =>
      query.where('report_target.report_id', '=', reportId ?? ''),
    )
    .orderBy('report_target.report_id')
    .orderBy('report_target.number')
    .execute();
  const byReport = new Map<string, LoggedTarget[]>();
  for (const row of rows) {
    const target: LoggedTarget = {
      number: row.number,
      kind: row.kind,
      target: row.target,
      state: row.state,
      attempts: row.attempts,
      ...(row.state === 'waiting' ? { nextAt: row.next_at } : {}),
      isUnderWay: row.claimed_until !== null && row.claimed_until > now,
      ...(row.last_at === 0
        ? {}
        : { last: { at: row.last_at, code: row.last_code, text: row.last_text } }),
    };
    byReport.set(row.report_id, [...(byReport.get(row.report_id) ?? []), target]);
  }
  return byReport;
}

/** The domains of these days for which no report was made, newest day first. */
export async function readSubjects(
  store: Store,
  { domain, fromDay }: Pick<SendLogFilter, 'domain' | 'fromDay'>,
): Promise<readonly LoggedSubject[]> {
  const rows = await store.db
    .selectFrom('report_subject')
    .select(['day', 'domain', 'state', 'due_at', 'note'])
    .where('day', '>=', fromDay)
    .where('state', '!=', 'made')
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain ?? ''))
    .orderBy('day', 'desc')
    .orderBy('domain')
    .execute();
  return rows.flatMap(({ due_at: dueAt, state, ...row }) =>
    state === 'made' ? [] : [{ ...row, state, dueAt }],
  );
}

/** The very report that left, or will: packed as it is sent. Undefined where there is none of that id. */
export async function readSentReport(
  store: Store,
  reportId: string,
): Promise<Uint8Array | undefined> {
  const row = await store.db
    .selectFrom('report_outbox')
    .select('content')
    .where('report_id', '=', reportId)
    .executeTakeFirst();
  return row === undefined ? undefined : new Uint8Array(row.content);
}

/** How far the making of reports is. */
export interface MakingState {
  /** A report was made, lately or long ago. */
  readonly hasMade: boolean;
  /** Domains whose turn is still to come. */
  readonly due: number;
  /** Of the first of them: milliseconds since the Unix epoch. */
  readonly nextAt?: number;
}

/** Looks how far it is. */
export async function readMakingState(store: Store): Promise<MakingState> {
  const made = await store.db
    .selectFrom('report_outbox')
    .select('report_id')
    .limit(1)
    .executeTakeFirst();
  const { due, nextAt } = await store.db
    .selectFrom('report_subject')
    .select((is) => [
      is.fn.countAll<number>().as('due'),
      is.fn.min<number | null>('due_at').as('nextAt'),
    ])
    .where('state', '=', 'due')
    .executeTakeFirstOrThrow();
  return { hasMade: made !== undefined, due, ...(nextAt === null ? {} : { nextAt }) };
}
