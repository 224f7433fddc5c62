/**
 * Which messages are meant: ids and conditions of `smtp-sts queue`.
 *
 * @module
 */
import { type Command, Option } from 'commander';
import { parseDuration } from '../config/units.ts';
import type { QueueFilter, ShownState } from '../relay/operations/filter.ts';
import { destinationOf } from '../relay/queue/destination.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';

/** What conditions were given. */
export interface FilterOptions extends SharedOptions {
  readonly destination?: string;
  readonly sender?: string;
  readonly recipient?: string;
  readonly state?: ShownState;
  /** A duration. */
  readonly older?: string;
}

/** Adds the conditions to a command. */
export function addFilters(command: Command): Command {
  return command
    .option('--destination <domain>', 'mail to this recipient domain, or [address]')
    .option('--sender <address>', 'mail from this address, from anybody at a domain, or from <>')
    .option('--recipient <address>', 'mail to this address, or to anybody at a domain')
    .addOption(
      new Option('--state <state>', 'mail in this state').choices([
        'waiting',
        'held',
        'delivering',
      ]),
    )
    .option('--older <duration>', 'mail accepted longer ago than this: 30m, 4h, 2d');
}

/** The filter of ids and conditions; ids are the same in upper and lower case. */
export function filterFrom(
  ids: readonly string[],
  options: FilterOptions,
  now: number,
): QueueFilter {
  const { destination, sender, recipient, state, older } = options;
  return {
    ...(ids.length === 0 ? {} : { ids: ids.map((id) => id.toLowerCase()) }),
    ...(destination === undefined ? {} : { destination: destinationFrom(destination) }),
    ...(sender === undefined ? {} : { sender: addressFrom(sender) }),
    ...(recipient === undefined ? {} : { recipient: addressFrom(recipient) }),
    ...(state === undefined ? {} : { state }),
    ...(older === undefined ? {} : { acceptedUntil: now - durationFrom('--older', older) }),
  };
}

/** As a queued job names it: a domain in any spelling, an address, `[192.0.2.1]`. */
function destinationFrom(text: string): string {
  const domain = text.slice(text.lastIndexOf('@') + 1).replace(/\.$/, '');
  return destinationOf(`x@${domain}`);
}

/** `<a@b.test>`, `a@b.test`, `b.test` or `@b.test` (anybody there), `<>`. */
function addressFrom(text: string): string {
  const bare = text.replace(/^<(.*)>$/, '$1');
  return bare === '' || bare.includes('@') ? bare : `@${bare}`;
}

/** A duration on the command line. */
export function durationFrom(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new CommandStop(`${option} ${text}: write a duration like 90s, 30m, 4h or 2d`, EXIT_USAGE);
}

/** A number on the command line. */
export function numberFrom(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandStop(`${option} ${text}: write a whole number`, EXIT_USAGE);
}
