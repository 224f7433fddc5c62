/**
 * Makes the man page of the commands themselves, so that it cannot say anything else than `--help`.
 *
 * @module
 */
import { Readable, Writable } from 'node:stream';
import type { Argument, Command, Option } from 'commander';
import { loadCommands } from '../src/cli/commands.ts';
import { buildProgram } from '../src/cli/program.ts';
import { productVersion } from '../src/version.ts';

/** The page, in the man macros (man(7)). */
export async function manPage(): Promise<string> {
  const printed: string[] = [];
  const stdout = new Writable({
    write(piece: Buffer, _encoding, done) {
      printed.push(piece.toString());
      done();
    },
  });
  const io = { stdin: Readable.from([]), stdout, stderr: stdout };
  const program = buildProgram(await loadCommands([]), io, () => undefined);
  const examplesOf = (command: Command): string => {
    printed.length = 0;
    command.outputHelp();
    return /\nExamples?:\n(?<examples>[^]*)$/.exec(printed.join(''))?.groups?.['examples'] ?? '';
  };
  return [
    '.\\" Made by `npm run docs` from src/cli/. Do not edit.',
    `.TH SMTP\\-STS 1 "" "smtp\\-sts ${productVersion()}" "smtp\\-sts"`,
    '.SH NAME',
    'smtp\\-sts \\- strict transport security for email',
    '.SH SYNOPSIS',
    '.B smtp\\-sts',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    ...paragraphs(program.description()),
    '.SH OPTIONS OF ALL COMMANDS',
    ...program.options.flatMap(optionText),
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => commandText(command, '', examplesOf)),
    ...REST,
    '',
  ].join('\n');
}

const REST: readonly string[] = [
  '.SH SIGNALS',
  '.TP',
  '.BR SIGTERM ", " SIGINT',
  'End the service: questions under way are answered first.',
  '.TP',
  '.B SIGHUP',
  'Take over the changed configuration; sockets and policies stay.',
  '.SH ENVIRONMENT',
  '.TP',
  '.BR STATE_DIRECTORY ", " RUNTIME_DIRECTORY',
  'Where the database and the control socket lie, if the configuration does not say (systemd sets them).',
  '.TP',
  '.BR LISTEN_FDS ", " LISTEN_PID',
  'Listening sockets that systemd hands over; they take the place of socketmap.listen.',
  '.TP',
  '.BR NOTIFY_SOCKET ", " WATCHDOG_USEC',
  'Where and how often systemd wants to hear from the service; systemd\\-notify(1) tells it.',
  '.TP',
  '.B NO_COLOR',
  'Text without colours.',
  '.SH FILES',
  '.TP',
  '.I /etc/smtp\\-sts/config.yaml',
  'Configuration of the unit that is shipped; the program itself reads only the file that \\-\\-config names.',
  '.TP',
  '.I var/smtp\\-sts.sqlite',
  'The database, from the working directory, where nothing else is set.',
  '.SH SEE ALSO',
  '.BR postconf (5),',
  '.BR socketmap_table (5),',
  '.BR systemd.exec (5)',
  '.PP',
  'RFC 8461 (MTA\\-STS), RFC 7672 (DANE for SMTP), RFC 8460 (TLS reporting), RFC 8689 (REQUIRETLS).',
];

function commandText(
  command: Command,
  parent: string,
  examplesOf: (command: Command) => string,
): string[] {
  const name = `${parent}${command.name()}`;
  const words = [name, ...command.registeredArguments.map(argumentText)].join(' ');
  const examples = examplesOf(command);
  return [
    `.SS ${quoted(words)}`,
    ...paragraphs(command.description() || command.summary()),
    ...command.options.flatMap(optionText),
    ...(examples === '' ? [] : ['.PP', 'Examples:', '.PP', '.nf', ...lines(examples), '.fi']),
    ...command.commands.flatMap((child) => commandText(child, `${name} `, examplesOf)),
  ];
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionText({ flags, description, argChoices, defaultValue }: Option): string[] {
  const notes = [
    ...(argChoices === undefined ? [] : [`choices: ${argChoices.join(', ')}`]),
    ...(typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : []),
  ];
  const more = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return ['.TP', `.B ${quoted(flags)}`, ...lines(`${description}${more}`)];
}

/** Text as it was set for a terminal: its lines mean something. */
function paragraphs(text: string): string[] {
  return text
    .split('\n\n')
    .flatMap((paragraph) =>
      paragraph.includes('\n  ')
        ? ['.PP', '.nf', ...lines(paragraph), '.fi']
        : ['.PP', ...lines(paragraph)],
    );
}

function lines(text: string): string[] {
  return text.replace(/\n+$/, '').split('\n').map(escaped);
}

/** A line that begins with a dot or a quote would be a request. */
function escaped(line: string): string {
  const safe = line.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}
