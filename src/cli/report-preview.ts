/**
 * `smtp-sts report preview`: what would be sent for a day as far as it was counted.
 *
 * @module
 */
import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { safeJson } from '../json.ts';
import { unsignedMail } from '../reporting/send/deliver-report.ts';
import { type Prepared, sumOf } from '../reporting/send/prepare-report.ts';
import { targetText } from '../reporting/send/place.ts';
import { dayOf, dayText } from '../reporting/day.ts';
import { storedTally } from '../reporting/send/stored-tally.ts';
import type { ReportScope, UtcDay } from '../reporting/types.ts';
import type { Store } from '../store/types.ts';
import { EXIT_NO_INPUT, EXIT_UNAVAILABLE, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { resolverFrom } from './parts.ts';
import { onQueue } from './queue-store.ts';
import { lookAhead } from './report-ahead.ts';
import { dayFrom, lookSettings, reportDomain } from './report-arguments.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';
import { fitted, type FitRow, widthOf, wrapped } from './text/fit.ts';
import { shown } from './text/format.ts';
import { outlookJson, whereTexts } from './text/report-outlook-text.ts';

interface PreviewOptions extends SharedOptions {
  readonly day: string;
  readonly scope?: ReportScope;
  readonly mail?: boolean;
}

/** Look-ups at once. */
const AT_ONCE = 8;

/** Builds the command. */
export function reportPreviewCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('preview')
    .summary('what would be sent for a day, as far as it was counted')
    .description(
      'Alone: the domains of the day, how their sessions went, and where a report would go. With a\n' +
        'domain: the very report. Looks the records up now; sends and changes nothing.\n\n' +
        'Exit code: 0 shown, 66 nothing was counted for the domain on that day, 69 there is no store,\n' +
        'or it cannot be opened.',
    )
    .argument('[domain]', 'recipient domain or MX host')
    .option('--day <day>', 'UTC day: 2026-11-23, yesterday, today', 'today')
    .addOption(
      new Option('--scope <scope>', 'only recipient domains, or only MX hosts').choices([
        'recipient',
        'mx-host',
      ]),
    )
    .option('--mail', 'with a domain: the message as it would be mailed, before it is signed')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts report preview --day yesterday\n' +
        '  smtp-sts report preview example.com --mail',
    )
    .action(async (domain: string | undefined, _options: object, leaf: Command) => {
      const options = leaf.optsWithGlobals<PreviewOptions>();
      const day = dayFrom(options.day, systemClock.now());
      const name = domain === undefined ? undefined : reportDomain(domain);
      refuseMixed(name, options);
      const code = await onQueue(
        { ...options, io },
        async (store, config) => {
          const look = { store, config, day, options, io };
          return name === undefined ? await previewDay(look) : await previewOne(name, look);
        },
        () => EXIT_UNAVAILABLE,
      );
      done(code);
    });
}

function refuseMixed(name: string | undefined, { mail, json }: PreviewOptions): void {
  if (mail !== true) return;
  if (name === undefined) throw new CommandStop('--mail is for one domain: name it', EXIT_USAGE);
  if (json !== true) return;
  throw new CommandStop('--mail shows the message as it is: leave --json away', EXIT_USAGE);
}

interface Look {
  readonly store: Store;
  readonly config: Config;
  readonly day: UtcDay;
  readonly options: PreviewOptions;
  readonly io: Io;
}

async function previewDay(look: Look): Promise<number> {
  const { store, config, day, options, io } = look;
  const subjects = (await storedTally(store).subjects(day)).filter(
    ({ scope }) => options.scope === undefined || scope === options.scope,
  );
  const scopes = Map.groupBy(subjects, ({ domain }) => domain);
  if (scopes.size === 0) {
    complain(io, `No session was counted on ${dayText(day)} (UTC).`);
    return 0;
  }
  const settings = lookSettings(config.reporting.send, io);
  const resolver = resolverFrom(config);
  // Of each report only its line is kept: a day may have very many.
  const shownOf = new Map<string, Line>();
  try {
    const ahead = lookAhead({ store, config, settings, resolver, day });
    const waiting = [...scopes.keys()].values();
    const worker = async (): Promise<void> => {
      for (const domain of waiting) {
        const found = await ahead.of(domain);
        shownOf.set(domain, {
          json: { kind: found.prepared.kind, ...outlookJson(found) },
          counts: countCells(found.prepared),
          where: whereTexts(found),
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    resolver.close();
  }
  const rows: FitRow[] = [];
  for (const [domain, of] of scopes) {
    const { json, counts, where } = shownOf.get(domain)!;
    const about = of.map(({ scope }) => scope);
    if (options.json === true) {
      sayJson(io, { domain, scopes: about, ...json, enabled: settings.enabled });
    } else {
      const as = about.length > 1 ? 'both' : (about[0] ?? '');
      rows.push({ cells: [shown(domain), as, ...counts], last: where });
    }
  }
  if (options.json === true) return 0;
  const width = widthOf(io);
  for (const line of [...dayHead(day, width), ...fitted([HEAD, ...rows], width)]) say(io, line);
  sayIfOff(settings.enabled, io);
  return 0;
}

interface Line {
  readonly json: object;
  readonly counts: readonly string[];
  readonly where: readonly string[];
}

const HEAD: FitRow = { cells: ['DOMAIN', 'AS', 'GOOD', 'FAILED'], last: ['GOES TO'] };

function dayHead(day: UtcDay, width: number): readonly string[] {
  const soFar = day >= dayOf(systemClock.now()) ? ' so far' : '';
  const text = `Sessions of ${dayText(day)} (UTC)${soFar}. One that was held to two policies counts in both.`;
  return [...wrapped(text, width), ''];
}

function sayIfOff(isOn: boolean, io: Io): void {
  if (!isOn) complain(io, 'reporting.send.enabled is off: the service sends no reports.');
}

async function previewOne(domain: string, look: Look): Promise<number> {
  const { store, config, day, options, io } = look;
  const settings = lookSettings(config.reporting.send, io);
  const resolver = resolverFrom(config);
  try {
    const found = await lookAhead({ store, config, settings, resolver, day }).of(domain);
    const { prepared } = found;
    if (!('packed' in prepared)) {
      throw new CommandStop(
        prepared.kind === 'skipped'
          ? `${shown(domain)} is on reporting.send.skip_domains: it gets no report`
          : `no session to report was counted for ${shown(domain)} on ${dayText(day)} (REPORT_SEND_NOTHING_COUNTED)`,
        EXIT_NO_INPUT,
      );
    }
    for (const text of whereTexts(found)) {
      complain(io, `${shown(domain)}, ${dayText(day)}: ${text}`);
    }
    sayIfOff(settings.enabled, io);
    const { packed } = prepared;
    if (options.mail !== true) {
      const text = Buffer.from(packed.json).toString('utf8');
      say(io, options.json === true ? safeJson(text) : safeJson(pretty(text)));
      return 0;
    }
    const place =
      prepared.kind === 'report'
        ? prepared.record.rua.find(({ kind }) => kind === 'mailto')
        : undefined;
    const mail = unsignedMail(
      {
        reportId: packed.report.reportId,
        number: 0,
        kind: 'mailto',
        target: place === undefined ? `postmaster@${domain}` : targetText(place),
        domain,
        submitter: packed.submitter,
        fileName: packed.fileName,
        content: packed.gzip,
      },
      { settings, now: systemClock.now() },
    );
    if (!('content' in mail)) {
      const { code, detail } =
        mail.kind === 'accepted' ? { code: '', detail: mail.text } : mail.failure;
      throw new CommandStop(`${detail} (${code})`, EXIT_NO_INPUT);
    }
    io.stdout.write(mail.content);
    return 0;
  } finally {
    resolver.close();
  }
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), undefined, 2);
}

function countCells(prepared: Prepared): readonly [string, string] {
  if (!('packed' in prepared)) return ['-', '-'];
  const { successes, failures } = sumOf(prepared.packed.report);
  return [successes.toLocaleString('en'), failures.toLocaleString('en')];
}
