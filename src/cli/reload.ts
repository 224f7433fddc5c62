/**
 * `smtp-sts reload`: the running service takes over its configuration as it is now.
 *
 * @module
 */
import { Command } from 'commander';
import type { ConfigChange } from '../config/changes.ts';
import { ERRORS } from '../errors.ts';
import { askControl } from '../policy-server/control-client.ts';
import type { ReloadReport } from '../policy-server/reload.ts';
import { EXIT_CONFIG, EXIT_UNAVAILABLE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { CommandStop, configFrom, problemText, type SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';

/** Builds the command. */
export function reloadCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('reload')
    .summary('make the running service take over its configuration, overrides and CA file')
    .description(
      'Over the control socket (--control, or control.socket of --config); SIGHUP does the same\n' +
        'without the answer. The service reads the file that it was started with. Sockets, policies\n' +
        'and DNS answers are kept. What can only change with a restart is named.\n\n' +
        'Exit code: 0 taken over, 64 wrong usage, 69 no service runs here, 78 the configuration has a fault:\n' +
        'nothing was changed.',
    )
    .addHelpText('after', '\nExample:\n  smtp-sts reload --config /etc/smtp-sts/config.yaml')
    .action(async (_options: object, command: Command) => {
      done(await reload(command.optsWithGlobals<SharedOptions>(), io));
    });
}

async function reload(options: SharedOptions, io: Io): Promise<number> {
  const { socket } = configFrom(options).control;
  if (socket === '') {
    throw new CommandStop('control.socket is empty: use SIGHUP instead', EXIT_UNAVAILABLE);
  }
  const answer = await askControl({ socket, method: 'POST', path: '/reload' });
  if (!answer.ok) {
    const { code, detail } = answer.failure;
    throw new CommandStop(`${detail} (${code})`, EXIT_UNAVAILABLE);
  }
  const report = answer.value as ReloadReport;
  if (options.json === true) sayJson(io, report);
  else print(report, io);
  return report.outcome === 'ok' ? 0 : EXIT_CONFIG;
}

function print(report: ReloadReport, io: Io): void {
  if (report.outcome === 'refused') {
    for (const line of refusalLines(report)) complain(io, line);
    return;
  }
  for (const line of reportLines(report)) say(io, line);
  for (const problem of report.warnings) complain(io, problemText(problem, report.file));
}

function refusalLines(report: Extract<ReloadReport, { outcome: 'refused' }>): readonly string[] {
  const { problems, failure, file } = report;
  return [
    ...problems.map((problem) => problemText(problem, file)),
    ...(failure === undefined
      ? []
      : [`${failure.detail} (${failure.code})`, `    ${ERRORS[failure.code].action}`]),
    'Nothing was changed: the old settings stay in force.',
  ];
}

function reportLines(report: Extract<ReloadReport, { outcome: 'ok' }>): readonly string[] {
  const { changed, needsRestart, caChanged, overridesChanged, file } = report;
  const lines = [
    ...changed.map((change) => `  ${changeText(change)}`),
    ...(caChanged ? ['  tls.ca_file: other authorities than before'] : []),
    ...overridesChanged.map((domain) => `  override of ${domain} changed`),
  ];
  const first = `Reloaded${file === undefined ? '' : ` ${file}`}`;
  return [
    lines.length === 0 ? `${first}: nothing changed.` : `${first}:`,
    ...lines,
    ...(needsRestart.length === 0 ? [] : ['Has effect only after a restart:']),
    ...needsRestart.map((change) => `  ${changeText(change)}`),
  ];
}

function changeText({ key, from, to }: ConfigChange): string {
  return `${key}: ${shown(from)} → ${shown(to)}`;
}
