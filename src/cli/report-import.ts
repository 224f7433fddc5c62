/**
 * `smtp-sts report import`: takes in reports that are there already: mails, files, whole mailboxes.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import { createArchive } from '../reporting/archive/archive.ts';
import { createImporter, type Importer } from '../reporting/import/importer.ts';
import type { NoReportFile, Taken } from '../reporting/import/types.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { createFaults, type Faults } from './faults.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { commandLog, openConfiguredStore } from './parts.ts';
import { createProgress } from './progress.ts';
import { archiveSettings } from './report-domains.ts';
import { mailsIn, octetsOf, type PlacedSource, sourcesIn, unreadable } from './report-files.ts';
import {
  collect,
  type CommandStop,
  configWithoutTrust,
  type SharedOptions,
} from './shared-options.ts';
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
  const octets = octetsOf(paths);
  const log = commandLog(config);
  const store = await openConfiguredStore(config, log);
  const receive = archiveSettings(config, options.domain);
  const archive = createArchive({
    store,
    clock: systemClock,
    log,
    settings: () => receive,
  });
  const check = options.verify === true ? 'signatures' : 'nothing';
  const importer = createImporter({ archive, settings: { receive, check, dns: config.dns }, log });
  try {
    const work = { io, importer, faults: createFaults(io), counts: new Map(), octets };
    const isStoreUp = await takeAll(paths, { ...work, maxBytes: receive.maxBytes });
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
    await importer.close();
    await archive.idle();
    await store.close();
  }
}

interface Import {
  readonly io: Io;
  readonly importer: Importer;
  readonly faults: Faults;
  readonly counts: Counts;
  readonly octets: number | undefined;
  readonly maxBytes: number;
}

const KIB = 1_024;

/** @returns false if the store was not there any more */
async function takeAll(paths: readonly string[], work: Import): Promise<boolean> {
  const progress = createProgress(work.io, systemClock);
  const total = work.octets === undefined ? undefined : Math.ceil(work.octets / KIB);
  const mailboxes: string[] = [];
  let [octetsDone, isStoreUp] = [0, true];
  let stop: CommandStop | undefined;
  const hear = (source: PlacedSource, taken: Taken): 'go-on' | 'stop' => {
    if (taken.kind === 'mailbox') {
      mailboxes.push(source.place);
      return 'go-on';
    }
    if (taken.kind === 'unreadable') stop ??= unreadable(source.place, taken.reason);
    else if (noteTaken(source.place, taken, work)?.code === 'REPORT_INTAKE_STORE') {
      isStoreUp = false;
    }
    octetsDone += source.octets;
    progress.show(Math.ceil(octetsDone / KIB), total, `KiB, ${sumOf(work.counts)} reports`);
    return isStoreUp && stop === undefined ? 'go-on' : 'stop';
  };
  const { io, maxBytes, importer } = work;
  const onTooLarge = (place: string, octets: number): void => noteTooLarge(place, octets, work);
  try {
    await importer.takeAll(sourcesIn(paths, { io, maxBytes, onTooLarge }), hear);
    // A file turns out to be one when it is read.
    if (isStoreUp && stop === undefined) {
      await importer.takeAll(mailsIn(mailboxes, { maxBytes, onTooLarge }), hear);
    }
  } finally {
    progress.end();
  }
  if (stop !== undefined) throw stop;
  return isStoreUp;
}

/** @returns why all is to be tried later, where it is */
function noteTaken(
  place: string,
  taken: Exclude<Taken, { readonly kind: 'mailbox' | 'unreadable' }>,
  work: Import,
): Failure | undefined {
  const { counts, faults } = work;
  if (taken.kind === 'too-large') {
    noteTooLarge(place, taken.octets, work);
    return undefined;
  }
  for (const failure of failuresOf(taken)) {
    faults.tell(`${place}: ${failure.detail} (${failure.code})`);
  }
  if (taken.kind !== 'reports') {
    count(counts, taken.kind);
    return taken.kind === 'later' ? taken.failure : undefined;
  }
  for (const { kind } of taken.results) count(counts, kind);
  for (const _ of taken.failures) count(counts, 'refused');
  return undefined;
}

function noteTooLarge(place: string, octets: number, { counts, faults }: Import): void {
  count(counts, 'refused');
  faults.tell(`${place}: ${octets} octets are more than are read (REPORT_INTAKE_TOO_LARGE)`);
}

/** What is told one by one; that something is no report is not. */
function failuresOf(taken: Exclude<Taken, NoReportFile>): readonly Failure[] {
  switch (taken.kind) {
    case 'reports':
      return taken.failures;
    case 'not-a-report':
      return [];
    case 'refused':
    case 'later':
      return [taken.failure];
  }
}

function count(counts: Counts, kind: Kind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function sumOf(counts: Counts): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0);
}

function tell({ counts }: Pick<Import, 'counts'>, options: ImportOptions, io: Io): void {
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
