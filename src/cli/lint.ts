/**
 * `smtp-sts lint`: every fault of a record or a policy, with the rule and the mend.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import type { Reading } from '../failure.ts';
import { fileTrouble } from '../file-trouble.ts';
import { lintPolicy, lintRecord } from '../mta-sts/lint.ts';
import { lintTlsrptRecord } from '../tlsrpt/lint.ts';
import { EXIT_NO_INPUT } from './exit-codes.ts';
import { InputTooLarge, type Io, readAll, say, sayJson } from './io.ts';
import { lintReport } from './lint-report.ts';
import { countText, problemText } from './lint-text.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';
import { type Paint, paintFor } from './text/paint.ts';

/** What can be linted. */
const KINDS = ['record', 'policy', 'tlsrpt', 'report'] as const;
type Kind = (typeof KINDS)[number];
/** What a domain publishes. */
type PublishedKind = Exclude<Kind, 'report'>;

/** More than anything published may ever be; a policy ends at 64 KiB (RFC 8461 §3.3). */
const LARGEST_INPUT = 1_048_576;

/** Builds the command. */
export function lintCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('lint')
    .summary(
      'check a record, a policy or a TLS report: every fault, the rule it breaks, how to mend it',
    )
    .description(
      'Checks what a domain publishes, before it is published, or a report that came in:\n' +
        '  record   the TXT record at _mta-sts.DOMAIN\n' +
        '  policy   the file at https://mta-sts.DOMAIN/.well-known/mta-sts.txt\n' +
        '  tlsrpt   the TXT record at _smtp._tls.DOMAIN\n' +
        '  report   a TLS report: JSON, gzip, zip, or the whole mail that brought it\n\n' +
        'Exit code: 0 valid (there may be warnings), 1 not valid, 64 wrong usage, 66 the file cannot be read.',
    )
    .addArgument(new Argument('<what>', 'what the file is').choices(KINDS))
    .argument('<file>', 'the file, or - for standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts lint policy mta-sts.txt\n' +
        "  echo 'v=STSv1; id=20260101' | smtp-sts lint record -\n" +
        '  smtp-sts lint report google.com!example.com!1772409600!1772495999!001.json.gz',
    )
    .action(async (kind: Kind, file: string, _options: object, command: Command) => {
      const shared = command.optsWithGlobals<SharedOptions>();
      if (kind === 'report') {
        done(await lintReport(file, shared.json === true, io));
        return;
      }
      const reading = read(kind, await readInput(file, io));
      const valid = reading.value !== undefined;
      if (shared.json === true) {
        sayJson(io, toJson(reading));
      } else {
        for (const line of toText(kind, file, reading, paintFor(io.stdout))) say(io, line);
      }
      done(valid ? 0 : 1);
    });
}

async function readInput(file: string, io: Io): Promise<Uint8Array> {
  try {
    if (file === '-') return await readAll(io.stdin, LARGEST_INPUT);
    return await readFile(file);
  } catch (error) {
    if (error instanceof InputTooLarge) throw new CommandStop(error.message, EXIT_NO_INPUT);
    throw new CommandStop(`cannot read ${file}: ${fileTrouble(error)}`, EXIT_NO_INPUT);
  }
}

function read(kind: PublishedKind, input: Uint8Array): Reading<object> {
  switch (kind) {
    case 'record':
      return lintRecord(input);
    case 'policy':
      return lintPolicy(input);
    case 'tlsrpt':
      return lintTlsrptRecord(input);
  }
}

function toJson(reading: Reading<object>): object {
  return {
    ok: reading.value !== undefined,
    value: reading.value ?? null,
    problems: reading.problems.map(({ code, line, column, message, fix, severity }) => ({
      code,
      severity,
      line,
      column,
      message,
      fix,
    })),
  };
}

const WHAT: Readonly<Record<PublishedKind, string>> = {
  record: 'MTA-STS record',
  policy: 'MTA-STS policy',
  tlsrpt: 'TLS reporting record',
};

function toText(
  kind: PublishedKind,
  file: string,
  reading: Reading<object>,
  paint: Paint,
): readonly string[] {
  const name = file === '-' ? 'standard input' : file;
  const verdict =
    reading.value === undefined
      ? paint('bad', `not a valid ${WHAT[kind]}`)
      : paint('good', `a valid ${WHAT[kind]}`);
  const lines = [`${name}: ${verdict}${countText(reading.problems)}`];
  for (const problem of reading.problems) lines.push(...problemText(problem, paint));
  return lines;
}
