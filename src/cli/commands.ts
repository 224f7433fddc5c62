/**
 * The commands, each loaded when it is asked for: to load all of them takes longer than most of them run.
 *
 * @module
 */
import { Command } from 'commander';
import type { Io } from './io.ts';
import { addSharedOptions } from './shared-options.ts';

/** Makes a command; `done` hears its exit code. */
export type MakeCommand = (io: Io, done: (exitCode: number) => void) => Command;

/** In the order of `--help`. */
const LOADERS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  explain: async () => (await import('./explain.ts')).explainCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  query: async () => (await import('./query.ts')).queryCommand,
  lint: async () => (await import('./lint.ts')).lintCommand,
  send: async () => (await import('./send.ts')).sendCommand,
  policies: async () => (await import('./policies.ts')).policiesCommand,
  overrides: async () => (await import('./overrides.ts')).overridesCommand,
  user: async () => (await import('./user.ts')).userCommand,
  queue: async () => (await import('./queue.ts')).queueCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  'dkim-key': async () => (await import('./dkim-key.ts')).dkimKeyCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  reload: async () => (await import('./reload.ts')).reloadCommand,
  'import-config': async () => (await import('./import-config.ts')).importConfigCommand,
  lab: async () => (await import('./lab.ts')).labCommand,
};

/** Loads the command that a command line names; all of them where it names none that there is; none to tell the version. */
export async function loadCommands(argv: readonly string[]): Promise<readonly MakeCommand[]> {
  const name = firstOperand(argv);
  if (name === '' && argv.some((word) => word === '-V' || word === '--version')) return [];
  const all = Object.entries(LOADERS);
  const named = all.filter(([one]) => one === name);
  const wanted = named.length === 0 ? all : named;
  return await Promise.all(wanted.map(async ([, load]) => await load()));
}

const SILENT = { writeErr: () => undefined };

/** What stands behind the shared options; '' where nothing does, or they cannot be read. */
function firstOperand(argv: readonly string[]): string {
  try {
    // What is wrong with them is told when the whole program reads them.
    const bare = addSharedOptions(new Command()).exitOverride().configureOutput(SILENT);
    return bare.parseOptions([...argv]).operands[0] ?? '';
  } catch {
    return '';
  }
}
