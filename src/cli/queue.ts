/**
 * `smtp-sts queue`: the mail that waits, seen and changed in the store itself, whether the service
 * runs or not.
 *
 * @module
 */
import { Command } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { type QueueSurvey, surveyQueue } from '../relay/operations/survey.ts';
import type { Store } from '../store/types.ts';
import { type Io, say, sayJson } from './io.ts';
import { durationFrom, numberFrom } from './queue-arguments.ts';
import { changeCommand } from './queue-change.ts';
import { explainQueuedCommand } from './queue-explain.ts';
import { listCommand } from './queue-list.ts';
import { removeCommand } from './queue-remove.ts';
import { showCommand } from './queue-show.ts';
import { onQueue } from './queue-store.ts';
import type { SharedOptions } from './shared-options.ts';
import { paintFor } from './text/paint.ts';
import { surveyText } from './text/survey-text.ts';

interface WatchOptions extends SharedOptions {
  readonly watch?: boolean;
  readonly interval: string;
  readonly count?: string;
}

/** Builds the command and its sub-commands. */
export function queueCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('queue')
    .summary('the mail that waits: list, show, explain, retry, hold, release, drop, bounce')
    .description(
      'Alone: the queue in numbers. Works on the store that the service uses, whether it runs or not.\n\n' +
        'Exit code: 0 done, also if there was nothing to do, 1 some were left alone because they are in\n' +
        'delivery, 64 wrong usage, 66 no such message, 69 the store cannot be opened, 78 the\n' +
        'configuration is wrong.',
    )
    .option('--watch', 'look again and again')
    .option('--interval <duration>', 'between two looks', '2s')
    .option('--count <n>', 'looks at most')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  smtp-sts queue list --destination example.com --older 1h\n' +
        '  smtp-sts queue explain ID\n' +
        '  smtp-sts queue retry --destination example.com\n' +
        '  smtp-sts queue drop --sender spammer@example.org --yes',
    )
    .action(async (_options: object, leaf: Command) => {
      done(await overview(leaf.optsWithGlobals<WatchOptions>(), io));
    });
  const children = [
    listCommand(io, done),
    showCommand(io, done),
    explainQueuedCommand(io, done),
    changeCommand('retry', io, done),
    changeCommand('hold', io, done),
    changeCommand('release', io, done),
    removeCommand('drop', io, done),
    removeCommand('bounce', io, done),
  ];
  for (const child of children) command.addCommand(child);
  return command;
}

async function overview(options: WatchOptions, io: Io): Promise<number> {
  const intervalMs = Math.max(100, durationFrom('--interval', options.interval));
  const most = options.count === undefined ? undefined : numberFrom('--count', options.count);
  const looks = options.watch === true ? (most ?? Number.POSITIVE_INFINITY) : 1;
  return await onQueue(
    { ...options, io },
    async (store) => {
      await watch(store, { options, io, intervalMs, looks, clock: systemClock });
      return 0;
    },
    (store) => {
      if (options.json === true) sayJson(io, { store, exists: false });
      return 0;
    },
  );
}

interface Watching {
  readonly options: WatchOptions;
  readonly io: Io;
  readonly intervalMs: number;
  readonly looks: number;
  readonly clock: Clock;
}

/** Ends with the last look, or when nobody reads any more. */
async function watch(store: Store, watching: Watching): Promise<void> {
  const { io, intervalMs, looks, clock } = watching;
  let before: QueueSurvey | undefined;
  for (let look = 1; look <= looks && !io.stdout.destroyed; look += 1) {
    if (look > 1) await clock.sleep(intervalMs);
    const now = clock.now();
    const survey = await surveyQueue(store, before === undefined ? { now } : { now, before });
    show(survey, before, watching);
    before = survey;
  }
}

/** Cursor to the corner, and what is below away: no flicker, and nothing of the old screen. */
const CLEAR = '\u001b[H\u001b[2J';

function show(survey: QueueSurvey, before: QueueSurvey | undefined, watching: Watching): void {
  const { options, io } = watching;
  if (options.json === true) {
    sayJson(io, survey);
    return;
  }
  const { isTTY, columns } = io.stdout;
  const isTerminal = isTTY === true;
  const lines = surveyText(survey, {
    paint: paintFor(io.stdout),
    width: isTerminal ? columns : undefined,
    ...(before === undefined ? {} : { before }),
  });
  if (options.watch === true && isTerminal) io.stdout.write(CLEAR);
  else if (before !== undefined) say(io, '');
  for (const line of lines) say(io, line);
}
