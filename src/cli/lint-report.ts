/**
 * `smtp-sts lint report`: what a TLS report says, and where it is not as it should be.
 *
 * @module
 */
import { basename } from 'node:path';
import type { ReceivedReport } from '../tlsrpt/report.ts';
import { readInput } from './input.ts';
import { type Io, say, sayJson } from './io.ts';
import { LARGEST_REPORT, readReportInput, type ReportInput } from './lint-report-input.ts';
import { reportText } from './lint-report-text.ts';
import { countText, problemText } from './lint-text.ts';
import { type Paint, paintFor } from './text/paint.ts';

/** Reads a file, says what is in it, and gives the exit code: 0 if a report was understood, else 1. */
export async function lintReport(file: string, asJson: boolean, io: Io): Promise<number> {
  const bytes = await readInput(file, io, LARGEST_REPORT);
  const input = await readReportInput(bytes, file === '-' ? undefined : basename(file));
  if (asJson) sayJson(io, toJson(input));
  else for (const line of toText(file, input, paintFor(io.stdout))) say(io, line);
  return input.reports.length > 0 ? 0 : 1;
}

/** As the other kinds; `value` is the first report, `reports` has all that a mail carries. */
function toJson({ reports, problems }: ReportInput): object {
  const values = reports.map(withTimes);
  return {
    ok: reports.length > 0,
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
  };
}

function withTimes(report: ReceivedReport): object {
  const { start, end } = report;
  return { ...report, start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}

function toText(file: string, { reports, problems }: ReportInput, paint: Paint): readonly string[] {
  const name = file === '-' ? 'standard input' : file;
  const what = reports.length > 1 ? `${reports.length} TLS reports` : 'a TLS report';
  const verdict =
    reports.length > 0 ? paint('good', what) : paint('bad', 'not a TLS report that can be read');
  const lines = [`${name}: ${verdict}${countText(problems)}`];
  for (const report of reports) lines.push(...reportText(report, paint));
  for (const problem of problems) lines.push(...problemText(problem, paint));
  return lines;
}
