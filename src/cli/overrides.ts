/**
 * `smtp-sts overrides`: what an operator decides for one domain, for a reason and until a day.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Store } from '../store/types.ts';
import { isInForce, untilText, type Override } from '../tls-policy/overrides.ts';
import {
  addOverride,
  dropOverride,
  readAudit,
  readOverrides,
  type AddResult,
} from '../tls-policy/override-table.ts';
import { tellService, type Told } from './control.ts';
import { readInput } from './input.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import {
  overrideDomain,
  overrideFrom,
  overrideKind,
  pinnedText,
  whoAsks,
  type AddOptions,
} from './overrides-arguments.ts';
import { commandLog, openConfiguredStore, openExistingStore } from './parts.ts';
import { configFrom, type SharedOptions } from './shared-options.ts';
import { auditRows, daysLeft, KIND_MEANING, overrideRows } from './text/override-text.ts';

/** A policy ends at 64 KiB (RFC 8461 §3.3). */
const LARGEST_POLICY = 65_536;

/** Builds the command and its sub-commands. */
export function overridesCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('overrides')
    .summary('decide for one domain, for a reason and until a day: add, list, drop, log')
    .description(
      'An override is for one policy domain and ends by itself. It is kept in the store that the\n' +
        'service uses; a running service takes it over at once, others on the same store within\n' +
        'seconds. Who added, changed and dropped what stays in the log for good.\n\n' +
        'Exit code: 0 done, also if there was nothing to do, 64 wrong usage, 66 the file cannot be read,\n' +
        '69 the store cannot be opened, 78 the configuration is wrong.',
    );
  command.addCommand(addCommand(io, done));
  command
    .command('list')
    .description('the overrides in force, with the days left')
    .option('--all', 'those that are over, too')
    .action(async (_options: object, leaf: Command) => {
      done(await list(leaf.optsWithGlobals(), io));
    });
  command
    .command('drop')
    .description('end the override of a domain now')
    .argument('<domain>', 'policy domain')
    .action(async (domain: string, _options: object, leaf: Command) => {
      done(await drop(overrideDomain(domain), leaf.optsWithGlobals(), io));
    });
  command
    .command('log')
    .description('who added, changed and dropped what, and what ended by itself')
    .argument('[domain]', 'of this policy domain alone')
    .action(async (domain: string | undefined, _options: object, leaf: Command) => {
      const policyDomain = domain === undefined ? undefined : overrideDomain(domain);
      done(await log(policyDomain, leaf.optsWithGlobals(), io));
    });
  return command;
}

function addCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('add')
    .description('add an override, or put it in the place of the one that the domain has')
    .argument('<domain>', 'policy domain, or [host] for a smart host')
    .option('--skip', KIND_MEANING.skip)
    .option('--require-tls', `${KIND_MEANING['require-tls']}, where nothing stronger applies`)
    .option('--enforce-testing', KIND_MEANING['enforce-testing'])
    .option('--pin <file>', `${KIND_MEANING.pin}; - is standard input`)
    .option('--reason <text>', 'why (required)')
    .option('--until <date>', 'when it ends: 2027-01-01 (as that day begins, UTC) or …T12:00Z')
    .option('--for <duration>', 'how long it holds: 12h, 30d')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  smtp-sts overrides add example.com --skip --reason "their CA lapsed, ticket 4711" --for 3d\n' +
        '  smtp-sts overrides add bank.example --require-tls --reason contract --until 2027-01-01\n' +
        '  smtp-sts overrides add partner.example --pin policy.txt --reason "agreed by phone" --for 365d',
    )
    .action(async (domain: string, _options: object, leaf: Command) => {
      done(await add(overrideDomain(domain), leaf.optsWithGlobals<AddOptions>(), io));
    });
}

async function add(policyDomain: string, options: AddOptions, io: Io): Promise<number> {
  overrideKind(options);
  const { pin } = options;
  const policyText =
    pin === undefined ? undefined : pinnedText(pin, await readInput(pin, io, LARGEST_POLICY));
  const override = overrideFrom({ policyDomain, options, policyText, now: systemClock.now() });
  const config = configFrom(options);
  const result = await onStore(config, async (store) => await addOverride(store, override));
  const service = result === 'unchanged' ? undefined : await tell(config, io);
  if (options.json === true) {
    sayJson(io, { result, ...(service === undefined ? {} : { service }), override });
    return 0;
  }
  say(io, addedText(result, override));
  sayTold(service, io);
  return 0;
}

function addedText(result: AddResult, { policyDomain, kind, until }: Override): string {
  const what = `${policyDomain}: ${kind} (${KIND_MEANING[kind]}) until ${untilText(until)}`;
  switch (result) {
    case 'added':
      return `Added. ${what}`;
    case 'changed':
      return `Changed. ${what}`;
    case 'unchanged':
      return `Nothing to do. ${what} is in force already`;
  }
}

interface ListOptions extends SharedOptions {
  readonly all?: boolean;
}

async function list(options: ListOptions, io: Io): Promise<number> {
  const now = systemClock.now();
  const found = await onExistingStore(options, readOverrides, []);
  const overrides = found.filter((each) => options.all === true || isInForce(each, now));
  if (options.json === true) {
    for (const each of overrides) {
      sayJson(io, { ...each, daysLeft: daysLeft(each, now), inForce: isInForce(each, now) });
    }
    return 0;
  }
  if (overrides.length === 0) {
    const ended = found.length === 0 ? '' : ` (${found.length} over; --all shows them)`;
    complain(io, `No override is in force${ended}.`);
    return 0;
  }
  for (const line of overrideRows(overrides, now)) say(io, line);
  return 0;
}

async function drop(policyDomain: string, options: SharedOptions, io: Io): Promise<number> {
  const config = configFrom(options);
  const what = { policyDomain, by: whoAsks(), at: systemClock.now() };
  const dropped = await onStore(config, async (store) => await dropOverride(store, what));
  const service = dropped === undefined ? undefined : await tell(config, io);
  if (options.json === true) {
    const result = dropped === undefined ? 'unchanged' : 'dropped';
    sayJson(io, { result, policyDomain, ...(service === undefined ? {} : { service }) });
    return 0;
  }
  say(
    io,
    dropped === undefined
      ? `Nothing to do. ${policyDomain} has no override`
      : `Dropped. ${policyDomain} is treated by its own policies again`,
  );
  sayTold(service, io);
  return 0;
}

async function log(
  policyDomain: string | undefined,
  options: SharedOptions,
  io: Io,
): Promise<number> {
  const read = async (store: Store) => await readAudit(store, policyDomain);
  const lines = await onExistingStore(options, read, []);
  if (options.json === true) {
    for (const line of lines) sayJson(io, line);
    return 0;
  }
  if (lines.length === 0) complain(io, 'No override was ever added.');
  else for (const line of auditRows(lines)) say(io, line);
  return 0;
}

async function tell(config: Config, io: Io): Promise<Told> {
  const { told, detail } = await tellService(config, '/overrides/refresh');
  if (told === 'failed') complain(io, `The running service could not be told: ${detail ?? ''}`);
  return told;
}

function sayTold(told: Told | undefined, io: Io): void {
  if (told === 'told') say(io, 'The running service knows it.');
  if (told === 'not-running') say(io, 'Services on the same store know it within seconds.');
}

async function onStore<T>(config: Config, task: (store: Store) => Promise<T>): Promise<T> {
  const store = await openConfiguredStore(config, commandLog(config));
  try {
    return await task(store);
  } finally {
    await store.close();
  }
}

async function onExistingStore<T>(
  options: SharedOptions,
  task: (store: Store) => Promise<T>,
  otherwise: T,
): Promise<T> {
  const store = await openExistingStore(configFrom(options));
  if (store === undefined) return otherwise;
  try {
    return await task(store);
  } finally {
    await store.close();
  }
}
