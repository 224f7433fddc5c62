/**
 * `smtp-sts report send`: makes reports of a day and sends them now, for whoever cannot wait.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { ReportSendSettings } from '../config/reporting-types.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import { deliverReport } from '../reporting/send/deliver-report.ts';
import type { Fate } from '../reporting/send/outlook.ts';
import type { TargetSettlement } from '../reporting/send/outbox.ts';
import { targetText } from '../reporting/send/place.ts';
import {
  type PackedReport,
  packTally,
  type Prepared,
  prepareReport,
  postPrepared,
  sumOf,
  tallyOf,
} from '../reporting/send/prepare-report.ts';
import { dayOf, dayText } from '../reporting/day.ts';
import { noteSubject } from '../reporting/send/note-subject.ts';
import { type LoggedTarget, readSendLog } from '../reporting/send/send-log.ts';
import { sendReportNow } from '../reporting/send/send-now.ts';
import { storedTally } from '../reporting/send/stored-tally.ts';
import type { UtcDay } from '../reporting/types.ts';
import type { Store } from '../store/types.ts';
import { readReportTarget } from '../tlsrpt/report-target.ts';
import type { ReportTarget } from '../tlsrpt/types.ts';
import { EXIT_NO_INPUT, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { openEngine } from './parts.ts';
import { lookAhead } from './report-ahead.ts';
import { dayFrom, identifiedSettings, reportDomain } from './report-arguments.ts';
import { commandOwner, type ReportMailer, reportMailer, requireSigner } from './report-mailer.ts';
import { CommandStop, configFrom, type SharedOptions } from './shared-options.ts';
import { widthOf, wrapped } from './text/fit.ts';
import { shown } from './text/format.ts';
import { outlookJson, placeText, type ReportOutlook, whyNone } from './text/report-outlook-text.ts';

interface SendOptions extends SharedOptions {
  readonly day: string;
  readonly to?: string;
}

/** Builds the command. */
export function reportSendCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('send')
    .summary('make the reports of a day and send them now')
    .description(
      'Does at once what the service does in the hours after midnight: makes the report of each domain\n' +
        'that asks for one and sends it to the places of its record. Each report is made and sent once:\n' +
        'what a place has is not sent again, what failed is tried now, and the service goes on with what\n' +
        'must wait. With --to, one report goes to a place of your own choice, and nothing is noted.\n\n' +
        'Exit code: 0 all was accepted, or there was nothing to send, 1 some must wait for another try,\n' +
        '2 some were refused for good, 66 nothing was counted for the domain on that day.',
    )
    .argument('[domain]', 'recipient domain or MX host; default: all of the day')
    .option(
      '--day <day>',
      'UTC day that is over: 2026-11-23, yesterday; with --to also today',
      'yesterday',
    )
    .option('--to <uri>', 'send the report of the domain there instead: mailto:… or https://…')
    .option('--dry-run', 'say what would be sent where, and send nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts report send --day yesterday --dry-run\n' +
        '  smtp-sts report send example.com --to mailto:me@example.org',
    )
    .action(async (domain: string | undefined, _options: object, leaf: Command) => {
      const options = leaf.optsWithGlobals<SendOptions>();
      done(await send(domain === undefined ? undefined : reportDomain(domain), options, io));
    });
}

interface Work {
  readonly store: Store;
  readonly day: UtcDay;
  readonly config: Config;
  readonly resolver: Resolver;
  readonly mailer: ReportMailer;
  readonly settings: ReportSendSettings;
  readonly options: SendOptions;
  readonly io: Io;
}

async function send(domain: string | undefined, options: SendOptions, io: Io): Promise<number> {
  const now = systemClock.now();
  const day = dayFrom(options.day, now);
  const to = options.to === undefined ? undefined : targetFrom(options.to);
  if (day >= dayOf(now) && to === undefined) {
    throw new CommandStop(
      `--day ${options.day}: that day is not over; \`report preview\` shows what was counted so far, and --to sends it to yourself (REPORT_SEND_DAY_INVALID)`,
      EXIT_USAGE,
    );
  }
  if (to !== undefined && domain === undefined) {
    throw new CommandStop('--to is for one domain: name it', EXIT_USAGE);
  }
  const config = configFrom(options);
  const settings = identifiedSettings(config.reporting.send);
  await using parts = await openEngine(config);
  const { store, engine, resolver } = parts;
  const mailer = reportMailer(config, engine, resolver);
  const work: Work = { store, day, config, resolver, mailer, settings, options, io };
  if (to !== undefined && domain !== undefined) return await sendTo(to, domain, work);
  const tally = storedTally(store);
  const domains =
    domain === undefined
      ? [...new Set((await tally.subjects(day)).map((each) => each.domain))]
      : [domain];
  if (domains.length === 0) complain(io, `No session was counted on ${dayText(day)} (UTC).`);
  if (options.dryRun === true) return await dryRun(domains, domain !== undefined, work);
  let worst = 0;
  for (const each of domains) {
    const of = { day, domain: each };
    const prepared = await prepareReport(of, { tally, resolver, settings });
    const code = await sendOneDomain(each, prepared, work);
    // Nothing to report is a fault only where it was asked for by name.
    worst = Math.max(worst, code === EXIT_NO_INPUT && domain === undefined ? 0 : code);
  }
  return worst;
}

/** What would become of the report of each domain; the exit code is that of sending. */
async function dryRun(domains: readonly string[], isNamed: boolean, work: Work): Promise<number> {
  const { options, io, settings } = work;
  const ahead = lookAhead(work);
  let worst = 0;
  for (const domain of domains) {
    const found = await ahead.of(domain);
    const code = await dryRunOne(found, work);
    worst = Math.max(worst, code === EXIT_NO_INPUT && !isNamed ? 0 : code);
  }
  if (!settings.enabled && options.json !== true) {
    complain(
      io,
      'reporting.send.enabled is off: only this command sends, and the service tries nothing again.',
    );
  }
  return worst;
}

async function dryRunOne(found: ReportOutlook, work: Work): Promise<number> {
  const { day, options, io, settings } = work;
  const { domain, prepared, places } = found;
  if (prepared.kind === 'nothing' && (await countedNothing(domain, work))) {
    return nothingCounted(domain, work);
  }
  if (prepared.kind !== 'report') return tellNone(found, work);
  if (options.json === true) {
    sayJson(io, { domain, day: dayText(day), ...outlookJson(found), enabled: settings.enabled });
  } else {
    for (const place of places) {
      const verb = place.result === 'would-send' ? 'would go' : 'would not go';
      sayFitted(io, `${shown(domain)}: ${verb} to ${placeText(place)}`);
    }
  }
  return Math.max(0, ...places.map(({ result }) => EXIT_OF[result] ?? 0));
}

const EXIT_OF: Partial<Record<Fate, number>> = { later: 1, refused: 2, expired: 2 };

/** Says why there is no report. */
function tellNone(found: ReportOutlook, { day, options, io }: Work): number {
  const { domain, prepared } = found;
  if (options.json === true) sayJson(io, { domain, day: dayText(day), ...outlookJson(found) });
  else {
    const yet = prepared.kind === 'unknown' ? ' yet' : '';
    sayFitted(io, `${shown(domain)}: no report${yet}: ${whyNone(found)}`);
  }
  return prepared.kind === 'unknown' ? 1 : 0;
}

function sayFitted(io: Io, text: string): void {
  const lines = wrapped(text, widthOf(io) - 2);
  for (const [index, line] of lines.entries()) say(io, index === 0 ? line : `  ${line}`);
}

async function countedNothing(domain: string, { store, day }: Work): Promise<boolean> {
  return (await tallyOf(storedTally(store), { day, domain })).policies.length === 0;
}

async function sendOneDomain(domain: string, prepared: Prepared, work: Work): Promise<number> {
  const { store, day, settings, mailer } = work;
  if (prepared.kind === 'nothing' && (await countedNothing(domain, work))) {
    return nothingCounted(domain, work);
  }
  const note = async (): Promise<void> => {
    const { spreadMs } = settings;
    await noteSubject(store, { day, domain, prepared, spreadMs, now: systemClock.now() });
  };
  if (prepared.kind !== 'report') {
    await note();
    return tellNone({ domain, prepared, places: [] }, work);
  }
  const { report } = prepared.packed;
  const isNew = await postPrepared(store, prepared, {
    day,
    domain,
    mode: settings.targets,
    madeBy: commandOwner(),
    now: systemClock.now(),
  });
  await note();
  const sent = await sendReportNow(report.reportId, {
    ...mailer,
    store,
    owner: commandOwner(),
    clock: systemClock,
  });
  if (sent.length === 0 && !isNew) await tellDone(domain, report.reportId, work);
  for (const { target, settlement } of sent) tell(domain, target, settlement, work);
  return Math.max(0, ...sent.map(({ settlement }) => exitOf(settlement)));
}

function nothingCounted(domain: string, { day, options, io }: Work): number {
  if (options.json === true) sayJson(io, { domain, day: dayText(day), result: 'nothing-counted' });
  else {
    complain(
      io,
      `${shown(domain)}: no session was counted on ${dayText(day)} (REPORT_SEND_NOTHING_COUNTED)`,
    );
  }
  return EXIT_NO_INPUT;
}

/** Says what became of a report that is not sent again. */
async function tellDone(domain: string, reportId: string, work: Work): Promise<void> {
  const { store, day, options, io } = work;
  const log = await readSendLog(store, { domain, fromDay: day, now: systemClock.now() });
  const logged = log.find((each) => each.reportId === reportId);
  const targets = logged?.targets ?? [];
  const states = targets.map(({ target, state }) => `${shown(target)}: ${state}`);
  const [result, words] = doneAs(targets);
  if (options.json === true) sayJson(io, { domain, day: dayText(day), result, targets });
  else say(io, `${shown(domain)}: nothing to do, ${words} (${states.join(', ')})`);
}

function doneAs(targets: readonly LoggedTarget[]): readonly [result: string, words: string] {
  if (targets.some(({ isUnderWay }) => isUnderWay)) return ['under-way', 'it is being sent now'];
  return targets.some(({ state }) => state === 'accepted')
    ? ['sent-before', 'it was sent before']
    : ['settled-before', 'no place is left to send it to'];
}

function tell(domain: string, target: string, settlement: TargetSettlement, work: Work): void {
  const { day, options, io } = work;
  const { state, code, text } = settlement;
  if (options.json === true) {
    sayJson(io, { domain, day: dayText(day), target, result: state, code, text });
    return;
  }
  const word = state === 'waiting' ? 'later' : state;
  const why = code === '' ? '' : ` (${code})`;
  say(io, `${shown(domain)} to ${shown(target)}: ${word}, ${shown(text)}${why}`);
}

function exitOf({ state }: TargetSettlement): number {
  if (state === 'waiting') return 1;
  return state === 'refused' || state === 'expired' ? 2 : 0;
}

/** To a place of the operator's choice, past outbox, lists and limits. */
async function sendTo(to: ReportTarget, domain: string, work: Work): Promise<number> {
  const { store, day, settings, options, io } = work;
  const tally = await tallyOf(storedTally(store), { day, domain });
  const packed = packTally(tally, { ...settings, report: 'all' });
  if (packed === undefined) return nothingCounted(domain, work);
  const target = targetText(to);
  if (to.kind === 'mailto') requireSigner(work.mailer.signer());
  if (options.dryRun === true) {
    const place = await lookAhead(work).at(to, { domain, packed });
    const { successes, failures } = sumOf(packed.report);
    const { result } = place;
    if (options.json === true) {
      sayJson(io, { domain, day: dayText(day), result, successes, failures, places: [place] });
    } else {
      const verb = result === 'would-send' ? 'would go' : 'would not go';
      const counts = `${successes} good, ${failures} failed`;
      sayFitted(io, `${shown(domain)}: ${verb} to ${placeText(place)}, ${counts}`);
    }
    return EXIT_OF[result] ?? 0;
  }
  const result = await deliverReport(
    { ...parcel(packed), number: 0, kind: to.kind, target, domain },
    { ...work.mailer, settings, now: systemClock.now() },
  );
  if (result.kind === 'accepted') {
    tell(domain, target, settlementOf('accepted', '', result.text), work);
    return 0;
  }
  const { code, detail } = result.failure;
  const state = result.kind === 'later' ? 'waiting' : 'refused';
  tell(domain, target, settlementOf(state, code, detail), work);
  if (result.kind === 'later' && options.json !== true) {
    complain(io, 'It may go later: nothing was noted, so send it again yourself.');
  }
  return result.kind === 'later' ? 1 : 2;
}

function settlementOf(
  state: TargetSettlement['state'],
  code: string,
  text: string,
): TargetSettlement {
  return { state, at: systemClock.now(), wasTried: true, code, text };
}

function parcel({ report, submitter, fileName, gzip }: PackedReport): {
  readonly reportId: string;
  readonly submitter: string;
  readonly fileName: string;
  readonly content: Uint8Array;
} {
  return { reportId: report.reportId, submitter, fileName, content: gzip };
}

function targetFrom(text: string): ReportTarget {
  const reading = readReportTarget(text);
  if ('target' in reading) return reading.target;
  throw new CommandStop(
    `--to ${shown(text)}: ${reading.message}; ${reading.fix} (${reading.code})`,
    EXIT_USAGE,
  );
}
