/**
 * `smtp-sts user`: who may send through the relay with a password.
 *
 * @module
 */
import { Command } from 'commander';
import type { Failure } from '../failure.ts';
import { listUsers, removeUser, setUser } from '../relay/submission/users-edit.ts';
import { EXIT_CANNOT_CREATE, EXIT_NO_INPUT, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { askPassword, passwordFromInput } from './password-prompt.ts';
import { CommandStop, configFrom, type SharedOptions } from './shared-options.ts';

/** Characters below which a password gets a warning (NIST SP 800-63B §5.1.1). */
const SHORT_PASSWORD = 8;

interface UserOptions extends SharedOptions {
  readonly file?: string;
  readonly stdin?: boolean;
}

/** Builds the command and its sub-commands. */
export function userCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('user')
    .summary('who may send through the relay with a password: add, remove, list')
    .description(
      'Works on the users file (--file, or relay.users_file of --config). A running relay reads it again\n' +
        'by itself. Only hashes of passwords are kept (scrypt).\n\n' +
        'Exit code: 0 done, 1 there is no such user, 64 wrong usage, 66 the file cannot be read,\n' +
        '73 it cannot be written, 78 the configuration is wrong.',
    );
  withFile(command.command('add'))
    .description('add a user, or set the password of one; it is asked for twice and not shown')
    .argument('<name>', 'one word, often an address')
    .option('--stdin', 'read the password from the first line of standard input')
    .action(async (name: string, _options: object, leaf: Command) =>
      done(await add(name, leaf.optsWithGlobals(), io)),
    );
  withFile(command.command('remove'))
    .description('remove a user; who is logged in stays so until the connection ends')
    .argument('<name>')
    .action((name: string, _options: object, leaf: Command) =>
      done(remove(name, leaf.optsWithGlobals(), io)),
    );
  withFile(command.command('list'))
    .description('the names of all users')
    .action((_options: object, leaf: Command) => done(list(leaf.optsWithGlobals(), io)));
  return command;
}

function withFile(command: Command): Command {
  return command.option('--file <path>', 'the users file (default: relay.users_file)');
}

async function add(name: string, options: UserOptions, io: Io): Promise<number> {
  const file = fileOf(options);
  const password = options.stdin === true ? await passwordFromInput(io) : await askPassword(io);
  const set = await setUser(file, { name, password });
  if (!set.ok) throw stopFor(set.failure);
  if (Array.from(password).length < SHORT_PASSWORD) {
    complain(
      io,
      `warning: the password has fewer than ${SHORT_PASSWORD} characters and is easily guessed`,
    );
  }
  if (options.json === true) sayJson(io, { user: name, file, done: set.value });
  else if (set.value === 'added') say(io, `${name} may send now (${file}).`);
  else say(io, `${name} has a new password (${file}).`);
  return 0;
}

function remove(name: string, options: UserOptions, io: Io): number {
  const file = fileOf(options);
  const removed = removeUser(file, name);
  const isKnown = removed.ok || removed.failure.code !== 'RELAY_USER_UNKNOWN';
  if (!removed.ok && isKnown) throw stopFor(removed.failure);
  if (options.json === true) sayJson(io, { user: name, file, removed: isKnown });
  else say(io, isKnown ? `${name} may no longer send.` : `There is no user ${name} in ${file}.`);
  return isKnown ? 0 : 1;
}

function list(options: UserOptions, io: Io): number {
  const users = listUsers(fileOf(options));
  if (!users.ok) throw stopFor(users.failure);
  if (options.json === true) sayJson(io, users.value);
  else for (const name of users.value) say(io, name);
  return 0;
}

function fileOf(options: UserOptions): string {
  const file = options.file ?? configFrom(options).relay.usersFile;
  if (file !== undefined) return file;
  throw new CommandStop(
    'no users file: name it with --file, or set relay.users_file in the configuration',
    EXIT_USAGE,
  );
}

const EXITS: Partial<Record<Failure['code'], number>> = {
  RELAY_USERS_UNREADABLE: EXIT_NO_INPUT,
  RELAY_USERS_INVALID: EXIT_NO_INPUT,
  RELAY_USERS_UNWRITABLE: EXIT_CANNOT_CREATE,
};

function stopFor({ code, detail }: Failure): CommandStop {
  return new CommandStop(`${detail} (${code})`, EXITS[code] ?? EXIT_USAGE);
}
