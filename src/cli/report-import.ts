/**
 * `smtp-sts report import`: takes in reports that are there already: mails, files, whole mailboxes.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { createArchive } from '../reporting/archive/archive.ts';
import type { FilePath } from '../file-path.ts';
import { createImporter, type Importer, REPORTS_TOGETHER } from '../reporting/import/importer.ts';
import type { Taken } from '../reporting/import/types.ts';
import { EXIT_NO_INPUT, EXIT_UNAVAILABLE } from './exit-codes.ts';
import { complain, type Io } from './io.ts';
import { commandLog, missingStore, openConfiguredStore } from './parts.ts';
import { createProgress, type Progress } from './progress.ts';
import { archiveSettings, domainPatterns } from './report-domains.ts';
import { mailsIn, octetsOf, type PlacedSource, sourcesIn } from './report-files.ts';
import { type Book, createBook, type Place } from './report-import-book.ts';
import { fatesOf, tooLarge, unreadable } from './report-import-fate.ts';
import { collect, configWithoutTrust, type SharedOptions } from './shared-options.ts';

interface ImportOptions extends SharedOptions {
  readonly verify?: boolean;
  readonly domain?: readonly string[];
  readonly verbose?: boolean;
}

/** Builds the command. */
export function reportImportCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('import')
    .summary('take in reports from files, mails, mailboxes and folders')
    .description(
      'Take in TLS reports: .json, .json.gz, .zip, mails, mbox files, Maildirs and folders of any of\n' +
        'these. A report that is there already is known by its sender and id, so an import can be run\n' +
        'again at any time. Works on the store that the service uses, whether it runs or not. With\n' +
        '--json: a line for each report, and for each file without one, and the tally in the last.',
    )
    .argument('<file...>', 'files and folders, or - for standard input')
    .option(
      '--verify',
      'check the DKIM signatures of mails, and let reporting.receive.unauthenticated decide; a file that is no mail has none and counts; without it you vouch for mails too',
    )
    .option(
      '--domain <domain>',
      'keep reports about this policy domain, *.domain or *; may be given several times (default: reporting.receive.domains, any where that is empty)',
      collect,
    )
    .option('-v, --verbose', 'say of every report and file what became of it, on standard error')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  smtp-sts report import ~/Maildir/.TLSRPT\n' +
        '  smtp-sts report import old-reports.mbox reports/*.json.gz\n\n' +
        'Exit code: 0 all taken in, 1 some were refused or could not be read, or a file that is named\n' +
        'here is no report, or about domains that are not kept: all others were taken in; 64 wrong\n' +
        'usage, 66 nothing that is named could be read, 69 the store cannot be opened or written, 78\n' +
        'the configuration is wrong.',
    )
    .action(async (paths: readonly string[], _options: object, leaf: Command) => {
      done(await importReports(paths, leaf.optsWithGlobals<ImportOptions>(), io));
    });
}

async function importReports(
  paths: readonly string[],
  options: ImportOptions,
  io: Io,
): Promise<number> {
  const domains = options.domain === undefined ? undefined : domainPatterns(options.domain);
  const config = configWithoutTrust(options);
  const log = commandLog(config);
  const missing = missingStore(config);
  const store = await openConfiguredStore(config, log);
  // Its name may be a typing error, and reports in it are seen by nobody.
  if (missing !== undefined) complain(io, `There was no store at ${missing}: a new one was made.`);
  const receive = archiveSettings(config, domains);
  const archive = createArchive({
    store,
    clock: systemClock,
    log,
    settings: () => receive,
    together: REPORTS_TOGETHER,
  });
  const check = options.verify === true ? 'signatures' : 'nothing';
  const importer = createImporter({ archive, settings: { receive, check, dns: config.dns }, log });
  const progress = createProgress(io, systemClock);
  const book = createBook({
    io,
    isVerbose: options.verbose === true,
    asJson: options.json === true,
    beforeTelling: () => progress.end(),
  });
  try {
    await takeAll(paths, { io, importer, book, progress, maxBytes: receive.maxBytes });
    book.tell();
    return exitCodeOf(book, io);
  } finally {
    await importer.close();
    await archive.idle();
    await store.close();
  }
}

function exitCodeOf(book: Book, io: Io): number {
  if (book.isStoreGone()) {
    complain(io, 'The store does not answer: run the import again, what was stored is known then.');
    return EXIT_UNAVAILABLE;
  }
  if (!book.hasFaults()) return 0;
  return book.count('unreadable') === book.sum() ? EXIT_NO_INPUT : 1;
}

interface Import {
  readonly io: Io;
  readonly importer: Importer;
  readonly book: Book;
  readonly progress: Progress;
  readonly maxBytes: number;
}

const KIB = 1_024;

/** Ends early where the store was not there any more. */
async function takeAll(paths: readonly string[], work: Import): Promise<void> {
  const { io, maxBytes, importer, book, progress } = work;
  const octets = octetsOf(paths);
  const total = octets === undefined ? undefined : Math.ceil(octets / KIB);
  const mailboxes: FilePath[] = [];
  let octetsDone = 0;
  const hear = (source: PlacedSource, taken: Taken): 'go-on' | 'stop' => {
    if (taken.kind === 'mailbox') {
      if (source.kind === 'file') mailboxes.push(source.path);
      return 'go-on';
    }
    for (const fate of fatesOf(taken)) book.note(source, fate);
    octetsDone += source.octets;
    progress.show(Math.ceil(octetsDone / KIB), total, `KiB, ${book.sum()} reports`);
    return book.isStoreGone() ? 'stop' : 'go-on';
  };
  const placed = (place: string): Place => ({ place, isNamed: paths.includes(place) });
  const options = {
    maxBytes,
    onTooLarge: (place: string, size: number) => book.note(placed(place), tooLarge(size)),
    onUnreadable: (place: string, reason: string) => book.note(placed(place), unreadable(reason)),
  };
  try {
    await importer.takeAll(sourcesIn(paths, { ...options, io }), hear);
    // A file turns out to be one when it is read.
    if (!book.isStoreGone()) await importer.takeAll(mailsIn(mailboxes, options), hear);
  } finally {
    progress.end();
  }
}
