/**
 * `smtp-sts policies import`: takes in what `policies export` wrote elsewhere.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import {
  importPolicies,
  readPolicyLine,
  type TransferredPolicy,
} from '../mta-sts/policy-transfer.ts';
import type { Store } from '../store/types.ts';
import { createFaults } from './faults.ts';
import { linesOf, tooLongText } from './input.ts';
import { type Io, say, sayJson } from './io.ts';
import { commandLog, openConfiguredStore } from './parts.ts';
import { createProgress } from './progress.ts';
import { configFrom, type SharedOptions } from './shared-options.ts';

/** Builds the command. */
export function importCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('import')
    .description(
      'take in policies that `export` wrote: none replaces a newer one, none lives longer for it',
    )
    .argument('<file>', 'the file, or - for standard input')
    .addHelpText(
      'after',
      '\nA running service has them within a minute.\n' +
        'Exit code: 0 taken in, 1 some lines were no policies (the others were taken in),\n' +
        '64 wrong usage, 66 no file, 69 the store cannot be opened, 78 the configuration is wrong.',
    )
    .action(async (file: string, _options: object, leaf: Command) => {
      done(await importFrom(file, leaf.optsWithGlobals(), io));
    });
}

/** Policies in one transaction: few enough that a running service hardly waits. */
const BATCH = 200;
/** JSON makes two octets of a line end or a quote; the rest is for the other fields. */
function longestLine(longestPolicy: number): number {
  return 2 * longestPolicy + 4_096;
}

interface Counts {
  imported: number;
  kept: number;
  expired: number;
  refused: number;
}

async function importFrom(file: string, options: SharedOptions, io: Io): Promise<number> {
  const config = configFrom(options);
  const counts: Counts = { imported: 0, kept: 0, expired: 0, refused: 0 };
  const store = await openConfiguredStore(config, commandLog(config));
  const progress = createProgress(io, systemClock);
  const faults = createFaults(io);
  const limit = longestLine(config.policyFetch.maxBytes);
  try {
    let batch: TransferredPolicy[] = [];
    const flush = async (number: number): Promise<void> => {
      const taken = await takeIn(store, batch, config.mtaSts.refreshMs);
      counts.imported += taken.imported;
      counts.kept += taken.kept;
      batch = [];
      progress.show(number, undefined, 'lines read');
    };
    let last = 0;
    for await (const { number, text } of linesOf(file, io, limit)) {
      last = number;
      if (text === undefined) faults.tell(tooLongText(file, number, limit));
      else if (text.trim() !== '') {
        const read = readPolicyLine(text, systemClock.now());
        if (read.ok) batch.push(read.value);
        else if (read.failure.code === 'TRANSFER_EXPIRED') counts.expired += 1;
        else faults.tell(`${file}:${number}: ${read.failure.detail} (${read.failure.code})`);
      }
      if (batch.length >= BATCH) await flush(number);
    }
    await flush(last);
    counts.refused = faults.count;
  } finally {
    progress.end();
    await store.close();
  }
  if (options.json === true) sayJson(io, counts);
  else say(io, summary(counts));
  return counts.refused > 0 ? 1 : 0;
}

async function takeIn(
  store: Store,
  batch: readonly TransferredPolicy[],
  refreshMs: number,
): Promise<{ readonly imported: number; readonly kept: number }> {
  if (batch.length === 0) return { imported: 0, kept: 0 };
  const now = systemClock.now();
  return await importPolicies(store, batch, { now, refreshMs, random: Math.random });
}

function summary({ imported, kept, expired, refused }: Counts): string {
  return (
    `${imported} imported, ${kept} not: the store has them as new or newer, ` +
    `${expired} were over, ${refused} were no policies.`
  );
}
