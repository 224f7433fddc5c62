/**
 * Counts that come after the report of their day was made: of a node that had no store for a while,
 * or because a report was made before its day was over, by a clock that ran ahead. The report stays
 * as it is, since receivers take one for each day (RFC 8460 §4.1); what it lacks is told.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Log } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { dayText } from '../day.ts';
import type { UtcDay } from '../types.ts';
import { packTally, sumOf, tallyOf } from './prepare-report.ts';
import { noteReported, reportedSubjects } from './subjects.ts';
import type { ReportSendMetrics, TallyReader } from './types.ts';

/** What looking for them stands on. */
export interface LateCountsOptions {
  readonly store: Store;
  readonly tally: TallyReader;
  readonly log: Log;
  readonly onSubject: ReportSendMetrics['subject'];
}

/** Tells of them, once for each domain and day, whichever node looks. Rejects if the store does not answer. */
export async function tellLateCounts(
  day: UtcDay,
  settings: ReportSendSettings,
  { store, tally, log, onSubject }: LateCountsOptions,
): Promise<void> {
  const made = await reportedSubjects(store, day);
  if (made.length === 0) return;
  const totals = await tally.totals(day);
  for (const { domain, reportId, sessions } of made) {
    // Nearly all: the totals are never less than what a report would say now.
    if ((totals.get(domain) ?? 0) <= sessions) continue;
    const now = packTally(await tallyOf(tally, { day, domain }), settings);
    if (now === undefined) continue;
    const { successes, failures } = sumOf(now.report);
    const counted = successes + failures;
    if (counted <= sessions) continue;
    const what = `${sessions} of ${counted} sessions are in the report`;
    if (!(await noteReported(store, { day, domain }, what))) continue;
    onSubject('late');
    const fields = { domain, day: dayText(day), reportId, reported: sessions, counted };
    log.warn(
      { event: 'report-late-counts', ...fields },
      `the TLS report of ${dayText(day)} for ${domain} was made before all was counted: ${what}`,
    );
  }
}
