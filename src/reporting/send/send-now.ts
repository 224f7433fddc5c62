/**
 * Sending the report of one domain at once, for somebody who waits for the answer.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Store } from '../../store/types.ts';
import { attempt } from './attempt.ts';
import { CLAIM_MS, limitAttempt } from './attempt-limit.ts';
import { beginTarget, claimTarget, type ClaimOptions, dueTargets } from './claim.ts';
import { deliverReport, type DeliverReportOptions } from './deliver-report.ts';
import { settleTarget, type TargetSettlement } from './outbox.ts';
import type { ClaimedTarget } from './types.ts';

/** What sending now stands on. */
export interface SendNowOptions extends Omit<DeliverReportOptions, 'now'> {
  readonly store: Store;
  readonly settings: ReportSendSettings;
  readonly clock: Clock;
  /** Who claims; unique to the process. */
  readonly owner: string;
}

/** A place, and what came of it. */
export interface SentNow {
  readonly kind: 'mailto' | 'https';
  readonly target: string;
  readonly settlement: TargetSettlement;
}

/**
 * Sends the report to its places that wait, whatever their next attempt was to be; those that have
 * it already, or that a node works on, are left alone.
 */
export async function sendReportNow(
  reportId: string,
  options: SendNowOptions,
): Promise<readonly SentNow[]> {
  const { store, clock, settings, owner } = options;
  await hurry(store, reportId, clock.now());
  const sent: SentNow[] = [];
  const claim = (): ClaimOptions => ({
    owner,
    now: clock.now(),
    holdMs: CLAIM_MS,
    maxPerTarget: settings.maxPerTarget,
  });
  const tried = new Set<number>();
  for (;;) {
    const due = await dueTargets(store, claim(), { limit: 10, reportId });
    const next = due.find(({ number }) => !tried.has(number));
    if (next === undefined) return sent;
    tried.add(next.number);
    const target = await claimTarget(store, next, claim());
    if (target === undefined) continue;
    const settlement = await tryNow(target, options, claim());
    if (settlement === undefined) continue;
    await settleTarget(store, { ...target, owner }, settlement);
    sent.push({ kind: target.kind, target: target.target, settlement });
  }
}

async function tryNow(
  target: ClaimedTarget,
  options: SendNowOptions,
  claim: ClaimOptions,
): Promise<TargetSettlement | undefined> {
  const { store, settings, clock, signal } = options;
  const limit = limitAttempt(clock, signal);
  try {
    return await attempt(target, {
      store,
      settings,
      now: () => clock.now(),
      random: () => 0.5,
      begin: async (each) => await beginTarget(store, each, claim),
      deliver: async (each) =>
        await deliverReport(each, { ...options, now: clock.now(), signal: limit.signal }),
      isStopping: () => signal?.aborted === true,
    });
  } finally {
    limit.end();
  }
}

async function hurry(store: Store, reportId: string, now: number): Promise<void> {
  await store.db
    .updateTable('report_target')
    .set({ next_at: now })
    .where('report_id', '=', reportId)
    .where('state', '=', 'waiting')
    .where('next_at', '>', now)
    .execute();
}
