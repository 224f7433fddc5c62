/**
 * The outbox: reports that were made, each with the places that it goes to. A report stands there
 * once, whoever makes it however often.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportOutboxTable, ReportTargetTable } from '../../store/outbox-tables.ts';
import type { Schema, Store } from '../../store/types.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import type { UtcDay } from '../types.ts';
import { placeOf, targetText } from './place.ts';
import type { ClaimedTarget } from './types.ts';

/** A report on its way into the outbox. */
export interface NewReport {
  readonly reportId: string;
  readonly day: UtcDay;
  readonly domain: string;
  readonly fileName: string;
  readonly submitter: string;
  readonly organization: string;
  readonly policies: number;
  readonly successes: number;
  readonly failures: number;
  /** The TXT record. */
  readonly record: string;
  /** Packed. */
  readonly content: Uint8Array;
  readonly targets: readonly ReportTarget[];
  readonly mode: 'all' | 'first';
  /** Milliseconds since the Unix epoch. */
  readonly madeAt: number;
  readonly madeBy: string;
  /** Not sent before. */
  readonly sendAt: number;
}

/** Puts a report in. @returns false where it is there already: nothing changes then (RPT-AGG-5) */
export async function addReport(store: Store, report: NewReport): Promise<boolean> {
  return await store.db.transaction().execute(async (transaction) => {
    const { numInsertedOrUpdatedRows = 0n } = await transaction
      .insertInto('report_outbox')
      .values(reportRow(report))
      .onConflict((conflict) => conflict.column('report_id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n) return false;
    await transaction
      .insertInto('report_target')
      .values(report.targets.map((target, number) => targetRow(target, number, report)))
      .execute();
    return true;
  });
}

function reportRow(report: NewReport): ReportOutboxTable {
  return {
    report_id: report.reportId,
    day: report.day,
    domain: report.domain,
    state: 'waiting',
    made_at: report.madeAt,
    made_by: report.madeBy,
    file_name: report.fileName,
    submitter: report.submitter,
    organization: report.organization,
    policies: report.policies,
    successes: report.successes,
    failures: report.failures,
    record: report.record,
    content: report.content,
  };
}

function targetRow(target: ReportTarget, number: number, report: NewReport): ReportTargetTable {
  return {
    report_id: report.reportId,
    number,
    kind: target.kind,
    target: targetText(target),
    place: placeOf(target),
    state: report.mode === 'first' && number > 0 ? 'standby' : 'waiting',
    attempts: 0,
    next_at: report.sendAt,
    first_at: 0,
    first_day: null,
    claimed_by: null,
    claimed_until: null,
    last_at: 0,
    last_code: '',
    last_text: '',
  };
}

/** What became of a target. */
export interface TargetSettlement {
  readonly state: 'waiting' | 'accepted' | 'refused' | 'expired' | 'suppressed' | 'over-limit';
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Of `waiting`: the next attempt. */
  readonly nextAt?: number;
  /** An attempt was made. */
  readonly wasTried: boolean;
  /** '' where it was accepted. */
  readonly code: string;
  readonly text: string;
}

/**
 * Writes down what became of a claimed target, and what follows for the others of its report: where
 * one place is enough, the next one has its turn when one fails. The report is delivered as soon as
 * one place has it, and not before (RFC 8460 §3).
 *
 * @returns false where the claim was not ours any more: nothing changed then
 */
export async function settleTarget(
  store: Store,
  claim: Pick<ClaimedTarget, 'reportId' | 'number'> & { readonly owner: string },
  settlement: TargetSettlement,
): Promise<boolean> {
  return await store.db.transaction().execute(async (transaction) => {
    const { reportId, number, owner } = claim;
    // Locks the report: its last two targets must not each think that the other one is open.
    await transaction
      .updateTable('report_outbox')
      .set({ made_by: (is) => is.ref('made_by') })
      .where('report_id', '=', reportId)
      .execute();
    const { numUpdatedRows } = await transaction
      .updateTable('report_target')
      .set((is) => ({
        state: settlement.state,
        claimed_by: null,
        claimed_until: null,
        next_at: settlement.nextAt ?? settlement.at,
        ...(settlement.wasTried ? { attempts: is('attempts', '+', 1) } : {}),
        last_at: settlement.at,
        last_code: settlement.code,
        last_text: settlement.text,
      }))
      .where('report_id', '=', reportId)
      .where('number', '=', number)
      .where('claimed_by', '=', owner)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await followUp(transaction, reportId, settlement);
    return true;
  });
}

async function followUp(
  transaction: Transaction<Schema>,
  reportId: string,
  { state, at }: TargetSettlement,
): Promise<void> {
  if (state === 'accepted') {
    await transaction
      .updateTable('report_target')
      .set({ state: 'not-needed' })
      .where('report_id', '=', reportId)
      .where('state', '=', 'standby')
      .execute();
    await setReport(transaction, reportId, 'delivered');
    return;
  }
  const open = await transaction
    .selectFrom('report_target')
    .select(['number', 'state'])
    .where('report_id', '=', reportId)
    .where('state', 'in', ['waiting', 'standby', 'accepted'])
    .orderBy('number')
    .execute();
  const next = open.find((each) => each.state === 'standby');
  if (next !== undefined) {
    await transaction
      .updateTable('report_target')
      .set({ state: 'waiting', next_at: at })
      .where('report_id', '=', reportId)
      .where('number', '=', next.number)
      .execute();
  } else if (open.length === 0) {
    await setReport(transaction, reportId, 'failed');
  }
}

async function setReport(
  transaction: Transaction<Schema>,
  reportId: string,
  state: ReportOutboxTable['state'],
): Promise<void> {
  await transaction
    .updateTable('report_outbox')
    .set({ state })
    .where('report_id', '=', reportId)
    .execute();
}

/** Removes what is about days before this one. */
export async function dropOldReports(store: Store, beforeDay: UtcDay): Promise<void> {
  const old = store.db.selectFrom('report_outbox').select('report_id').where('day', '<', beforeDay);
  await store.db.deleteFrom('report_target').where('report_id', 'in', old).execute();
  await store.db.deleteFrom('report_outbox').where('day', '<', beforeDay).execute();
  await store.db.deleteFrom('report_subject').where('day', '<', beforeDay).execute();
}
