/**
 * The domains of a day, each with its turn: who must be asked whether a report is wanted, and what
 * came of it.
 *
 * @module
 */
import type { ReportSubjectTable } from '../../store/outbox-tables.ts';
import type { Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';

/** A domain of a day whose turn has come. */
export interface DueSubject {
  readonly day: UtcDay;
  readonly domain: string;
  /** Look-ups that got no answer so far. */
  readonly attempts: number;
  /** When its turn was to come. */
  readonly dueAt: number;
}

/** Rows of one statement: databases take so many values and not more. */
const ROWS_AT_ONCE = 200;

/** The domains of a day that stand in the table already. */
export async function knownDomains(store: Store, day: UtcDay): Promise<ReadonlySet<string>> {
  const rows = await store.db
    .selectFrom('report_subject')
    .select('domain')
    .where('day', '=', day)
    .execute();
  return new Set(rows.map(({ domain }) => domain));
}

/** Adds domains; those that are there already keep what they have. */
export async function addSubjects(
  store: Store,
  day: UtcDay,
  subjects: readonly { readonly domain: string; readonly dueAt: number }[],
): Promise<void> {
  for (let start = 0; start < subjects.length; start += ROWS_AT_ONCE) {
    const rows = subjects
      .slice(start, start + ROWS_AT_ONCE)
      .map(({ domain, dueAt }): ReportSubjectTable => ({
        day,
        domain,
        state: 'due',
        due_at: dueAt,
        attempts: 0,
        note: '',
      }));
    await store.db
      .insertInto('report_subject')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['day', 'domain']).doNothing())
      .execute();
  }
}

/** Those whose turn has come, first come first. */
export async function dueSubjects(
  store: Store,
  now: number,
  limit: number,
): Promise<readonly DueSubject[]> {
  const rows = await store.db
    .selectFrom('report_subject')
    .select(['day', 'domain', 'attempts', 'due_at'])
    .where('state', '=', 'due')
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .orderBy('day')
    .orderBy('domain')
    .limit(limit)
    .execute();
  return rows.map(({ due_at: dueAt, ...row }) => ({ ...row, dueAt }));
}

/** A domain of a day, and what its report says. */
export interface ReportedSubject {
  readonly domain: string;
  readonly reportId: string;
  /** Successes and failures. */
  readonly sessions: number;
}

/** The domains of a day whose report was made, but for those about which something was noted since. */
export async function reportedSubjects(
  store: Store,
  day: UtcDay,
): Promise<readonly ReportedSubject[]> {
  const rows = await store.db
    .selectFrom('report_subject as subject')
    .innerJoin('report_outbox as report', (join) =>
      join.onRef('report.day', '=', 'subject.day').onRef('report.domain', '=', 'subject.domain'),
    )
    .select(['report.domain', 'report.report_id', 'report.successes', 'report.failures'])
    .where('subject.day', '=', day)
    .where('subject.state', '=', 'made')
    .where('subject.note', '=', '')
    .execute();
  return rows.map(({ domain, report_id: reportId, successes, failures }) => ({
    domain,
    reportId,
    sessions: successes + failures,
  }));
}

/** Notes something about a report that was made. @returns false where something is noted already */
export async function noteReported(
  store: Store,
  { day, domain }: Pick<DueSubject, 'day' | 'domain'>,
  note: string,
): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('report_subject')
    .set({ note })
    .where('day', '=', day)
    .where('domain', '=', domain)
    .where('state', '=', 'made')
    .where('note', '=', '')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Writes down what came of a domain. */
export async function settleSubject(
  store: Store,
  { day, domain }: Pick<DueSubject, 'day' | 'domain'>,
  became: Partial<Pick<ReportSubjectTable, 'state' | 'due_at' | 'attempts'>> & { note: string },
): Promise<void> {
  await store.db
    .updateTable('report_subject')
    .set(became)
    .where('day', '=', day)
    .where('domain', '=', domain)
    .where('state', '=', 'due')
    .execute();
}
