/**
 * `smtp-sts lint report`: what a TLS report says, and where it is not as it should be.
 *
 * @module
 */
import { basename } from 'node:path';
import { systemClock } from '../clock.ts';
import { ERRORS } from '../errors.ts';
import type { Problem } from '../failure.ts';
import { isFromTheFuture } from '../reporting/intake/take-in-report.ts';
import type { ReceivedReport } from '../tlsrpt/report.ts';
import { readInput } from './input.ts';
import { type Io, say, sayJson } from './io.ts';
import { LARGEST_REPORT, readReportInput, type ReportInput } from './lint-report-input.ts';
import { reportText } from './lint-report-text.ts';
import { countText, problemText } from './lint-text.ts';
import { timeText } from './text/format.ts';
import { type Paint, paintFor } from './text/paint.ts';
import { counted } from './text/queue-text.ts';

/**
 * Reads a file, says what is in it, and gives the exit code: 0 if reports were understood, and
 * nothing in it is damaged, else 1.
 */
export async function lintReport(file: string, asJson: boolean, io: Io): Promise<number> {
  const bytes = await readInput(file, io, LARGEST_REPORT);
  const read = await readReportInput(bytes, file === '-' ? undefined : basename(file));
  const input = { ...read, problems: [...read.problems, ...fromTheFuture(read.reports)] };
  if (asJson) sayJson(io, toJson(input));
  else for (const line of toText(file, input, paintFor(io.stdout))) say(io, line);
  return isGood(input) ? 0 : 1;
}

function isGood({ reports, problems }: ReportInput): boolean {
  return reports.length > 0 && problems.every(({ severity }) => severity !== 'error');
}

/** Such a report can be read, and is not taken in. */
function fromTheFuture(reports: readonly ReceivedReport[]): readonly Problem[] {
  const now = systemClock.now();
  return reports
    .filter((report) => isFromTheFuture(report, now))
    .map(({ reportId, start }) => ({
      code: 'REPORT_INTAKE_FUTURE',
      line: 1,
      column: 1,
      message: `report ${reportId} begins at ${timeText(start)}, which is still to come: it would not be taken in`,
      fix: ERRORS.REPORT_INTAKE_FUTURE.action.replace(/\.$/, ''),
      severity: 'warning',
    }));
}

/** As the other kinds; `value` is the first report, `reports` has all that a mail carries. */
function toJson(input: ReportInput): object {
  const { reports, problems, mails } = input;
  const values = reports.map(withTimes);
  return {
    ok: isGood(input),
    value: values[0] ?? null,
    problems: problems.map(({ code, line, column, message, fix, severity }) => ({
      code,
      severity,
      line,
      column,
      message,
      fix,
    })),
    reports: values,
    ...(mails === undefined ? {} : { mails }),
  };
}

function withTimes(report: ReceivedReport): object {
  const { start, end } = report;
  return { ...report, start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}

function toText(file: string, input: ReportInput, paint: Paint): readonly string[] {
  const { reports, problems } = input;
  const name = file === '-' ? 'standard input' : file;
  const lines = [`${name}: ${verdictText(input, paint)}${countText(problems)}`];
  for (const report of reports) lines.push(...reportText(report, paint));
  for (const problem of problems) lines.push(...problemText(problem, paint));
  return lines;
}

function verdictText({ reports, mails }: ReportInput, paint: Paint): string {
  if (mails !== undefined) {
    const { read, all } = mails;
    const which = read < all ? `the first ${read} of ${all} mails` : `${all} mails`;
    const count = counted(reports.length, 'TLS report');
    return `${paint(reports.length > 0 ? 'good' : 'bad', count)} in ${which}`;
  }
  if (reports.length === 0) return paint('bad', 'not a TLS report that can be read');
  return paint('good', reports.length > 1 ? `${reports.length} TLS reports` : 'a TLS report');
}
