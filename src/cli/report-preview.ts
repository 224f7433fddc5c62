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
import { type Prepared, prepareReport, sumOf } from '../reporting/send/prepare-report.ts';
import { targetText } from '../reporting/send/place.ts';
import { dayText } from '../reporting/summary/day.ts';
import { storedTally } from '../reporting/send/stored-tally.ts';
import type { ReportScope, UtcDay } from '../reporting/types.ts';
import type { Store } from '../store/types.ts';
import { EXIT_NO_INPUT, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { resolverFrom } from './parts.ts';
import { onQueue } from './queue-store.ts';
import { dayFrom, lookSettings, reportDomain } from './report-arguments.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';
import { columns } from './text/table.ts';

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
        'Exit code: 0 shown, 66 nothing was counted for the domain on that day.',
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
        () => (name === undefined ? 0 : EXIT_NO_INPUT),
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

async function previewDay({ store, config, day, options, io }: Look): Promise<number> {
  const tally = storedTally(store);
  const subjects = (await tally.subjects(day)).filter(
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
  const shownOf = new Map<string, { readonly json: object; readonly cells: readonly string[] }>();
  try {
    const waiting = [...scopes.keys()].values();
    const worker = async (): Promise<void> => {
      for (const domain of waiting) {
        const found = await prepareReport({ day, domain }, { tally, resolver, settings });
        const cells = [...countCells(found), whereText(found)];
        shownOf.set(domain, { json: preparedJson(found), cells });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    resolver.close();
  }
  const rows: string[][] = [];
  for (const [domain, of] of scopes) {
    const { json, cells } = shownOf.get(domain)!;
    const about = of.map(({ scope }) => scope);
    if (options.json === true) sayJson(io, { domain, scopes: about, ...json });
    else rows.push([shown(domain), about.join('+'), ...cells]);
  }
  if (options.json === true) return 0;
  for (const line of columns([['DOMAIN', 'AS', 'GOOD', 'FAILED', 'GOES TO'], ...rows])) {
    say(io, line);
  }
  if (!settings.enabled) {
    complain(io, 'reporting.send.enabled is off: the service sends none of these.');
  }
  return 0;
}

async function previewOne(domain: string, look: Look): Promise<number> {
  const { store, config, day, options, io } = look;
  const settings = lookSettings(config.reporting.send, io);
  const resolver = resolverFrom(config);
  const tally = storedTally(store);
  try {
    const prepared = await prepareReport({ day, domain }, { tally, resolver, settings });
    if (!('packed' in prepared)) {
      throw new CommandStop(
        prepared.kind === 'skipped'
          ? `${shown(domain)} is on reporting.send.skip_domains: it gets no report`
          : `no session to report was counted for ${shown(domain)} on ${dayText(day)} (REPORT_SEND_NOTHING_COUNTED)`,
        EXIT_NO_INPUT,
      );
    }
    complain(io, `${shown(domain)}, ${dayText(day)}: ${whereText(prepared)}`);
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

/** Where it would go, or why nowhere. */
export function whereText(prepared: Prepared): string {
  switch (prepared.kind) {
    case 'report':
      return prepared.record.rua.map((target) => shown(targetText(target))).join(', ');
    case 'no-record':
      return `nowhere: ${shown(prepared.failure.detail)}`;
    case 'unknown':
      return `not known yet: ${shown(prepared.failure.detail)}`;
    case 'skipped':
      return 'nowhere: reporting.send.skip_domains';
    case 'nothing':
      return 'nowhere: no failures, and only these are reported';
    default:
      return prepared satisfies never;
  }
}

function preparedJson(prepared: Prepared): object {
  const { kind } = prepared;
  return {
    kind,
    ...('packed' in prepared ? { ...sumOf(prepared.packed.report) } : {}),
    ...(kind === 'report' ? { targets: prepared.record.rua } : {}),
    ...('failure' in prepared ? { failure: prepared.failure } : {}),
  };
}
