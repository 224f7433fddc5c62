/**
 * `smtp-sts report summary`: what the reports of others say about our domains.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { createHttpsFetcher } from '../http/https-fetcher.ts';
import { type Cause, causesOf } from '../reporting/summary/causes.ts';
import { gatherOwnState } from '../reporting/summary/own-state.ts';
import type { OwnState } from '../reporting/summary/own-state-types.ts';
import { createTlsProbe } from '../reporting/summary/own-tls.ts';
import { summarize } from '../reporting/summary/summarize.ts';
import { summaryJson } from '../reporting/summary/summary-json.ts';
import { summaryText } from '../reporting/summary/summary-text.ts';
import type { FailureKind, Summary } from '../reporting/summary/summary-types.ts';
import type { Store } from '../store/types.ts';
import { loadCaFile } from '../tls/trust.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { type Io, say, sayJson } from './io.ts';
import { openExistingStore, resolverFrom } from './parts.ts';
import { complainOfNoStore } from './queue-store.ts';
import { daysBack, reportDomain } from './report-arguments.ts';
import { configFrom, configWithoutTrust, type SharedOptions } from './shared-options.ts';
import { widthOf } from './text/fit.ts';
import { paintFor } from './text/paint.ts';

const DEFAULT_DAYS = 30;
/** Domains whose state is looked up; a look-up takes seconds. */
const MOST_EXPLAINED = 20;

interface SummaryOptions extends SharedOptions {
  readonly domain?: string;
  readonly days?: string;
  readonly explain?: boolean;
  readonly all?: boolean;
}

/** Builds the command. */
export function reportSummaryCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('summary')
    .summary('what the reports say: how much failed, why, and what to do')
    .description(
      'Sums up the reports that came in: sessions that went well and that failed, by day, domain,\n' +
        'policy and sender; for each failure what it means, since when, who must act and what to do.\n' +
        'Only the daily sums in the store are read.\n\n' +
        'Exit code: 0 done, 64 wrong usage, 69 there is no store, or it cannot be opened, 78 the\n' +
        'configuration is wrong.',
    )
    .option('--domain <domain>', 'about this policy domain, or this MX host (DANE), alone')
    .option('--days <n>', `the last days up to today, UTC (default: ${DEFAULT_DAYS})`)
    .option(
      '--explain',
      'look up our policy, MX hosts, TLSA records and certificates now, and compare; remembers them',
    )
    .option(
      '--all',
      'cut no list, and count senders too that reporting.receive.ignore_senders leaves out',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  smtp-sts report summary\n' +
        '  smtp-sts report summary --domain example.com --days 7 --explain\n' +
        '  smtp-sts report summary --days 365 --json',
    )
    .action(async (_options: object, leaf: Command) => {
      done(await summary(leaf.optsWithGlobals<SummaryOptions>(), io));
    });
}

async function summary(options: SummaryOptions, io: Io): Promise<number> {
  const days = options.days === undefined ? DEFAULT_DAYS : daysBack(options.days);
  const domain = options.domain === undefined ? undefined : reportDomain(options.domain);
  const { explain = false, all = false } = options;
  const config = explain ? configFrom(options) : configWithoutTrust(options);
  const store = await openExistingStore(config);
  if (store === undefined) {
    complainOfNoStore(config, io);
    return EXIT_UNAVAILABLE;
  }
  let found: Summary;
  let causes: CausesOf | undefined;
  try {
    const about = domain === undefined ? {} : { domain };
    const ignoreSenders = all ? [] : config.reporting.receive.ignoreSenders;
    found = await summarize({ store, clock: systemClock, days, ignoreSenders, ...about });
    if (explain) causes = causesFrom(await ownStates(config, store, found));
  } finally {
    await store.close();
  }
  if (options.json === true) {
    sayJson(io, summaryJson(found, causes));
    return 0;
  }
  const lines = summaryText(found, {
    emphasis: paintFor(io.stdout),
    all,
    width: widthOf(io),
    ...(causes === undefined ? {} : { causesOf: causes }),
  });
  for (const line of lines) say(io, line);
  return 0;
}

type CausesOf = (kind: FailureKind) => readonly Cause[];

function causesFrom(states: ReadonlyMap<string, OwnState>): CausesOf {
  return (kind) => {
    const own = states.get(kind.domain);
    return own === undefined ? [] : causesOf(kind, own);
  };
}

/** Looks up the domains with the most failures. */
async function ownStates(
  config: Config,
  store: Store,
  { failures }: Summary,
): Promise<ReadonlyMap<string, OwnState>> {
  const domains = Array.from(new Set(failures.map(({ domain }) => domain))).filter(Boolean);
  const resolver = resolverFrom(config);
  try {
    const states = new Map<string, OwnState>();
    for (const domain of domains.slice(0, MOST_EXPLAINED)) {
      states.set(domain, await ownStateOf({ config, store, resolver, domain }));
    }
    return states;
  } finally {
    resolver.close();
  }
}

interface Question {
  readonly config: Config;
  readonly store: Store;
  readonly resolver: ReturnType<typeof resolverFrom>;
  readonly domain: string;
}

async function ownStateOf({ config, store, resolver, domain }: Question): Promise<OwnState> {
  const { port, timeoutMs, maxBytes, allowAddresses, proxy } = config.policyFetch;
  const loaded = config.tls.caFile === undefined ? undefined : loadCaFile(config.tls.caFile);
  const ca = loaded?.ok === true ? { ca: loaded.value } : {};
  const through = proxy === undefined ? {} : { proxy };
  const fetching = { port, timeoutMs, maxBytes, allowAddresses, ...ca, ...through };
  return await gatherOwnState({
    store,
    clock: systemClock,
    domain,
    resolver,
    fetcher: createHttpsFetcher({ resolver, clock: systemClock, ...fetching }),
    probe: createTlsProbe({
      clock: systemClock,
      port: config.smtp.port,
      heloName: config.smtp.heloName,
      ...ca,
    }),
    port: config.smtp.port,
  });
}
