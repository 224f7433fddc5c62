/**
 * `smtp-sts report`: TLS reports, those that we send and those that we get.
 *
 * @module
 */
import { Command } from 'commander';
import type { Io } from './io.ts';
import { reportAlertsCommand } from './report-alerts.ts';
import { reportImportCommand } from './report-import.ts';
import { reportListCommand } from './report-list.ts';
import { reportLogCommand } from './report-log.ts';
import { reportPreviewCommand } from './report-preview.ts';
import { reportForgetCommand, reportReparseCommand } from './report-reparse.ts';
import { reportSendCommand } from './report-send.ts';
import { reportShowCommand } from './report-show.ts';
import { reportSummaryCommand } from './report-summary.ts';
import { reportSuppressCommand } from './report-suppress.ts';

/** Builds the command and its sub-commands. */
export function reportCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('report')
    .summary('TLS reports (RFC 8460): what we send to others, what others tell us')
    .description(
      'Works on the store that the service uses, whether it runs or not. Days are UTC days.\n\n' +
        'Exit code: 0 done, also if there was nothing to do, 64 wrong usage, 66 nothing was counted or\n' +
        'stored for what was asked, 69 there is no store to look at, or it cannot be opened, 78 the\n' +
        'configuration is wrong; what 1 and 2 mean is said with each command.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  smtp-sts report summary --days 7\n' +
        '  smtp-sts report preview\n' +
        '  smtp-sts report preview example.com --day yesterday --mail\n' +
        '  smtp-sts report send example.com --to mailto:me@example.org\n' +
        '  smtp-sts report log --days 2 --failed\n' +
        '  smtp-sts report suppress add reports@example.com --reason "they asked, ticket 4711"',
    );
  const children = [
    reportPreviewCommand(io, done),
    reportSendCommand(io, done),
    reportLogCommand(io, done),
    reportSuppressCommand(io, done),
    reportImportCommand(io, done),
    reportListCommand(io, done),
    reportShowCommand(io, done),
    reportReparseCommand(io, done),
    reportForgetCommand(io, done),
    reportSummaryCommand(io, done),
    reportAlertsCommand(io, done),
  ];
  for (const child of children) command.addCommand(child);
  return command;
}
