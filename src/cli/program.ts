/**
 * The command line: which commands there are, and how an end is told to the shell.
 *
 * @module
 */
import { Command, CommanderError } from 'commander';
import { EXIT_SOFTWARE, EXIT_USAGE } from './exit-codes.ts';
import { loadCommands, type MakeCommand } from './commands.ts';
import { complain, type Io } from './io.ts';
import { addSharedOptions, CommandStop } from './shared-options.ts';
import { productVersion } from '../version.ts';
import { unbroken } from './text/unbroken.ts';

/** Runs one command and gives its exit code. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(await loadCommands(argv), io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}

/** The commands with their options. */
export function buildProgram(
  commands: readonly MakeCommand[],
  io: Io,
  done: (exitCode: number) => void,
): Command {
  const program = new Command('smtp-sts')
    .description('Strict transport security for email: MTA-STS, DANE, TLS reporting, REQUIRETLS.')
    .version(productVersion(), '-V, --version')
    .configureHelp({
      showGlobalOptions: true,
      commandDescription: (command) => unbroken(command.description()),
    })
    .showHelpAfterError('(--help says what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  addSharedOptions(program);
  for (const make of commands) {
    const command = make(io, done);
    inherit(command, program);
    program.addCommand(command);
  }
  return program;
}

/** `addCommand` copies no settings: every level must throw instead of exit, and write where it is told. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
}

function exitCodeOf(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof CommandStop) {
    complain(io, `smtp-sts: ${error.message}`);
    return error.exitCode;
  }
  complain(
    io,
    `smtp-sts: this is a bug, please report it: ${(error as Error).stack ?? String(error)}`,
  );
  return EXIT_SOFTWARE;
}
