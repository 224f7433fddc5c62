/**
 * The archive of received reports.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../../failure.ts';
import { type Fault, databaseFault } from '../../store/fault.ts';
import { createGroupCommit, type GroupCommit } from '../../store/group-commit.ts';
import { readReportFile } from '../../tlsrpt/read-report-file.ts';
import type { ArchiveResult, IncomingReport } from '../types.ts';
import { forgetDomain } from './forget.ts';
import { pruneReports } from './prune.ts';
import { reparseReports } from './reparse.ts';
import { createReportIds } from './report-ids.ts';
import { takeAll } from './take.ts';
import type { Archive, ArchiveOptions } from './types.ts';

/** Makes an archive on an open store. Nothing runs in the background: `prune` is for the caller to call. */
export function createArchive(options: ArchiveOptions): Archive {
  const { store, clock, settings, log } = options;
  const newId = createReportIds(clock);
  const group: GroupCommit<IncomingReport, ArchiveResult> = createGroupCommit({
    run: async (incoming) =>
      await store.db
        .transaction()
        .execute(
          async (transaction) =>
            await takeAll(transaction, incoming, { settings: settings(), newId }),
        ),
    faultOf: archiveFault,
    weight: weightOf,
  });

  const take = async (incoming: IncomingReport): Promise<Outcome<ArchiveResult>> => {
    const authenticity = incoming.authenticity.kind === 'verified' ? 'verified' : 'other';
    try {
      const result = await group.submit(incoming);
      options.metrics?.archived(result.kind, authenticity);
      return ok(result);
    } catch (error) {
      options.metrics?.archived('failed', authenticity);
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ code: 'REPORT_INTAKE_STORE', reason }, 'a received report could not be stored');
      return fail('REPORT_INTAKE_STORE', `the store did not take the report: ${reason}`);
    }
  };

  return {
    take,
    takeMany: async (incoming) => await Promise.all(incoming.map(take)),
    prune: async () => await pruneReports(store, { settings: settings(), now: clock.now() }),
    reparse: async (progress) =>
      await reparseReports({
        store,
        settings: settings(),
        read: options.read ?? readReportFile,
        ...(progress === undefined ? {} : { progress }),
      }),
    forget: async (domain) => await forgetDomain(store, domain),
    idle: async () => await group.idle(),
  };
}

/** About how many octets it is in memory; packed it may be a hundredth of that. */
function weightOf({ raw, report }: IncomingReport): number {
  let details = 0;
  for (const result of report.policies) details += result.details.length;
  return raw.length + 500 * report.policies.length + 300 * details;
}

/** SQLSTATE of a row that is there already (PostgreSQL, appendix A). */
const UNIQUE_VIOLATION = '23505';

/** Another node that took the same report in was quicker: its row is there now, and is found. */
export function archiveFault(error: unknown): Fault {
  return (error as { readonly code?: unknown }).code === UNIQUE_VIOLATION
    ? 'again'
    : databaseFault(error);
}
