/**
 * `smtp-sts lab`: a small internet on loopback under attack.
 *
 * @module
 */
import { Command } from 'commander';
import { type LabRun, listScenes, runLab, standLab } from '../lab/run-lab.ts';
import { withEndingSignals } from '../lab/until-ended.ts';
import type { WorldOptions } from '../lab/world.ts';
import { EXIT_UNAVAILABLE, EXIT_USAGE } from './exit-codes.ts';
import type { Io } from './io.ts';
import { relayTour } from './lab-relay.ts';
import { CommandStop, parsePort, type SharedOptions } from './shared-options.ts';

interface LabOptions extends SharedOptions {
  readonly serve?: boolean;
  readonly list?: boolean;
  readonly relay?: boolean;
  readonly dnsPort?: number;
}

/** Builds the command. */
export function labCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('lab')
    .summary('a small internet on loopback under attack: every scene with a real message')
    .description(
      'Starts DNS, a certificate authority, policy hosts, MX hosts and an attacker on loopback, sends\n' +
        'a real message in every scene and says whether it ended as it must. No root, nothing outside.\n' +
        'Of the shared options only --smtp-port, --https-port and --json count here: the lab brings its own DNS.\n\n' +
        'Exit code: 0 all scenes are right, 1 some are not, 64 no such scene, 69 the lab could not start.',
    )
    .argument('[name...]', 'only scenes whose name contains one of these')
    .option('--list', 'list the scenes without playing them')
    .option('--serve', 'leave the lab standing and print the commands to try against it')
    .option(
      '--relay',
      'instead of the scenes: send messages through the relay, in peace and under attack; with --serve it stays',
    )
    .option('--dns-port <port>', 'port of the lab resolver (default: a free one)', parsePort)
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts lab\n  smtp-sts lab starttls dane\n  smtp-sts lab --serve\n  smtp-sts lab --relay',
    )
    .action(async (names: readonly string[], _options: object, command: Command) => {
      done(await start(names, command.optsWithGlobals<LabOptions>(), io));
    });
}

async function start(names: readonly string[], options: LabOptions, io: Io): Promise<number> {
  const filter = names.length === 0 ? {} : { filter: names };
  const { stdout, stderr } = io;
  const output = options.json === true ? 'json' : 'table';
  if (options.list === true) {
    listScenes({ ...filter, stdout, output });
    return 0;
  }
  try {
    if (options.relay === true) return await tour(options, io);
    if (options.serve === true) {
      await standLab({ ...portsFrom(options), stdout, program: programName() });
      return 0;
    }
    return exitCodeOf(await runLab({ ...portsFrom(options), ...filter, output, stdout, stderr }));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    throw new CommandStop(`the lab could not start: ${message}`, EXIT_UNAVAILABLE);
  }
}

async function tour(options: LabOptions, io: Io): Promise<number> {
  const right = await withEndingSignals(
    async (ended) =>
      await relayTour({
        ...portsFrom(options),
        ...(options.serve === true ? { stay: ended } : {}),
        program: programName(),
        io,
      }),
  );
  return right ? 0 : 1;
}

/** From a checkout there is no `smtp-sts` on the path: npm runs it. */
function programName(): string {
  return process.env['npm_lifecycle_event'] === 'smtp-sts' ? 'npm run -s smtp-sts --' : 'smtp-sts';
}

function exitCodeOf(run: LabRun): number {
  switch (run.kind) {
    case 'passed':
      return 0;
    case 'failed':
    case 'stopped':
      return 1;
    case 'no-scene':
      throw new CommandStop('no scene has such a name; --list shows them', EXIT_USAGE);
  }
}

function portsFrom({ smtpPort, httpsPort, dnsPort }: LabOptions): WorldOptions {
  return {
    ...(smtpPort === undefined ? {} : { smtpPort }),
    ...(httpsPort === undefined ? {} : { httpsPort }),
    ...(dnsPort === undefined ? {} : { dnsPort }),
  };
}
