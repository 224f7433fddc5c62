/**
 * The summary for machines: days as `2026-11-20`. Fields are added, never changed.
 *
 * @module
 */
import type { Cause } from './causes.ts';
import { dayText } from '../day.ts';
import { meaningFor } from './meanings.ts';
import type { FailureKind, SenderCounts, Summary } from './summary-types.ts';

type CausesOf = (kind: FailureKind) => readonly Cause[];

function withDay(one: SenderCounts): object {
  return { ...one, lastDay: dayText(one.lastDay) };
}

function kindJson(kind: FailureKind, causesOf: CausesOf | undefined): object {
  return {
    ...kind,
    meaning: meaningFor(kind.domain, kind.meaning),
    firstDay: dayText(kind.firstDay),
    lastDay: dayText(kind.lastDay),
    ...(causesOf === undefined ? {} : { causes: causesOf(kind) }),
  };
}

/** What becomes JSON. Texts of strangers stand in it as they were written. */
export function summaryJson(summary: Summary, causesOf?: CausesOf): object {
  const { at, firstDay, lastDay, days, failures, senders, ignored, ...rest } = summary;
  return {
    at: new Date(at).toISOString(),
    firstDay: dayText(firstDay),
    lastDay: dayText(lastDay),
    ...rest,
    days: days.map((one) => ({ ...one, day: dayText(one.day) })),
    failures: failures.map((kind) => kindJson(kind, causesOf)),
    senders: senders.map(withDay),
    ignored: ignored.map(withDay),
  };
}
