/**
 * `smtp-sts report import`: takes in reports that are there already: mails, files, whole mailboxes.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { createResolver } from '../dns/resolver.ts';
import type { Failure } from '../failure.ts';
import { silentLog } from '../log/log.ts';
import { createArchive } from '../reporting/archive/archive.ts';
import { createIntake } from '../reporting/intake/take-in.ts';
import type { Intake, IntakeResult } from '../reporting/intake/types.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { createFaults, type Faults } from './faults.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { commandLog, openConfiguredStore } from './parts.ts';
import { createProgress } from './progress.ts';
import { archiveSettings } from './report-domains.ts';
import { octetsOf, type ReportInput, reportInputs } from './report-files.ts';
import { collect, configWithoutTrust, type SharedOptions } from './shared-options.ts';
import { columns } from './text/table.ts';

interface ImportOptions extends SharedOptions {
  readonly verify?: boolean;
  readonly domain?: readonly string[];
}

/** Builds the command. */
export function reportImportCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('import')
    .summary('take in reports from files, mails, mailboxes and folders')
    .description(
      'Take in TLS reports: .json, .json.gz, .zip, mails, mbox files, Maildirs and folders of any of\n' +
        'these. A report that is there already is known by its sender and id, so an import can be run\n' +
        'again at any time. Works on the store that the service uses, whether it runs or not.',
    )
    .argument('<file...>', 'files and folders, or - for standard input')
    .option(
      '--verify',
      'check the DKIM signatures of mails, and let reporting.receive.unauthenticated decide; without it you vouch for what you import',
    )
    .option(
      '--domain <domain>',
      'keep reports about this policy domain, *.domain or *; may be given several times (default: reporting.receive.domains, any where that is empty)',
      collect,
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  smtp-sts report import ~/Maildir/.TLSRPT\n' +
        '  smtp-sts report import old-reports.mbox reports/*.json.gz\n\n' +
        'Exit code: 0 all taken in, 1 some were refused or could not be read, 64 wrong usage, 66 no\n' +
        'such file, 69 the store cannot be opened or written, 78 the configuration is wrong.',
    )
    .action(async (paths: readonly string[], _options: object, leaf: Command) => {
      done(await importReports(paths, leaf.optsWithGlobals<ImportOptions>(), io));
    });
}

/** What came of each report, in the order in which it is told. */
const KINDS = {
  stored: 'stored',
  replaced: 'stored, in place of one that was less sure',
  'not-counted': 'stored, not counted: sender not proven',
  conflict: 'stored, not counted: another report has its id',
  duplicate: 'known already',
  'unknown-domain': 'about domains that are not kept',
  'over-quota': 'over the share of their sender',
  'not-a-report': 'no reports',
  refused: 'refused',
  later: 'not now',
} as const;

type Kind = keyof typeof KINDS;
type Counts = Map<Kind, number>;

async function importReports(
  paths: readonly string[],
  options: ImportOptions,
  io: Io,
): Promise<number> {
  const config = configWithoutTrust(options);
  const octets = await octetsOf(paths);
  const log = commandLog(config);
  const store = await openConfiguredStore(config, log);
  // Whether its answers are secure does not matter for DKIM.
  const resolver = createResolver({ ...config.dns, clock: systemClock, log: silentLog });
  const settings = archiveSettings(config, options.domain);
  const archive = createArchive({ store, clock: systemClock, log, settings: () => settings });
  const intake = createIntake({
    archive,
    resolver,
    clock: systemClock,
    log,
    settings: () => settings,
    check: options.verify === true ? 'signatures' : 'nothing',
  });
  try {
    const inputs = reportInputs(paths, { io, maxBytes: settings.maxBytes });
    const work = { io, intake, faults: createFaults(io), counts: new Map(), octets };
    const isStoreUp = await takeAll(inputs, work);
    tell(work, options, io);
    if (!isStoreUp) {
      complain(
        io,
        'The store does not answer: run the import again, what was stored is known then.',
      );
      return EXIT_UNAVAILABLE;
    }
    return work.faults.count === 0 ? 0 : 1;
  } finally {
    await archive.idle();
    resolver.close();
    await store.close();
  }
}

interface Import {
  readonly io: Io;
  readonly intake: Intake;
  readonly faults: Faults;
  readonly counts: Counts;
  readonly octets: number | undefined;
}

/** So many at once share a transaction, and with it the wait for the disk. */
const AT_ONCE = 128;
/** And no more than this, octets: unpacked it may be two hundred times as much. */
const OCTETS_AT_ONCE = 2 * 1_048_576;
const KIB = 1_024;

/** @returns false if the store was not there any more */
async function takeAll(inputs: AsyncIterable<ReportInput>, work: Import): Promise<boolean> {
  const progress = createProgress(work.io, systemClock);
  const underWay = new Set<Promise<void>>();
  let [octetsUnderWay, octetsDone, isStoreUp] = [0, 0, true];
  const takeOne = async (input: ReportInput): Promise<void> => {
    const failure = await take(input, work);
    if (failure?.code === 'REPORT_INTAKE_STORE') isStoreUp = false;
    octetsUnderWay -= input.octets;
    octetsDone += input.octets;
    const total = work.octets === undefined ? undefined : Math.ceil(work.octets / KIB);
    progress.show(Math.ceil(octetsDone / KIB), total, `KiB, ${sumOf(work.counts)} reports`);
  };
  try {
    for await (const input of inputs) {
      octetsUnderWay += input.octets;
      const done: Promise<void> = takeOne(input).finally(() => underWay.delete(done));
      underWay.add(done);
      for (;;) {
        const isLarge = underWay.size > 1 && octetsUnderWay > OCTETS_AT_ONCE;
        if (!isLarge && underWay.size < AT_ONCE) break;
        await Promise.race(underWay);
      }
      if (!isStoreUp) break;
    }
  } finally {
    await Promise.all(underWay);
    progress.end();
  }
  return isStoreUp;
}

async function take(
  { place, bytes, octets, fileName }: ReportInput,
  { intake, counts, faults }: Import,
): Promise<Failure | undefined> {
  if (bytes === undefined) {
    count(counts, 'refused');
    faults.tell(`${place}: ${octets} octets are more than are read (REPORT_INTAKE_TOO_LARGE)`);
    return undefined;
  }
  const named = fileName === undefined ? {} : { fileName };
  const result = await intake.file(bytes, { way: 'file', ...named });
  for (const failure of failuresOf(result)) {
    faults.tell(`${place}: ${failure.detail} (${failure.code})`);
  }
  if (result.kind !== 'reports') {
    count(counts, result.kind);
    return result.kind === 'later' ? result.failure : undefined;
  }
  for (const { result: archived } of result.results) count(counts, archived?.kind ?? 'refused');
  return undefined;
}

/** What is told one by one; that something is no report is not. */
function failuresOf(result: IntakeResult): readonly Failure[] {
  switch (result.kind) {
    case 'reports':
      return result.results.flatMap(({ failure }) => failure ?? []);
    case 'not-a-report':
      return [];
    case 'refused':
    case 'later':
      return [result.failure];
  }
}

function count(counts: Counts, kind: Kind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function sumOf(counts: Counts): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0);
}

function tell({ counts }: Import, options: ImportOptions, io: Io): void {
  const kinds = Object.keys(KINDS) as Kind[];
  if (options.json === true) {
    sayJson(io, Object.fromEntries(kinds.map((kind) => [kind, counts.get(kind) ?? 0])));
    return;
  }
  const rows = kinds
    .filter((kind) => kind === 'stored' || counts.has(kind))
    .map((kind) => [(counts.get(kind) ?? 0).toLocaleString('en').padStart(9), KINDS[kind]]);
  for (const line of columns(rows)) say(io, line);
}
