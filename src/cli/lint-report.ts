/**
 * `smtp-sts lint report`: what a TLS report says, and where it is not as it should be.
 *
 * @module
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { systemClock } from '../clock.ts';
import { ERRORS } from '../errors.ts';
import type { Problem } from '../failure.ts';
import { isFromTheFuture } from '../reporting/intake/take-in-report.ts';
import type { ReceivedReport } from '../tlsrpt/report.ts';
import { EXIT_NO_INPUT } from './exit-codes.ts';
import { readInput } from './input.ts';
import { type Io, say, sayJson } from './io.ts';
import { LARGEST_REPORT, readReportInput, type ReportInput } from './lint-report-input.ts';
import { reportText } from './lint-report-text.ts';
import { countText, type Mend, problemText } from './lint-text.ts';
import { shown, timeText } from './text/format.ts';
import { CommandStop } from './shared-options.ts';
import { type Paint, paintFor } from './text/paint.ts';
import { counted } from './text/queue-text.ts';

/**
 * Reads a file, says what is in it, and gives the exit code: 0 if reports were understood, and
 * nothing in it is damaged, else 1.
 */
export async function lintReport(file: string, asJson: boolean, io: Io): Promise<number> {
  refuseFolder(file);
  const bytes = await readInput(file, io, LARGEST_REPORT);
  const read = await readReportInput(bytes, file === '-' ? undefined : basename(file));
  const input = { ...read, problems: [...read.problems, ...fromTheFuture(read.reports)] };
  if (asJson) sayJson(io, toJson(input));
  else for (const line of toText(file, input, paintFor(io.stdout))) say(io, line);
  return isGood(input) ? 0 : 1;
}

function refuseFolder(file: string): void {
  if (file === '-' || !isFolder(file)) return;
  throw new CommandStop(
    `cannot read ${shown(file)}: it is a folder; one file is read here, \`smtp-sts report import\` takes folders and Maildirs`,
    EXIT_NO_INPUT,
  );
}

/** What cannot be looked at is none: reading it says why. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
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
  for (const problem of problems) lines.push(...problemText(problem, paint, mendsOf(problem)));
  const isTaken = isGood(input) && !problems.some(({ code }) => code === 'REPORT_INTAKE_FUTURE');
  if (isTaken && problems.some(isOfSender)) lines.push(TAKEN_ALL_THE_SAME);
  return lines;
}

const TAKEN_ALL_THE_SAME = '  For its sender to mend; `smtp-sts report import` takes it as it is.';

/** Faults of the report itself: whoever reads this is mostly who got it, and cannot mend them. */
function isOfSender({ code }: Problem): boolean {
  return code.startsWith('TLSRPT_REPORT_');
}

function mendsOf(problem: Problem): readonly Mend[] {
  const { code, fix, severity } = problem;
  if (!isOfSender(problem)) return [['mend', fix]];
  const sender: Mend = ['sender', fix];
  if (severity !== 'error') return [sender];
  return [['you', ERRORS[code].action.replace(/\.$/, '')], sender];
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
