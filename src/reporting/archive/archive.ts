/**
 * The archive of received reports.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../../failure.ts';
import { type Fault, databaseFault } from '../../store/fault.ts';
import { createGroupCommit, type GroupCommit } from '../../store/group-commit.ts';
import { reasonOf } from '../../store/store-error.ts';
import { readReportFile } from '../../tlsrpt/read-report-file.ts';
import type { ArchiveResult, IncomingReport } from '../types.ts';
import { forgetDomain } from './forget.ts';
import { type PreparedReport, prepareReport, weightOf } from './prepare.ts';
import { pruneReports } from './prune.ts';
import { reparseReports } from './reparse.ts';
import { createReportIds } from './report-ids.ts';
import { archiveStatements } from './statements.ts';
import { createStoreFailures } from './store-failures.ts';
import { takeAll } from './take.ts';
import type { Archive, ArchiveOptions } from './types.ts';

/** Makes an archive on an open store. Nothing runs in the background: `prune` is for the caller to call. */
export function createArchive(options: ArchiveOptions): Archive {
  const { store, clock, settings, log } = options;
  const newId = createReportIds(clock);
  const statements = archiveStatements(store.db);
  const failures = createStoreFailures(log);
  const group: GroupCommit<PreparedReport, ArchiveResult> = createGroupCommit({
    run: async (reports) =>
      await store.db
        .transaction()
        .execute(
          async (transaction) =>
            await takeAll(transaction, reports, { settings: settings(), statements, newId }),
        ),
    faultOf: archiveFault,
    weight: weightOf,
    ...(options.together === undefined ? {} : { most: options.together }),
  });

  const takePrepared = async (report: PreparedReport): Promise<Outcome<ArchiveResult>> => {
    const authenticity = report.isVerified ? 'verified' : 'other';
    try {
      const result = await group.submit(report);
      options.metrics?.archived(result.kind, authenticity);
      return ok(result);
    } catch (error) {
      options.metrics?.archived('failed', authenticity);
      failures.note(error);
      const reason = reasonOf(error);
      return fail('REPORT_INTAKE_STORE', `the store did not take the report: ${reason}`);
    }
  };

  const take = async (incoming: IncomingReport): Promise<Outcome<ArchiveResult>> =>
    await takePrepared(prepareReport(incoming, settings()));

  return {
    take,
    takePrepared,
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

/** SQLSTATE of a row that is there already (PostgreSQL, appendix A). */
const UNIQUE_VIOLATION = '23505';

/** Another node that took the same report in was quicker: its row is there now, and is found. */
export function archiveFault(error: unknown): Fault {
  return (error as { readonly code?: unknown }).code === UNIQUE_VIOLATION
    ? 'again'
    : databaseFault(error);
}
