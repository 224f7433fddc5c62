/**
 * `smtp-sts doctor`: is everything there that protection rests on?
 *
 * @module
 */
import { Command } from 'commander';
import { type Diagnosis, examine } from '../check/doctor.ts';
import type { Finding, FindingStatus } from '../check/doctor-types.ts';
import { systemClock } from '../clock.ts';
import { createResolver } from '../dns/resolver.ts';
import { silentLog } from '../log/log.ts';
import { type Io, say } from './io.ts';
import { configFrom, type SharedOptions } from './shared-options.ts';
import { realSurroundings } from './surroundings.ts';
import { shown } from './text/format.ts';
import { type Paint, paintFor } from './text/paint.ts';

const EXIT_OF: Readonly<Record<FindingStatus, number>> = { ok: 0, warn: 1, fail: 2 };

interface DoctorFlags extends SharedOptions {
  readonly postfixConfig?: string;
}

/** Builds the command. */
export function doctorCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('doctor')
    .summary(
      'check resolver, authorities, clock, store, service, relay, TLS reporting, MTA; say how to mend each',
    )
    .description(
      'Looks at everything that protection rests on: does the resolver validate, is its word believed,\n' +
        'are there authorities, is the clock right, can the store be written, does the service answer, can\n' +
        'the relay start and be used (where it is on), can TLS reports be counted, sent and received (the\n' +
        'key with its DNS record, the ways in, our own _smtp._tls records, alerts), and is Postfix (or Exim,\n' +
        'or Sendmail) set up to use the answers. Prints the main.cf lines for the Postfix that is installed.\n' +
        'Changes nothing.\n\n' +
        'Exit code: 0 all is well, 1 there are warnings, 2 something does not work, 64 wrong usage,\n' +
        '78 the configuration is wrong.',
    )
    .option('--postfix-config <dir>', "Postfix's configuration folder (default: that of postconf)")
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts doctor --config /etc/smtp-sts/config.yaml\n' +
        '  smtp-sts doctor --postfix-config /etc/postfix-out --json',
    )
    .action(async (_options: object, command: Command) => {
      const flags = command.optsWithGlobals<DoctorFlags>();
      const config = configFrom(flags);
      const resolver = createResolver({ ...config.dns, clock: systemClock, log: silentLog });
      try {
        const { postfixConfig } = flags;
        const diagnosis = await examine(realSurroundings({ config, resolver, postfixConfig }));
        if (flags.json === true) say(io, JSON.stringify(diagnosis));
        else for (const line of diagnosisText(diagnosis, paintFor(io.stdout))) say(io, line);
        done(EXIT_OF[diagnosis.status]);
      } finally {
        resolver.close();
      }
    });
}

const STYLES = { ok: 'good', warn: 'warn', fail: 'bad' } as const;
const INDENT = ' '.repeat(6);

function diagnosisText({ findings, mainCf }: Diagnosis, paint: Paint): readonly string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap((finding) => findingText(finding, width, paint));
  if (mainCf.length === 0) return lines;
  return [...lines, '', 'For the Postfix that is installed, main.cf should say:', ...mainCf];
}

function findingText(finding: Finding, width: number, paint: Paint): readonly string[] {
  const { check, status, what, mend } = finding;
  const head = `${paint(STYLES[status], status.padEnd(4))}  ${check.padEnd(width)}  ${shown(what)}`;
  return mend === undefined
    ? [head]
    : [head, `${INDENT}${' '.repeat(width)}  mend: ${shown(mend)}`];
}
