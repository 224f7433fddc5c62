/**
 * One turn of a claimed target: whether it is still to be sent, sending it, and what follows.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Failure } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { Store } from '../../store/types.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import type { SendResult } from '../types.ts';
import type { Begun } from './claim.ts';
import type { TargetSettlement } from './outbox.ts';
import { deadlineOf, nextAttempt, OLDEST_REPORT_MS } from './send-time.ts';
import { suppressionFor } from './suppression.ts';
import type { ClaimedTarget } from './types.ts';
import { endOf } from '../day.ts';

/** What a turn stands on. */
export interface AttemptOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly settings: ReportSendSettings;
  /** Notes the attempt, unless it may not be made. */
  readonly begin: (target: ClaimedTarget) => Promise<Begun>;
  /** Sends it once; never rejects. */
  readonly deliver: (target: ClaimedTarget) => Promise<SendResult>;
  readonly random: () => number;
  /** The service stops. */
  readonly isStopping: () => boolean;
}

/** How late the last attempt may be: nodes look for due targets now and then. */
const LATENESS_MS = 10 * 60_000;
/** What is kept of an answer, in characters. */
const LONGEST_TEXT = 500;

/**
 * Takes the turn. Undefined where the claim was not ours any more: nothing was sent then. Rejects
 * only if the store does not answer.
 */
export async function attempt(
  target: ClaimedTarget,
  options: AttemptOptions,
): Promise<TargetSettlement | undefined> {
  const { store, settings, now } = options;
  if (isTooLate(target, settings, now())) return expired(target, now(), undefined);
  const suppression = await suppressionFor(store, asReportTarget(target));
  if (suppression !== undefined) {
    const { place, reason } = suppression;
    const detail = `${place} gets no reports: ${reason}`;
    return ended('suppressed', { code: 'REPORT_SEND_SUPPRESSED', detail }, now());
  }
  const begun = await options.begin(target);
  if (begun === 'not-ours') return undefined;
  if (begun === 'over-limit') {
    const detail = `${target.place} has had ${settings.maxPerTarget} reports today`;
    return ended('over-limit', { code: 'REPORT_SEND_OVER_LIMIT', detail }, now());
  }
  const startedAt = now();
  const result = await options.deliver(target);
  const tried = target.firstAt === 0 ? { ...target, firstAt: startedAt } : target;
  return settlementOf(tried, result, options);
}

function settlementOf(
  target: ClaimedTarget,
  result: SendResult,
  { settings, now, random, isStopping }: AttemptOptions,
): TargetSettlement {
  const at = now();
  switch (result.kind) {
    case 'accepted': {
      const text = printable(result.text, LONGEST_TEXT);
      return { state: 'accepted', at, wasTried: true, code: '', text };
    }
    case 'refused':
      return { ...ended('refused', result.failure, at), wasTried: true };
    case 'later': {
      const { failure, retryAfterMs } = result;
      if (isStopping()) return interrupted(failure, at);
      const nextAt = nextAttempt({
        attempts: target.attempts + 1,
        now: at,
        deadline: deadlineOf(target, settings.giveUpAfterMs),
        retryAfterMs,
        random: random(),
      });
      if (nextAt === undefined) return { ...expired(target, at, failure), wasTried: true };
      return { state: 'waiting', at, nextAt, wasTried: true, ...said(failure) };
    }
    default:
      return result satisfies never;
  }
}

/** An attempt that was called off with the service says nothing about the place. */
function interrupted({ detail }: Failure, at: number): TargetSettlement {
  const failure: Failure = { code: 'REPORT_SEND_INTERRUPTED', detail };
  return { state: 'waiting', at, nextAt: at, wasTried: false, ...said(failure) };
}

function isTooLate(target: ClaimedTarget, settings: ReportSendSettings, now: number): boolean {
  if (target.firstAt === 0) return now >= endOf(target.day) + OLDEST_REPORT_MS;
  return now > deadlineOf(target, settings.giveUpAfterMs) + LATENESS_MS;
}

function expired(
  { attempts, day }: ClaimedTarget,
  at: number,
  last: Failure | undefined,
): TargetSettlement {
  const tries = attempts + (last === undefined ? 0 : 1);
  const hours = Math.round((at - endOf(day)) / 3_600_000);
  const why = last === undefined ? '' : `; last: ${last.code}: ${last.detail}`;
  const detail = `given up ${hours} h after the day, after ${tries} attempts${why}`;
  return ended('expired', { code: 'REPORT_SEND_EXPIRED', detail }, at);
}

function ended(
  state: 'refused' | 'expired' | 'suppressed' | 'over-limit',
  failure: Failure,
  at: number,
): TargetSettlement {
  return { state, at, wasTried: false, ...said(failure) };
}

function said({ code, detail }: Failure): Pick<TargetSettlement, 'code' | 'text'> {
  return { code, text: printable(detail, LONGEST_TEXT) };
}

function asReportTarget({ kind, target }: ClaimedTarget): ReportTarget {
  return kind === 'mailto'
    ? { kind, uri: target, address: target }
    : { kind, uri: target, url: target };
}
