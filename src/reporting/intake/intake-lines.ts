/**
 * What the log says of reports that came: a line for each that was taken, and for what was refused
 * so many lines a minute, for anybody can be refused.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import { senderOf } from '../archive/sender-name.ts';
import type { ArchiveResult, IntakeWay } from '../types.ts';
import type { IntakeResult, TakenReport } from './types.ts';

/** Domains that a line names. */
const MOST_DOMAINS = 5;
/** Characters of the names that a sender gives. */
const LONGEST_NAME = 100;
const MINUTE_MS = 60_000;
/** Lines about what was refused. */
const REFUSED_PER_MINUTE = 30;

/** One line for each report that is in the archive. */
export function tellTaken(taken: IntakeResult, way: IntakeWay, log: Log): void {
  if (taken.kind !== 'reports') return;
  for (const one of taken.results) tellOne(one, way, log);
}

function tellOne({ reading, result, authenticity }: TakenReport, way: IntakeWay, log: Log): void {
  const { report } = reading;
  if (report === undefined || result === undefined || !('id' in result)) return;
  const sender = printable(senderOf(report, authenticity), LONGEST_NAME);
  const all = Array.from(new Set(report.policies.map(({ policy }) => policy.domain)));
  const domains = all.slice(0, MOST_DOMAINS).map((domain) => printable(domain, 255));
  const more = all.length > MOST_DOMAINS ? ` and ${all.length - MOST_DOMAINS} more` : '';
  log.info(
    {
      event: 'report-taken',
      way,
      sender,
      domains,
      id: result.id,
      reportId: printable(report.reportId, LONGEST_NAME),
      archive: result.kind,
      authenticity: authenticity.kind,
    },
    `report ${result.id} of ${sender} about ${domains.join(', ')}${more}: ${WHAT[result.kind]}`,
  );
}

type WithId = Extract<ArchiveResult, { readonly id: string }>['kind'];

const WHAT: Readonly<Record<WithId, string>> = {
  stored: 'taken',
  duplicate: 'it was here already',
  conflict: 'kept and not counted, its sender gave another one the same id',
  replaced: 'taken, in the place of one that was less sure',
  'not-counted': 'kept and not counted, nothing proves who sent it',
};

/** Who says that a report is theirs, fit for a log line; '' where nobody could be read. */
export function organizationOf(taken: IntakeResult): string {
  if (taken.kind !== 'reports') return '';
  const report = taken.results.find(({ reading }) => reading.report !== undefined)?.reading.report;
  return printable(report?.organizationName ?? '', LONGEST_NAME);
}

/** Lines about what was refused. */
export interface RefusalLines {
  tell(fields: object, message: string): void;
}

/** A log for them that nobody can fill: the metrics count all. */
export function createRefusalLines({
  clock,
  log,
}: {
  readonly clock: Clock;
  readonly log: Log;
}): RefusalLines {
  let minute = Number.NEGATIVE_INFINITY;
  let told = 0;
  return {
    tell(fields, message) {
      const now = Math.floor(clock.now() / MINUTE_MS);
      if (now !== minute) [minute, told] = [now, 0];
      told += 1;
      if (told > REFUSED_PER_MINUTE) return;
      const isLast = told === REFUSED_PER_MINUTE;
      log.info(fields, isLast ? `${message}; more of this minute are counted, not told` : message);
    },
  };
}
