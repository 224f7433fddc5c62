/**
 * `smtp-sts queue show`: one message with all that is known of it, or its content.
 *
 * @module
 */
import { once } from 'node:events';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readContent, readMessage } from '../relay/operations/read-message.ts';
import type { Store } from '../store/types.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { type Io, say, sayJson } from './io.ts';
import { complainOfMissing, onQueue } from './queue-store.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';
import { paintFor } from './text/paint.ts';
import { messageText } from './text/queue-text.ts';

interface ShowOptions extends SharedOptions {
  readonly content?: boolean;
  readonly headers?: boolean;
}

/** Builds the command. */
export function showCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('show')
    .description('one message: envelope, recipients, attempts; or its content')
    .argument('<id>', 'the message')
    .option('--headers', 'print its header section instead')
    .option('--content', 'print the whole message instead, octet by octet as it came')
    .action(async (id: string, _options: object, leaf: Command) => {
      done(await show(id.toLowerCase(), leaf.optsWithGlobals<ShowOptions>(), io));
    });
}

async function show(id: string, options: ShowOptions, io: Io): Promise<number> {
  if (options.content === true && options.headers === true) {
    throw new CommandStop('one of --headers and --content', EXIT_USAGE);
  }
  return await onQueue(
    { ...options, io },
    async (store) => {
      const found = await readMessage(store, id);
      if (found === undefined) return complainOfMissing(id, io);
      if (options.content === true) await printContent(store, id, io);
      else if (options.headers === true) await printHeaders(store, id, io);
      else if (options.json === true) sayJson(io, found);
      else {
        const text = messageText(found, {
          now: systemClock.now(),
          paint: paintFor(io.stdout),
        });
        for (const line of text) say(io, line);
      }
      return 0;
    },
    () => complainOfMissing(id, io),
  );
}

/** As it is into a file or pipe; on a terminal nothing in it may move the cursor. */
async function printContent(store: Store, id: string, io: Io): Promise<void> {
  const isTerminal = io.stdout.isTTY === true;
  let rest = '';
  for await (const part of readContent(store, id)) {
    if (!isTerminal) {
      if (!io.stdout.write(part)) await once(io.stdout, 'drain');
      continue;
    }
    const lines = (rest + Buffer.from(part).toString('utf8')).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) say(io, shown(line));
  }
  if (rest !== '') say(io, shown(rest));
}

/** Header sections are short: RFC 5322 sets no limit, the relay does. */
const LONGEST_HEADER = 1_048_576;

async function printHeaders(store: Store, id: string, io: Io): Promise<void> {
  let text = '';
  for await (const part of readContent(store, id)) {
    text += Buffer.from(part).toString('utf8');
    if (/\r?\n\r?\n/.test(text) || text.length > LONGEST_HEADER) break;
  }
  const header = text.split(/\r?\n\r?\n/)[0] ?? '';
  for (const line of header.split(/\r?\n/)) say(io, line.split('\t').map(shown).join('\t'));
}
