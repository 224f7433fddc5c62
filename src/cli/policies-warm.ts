/**
 * `smtp-sts policies warm`: fetches the policies of the domains that mail goes to, before the first
 * message does. First contact is the weak spot of MTA-STS (RFC 8461 §10.2).
 *
 * @module
 */
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../clock.ts';
import { normalizeName } from '../dns/name.ts';
import type { StsPolicies, StsStatus } from '../mta-sts/types.ts';
import { createFaults, type Faults } from './faults.ts';
import { linesOf, tooLongText } from './input.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { openEngine } from './parts.ts';
import { createProgress } from './progress.ts';
import { recipientDomains } from './recipient-domains.ts';
import { configFrom, type SharedOptions } from './shared-options.ts';
import { columns } from './text/table.ts';

interface WarmOptions extends SharedOptions {
  readonly limit?: number;
  readonly dryRun?: boolean;
}

/** Builds the command. */
export function warmCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('warm')
    .description(
      'fetch the policies of the domains in a list or in the log of Postfix, Exim or Sendmail',
    )
    .argument('<file>', 'one domain or address a line, or a mail log; - is standard input')
    .option('--limit <n>', 'of the most frequent domains, this many', parseLimit)
    .option('--dry-run', 'only show the domains and how often each was met')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts policies warm /var/log/mail.log --limit 1000\n' +
        '  zcat /var/log/mail.log.*.gz | smtp-sts policies warm - --dry-run\n\n' +
        'Exit code: 0 every domain was asked (most have no policy), 1 some could not be asked or\n' +
        'their policy could not be had, no domain was found, or a line was too long to be read,\n64 wrong usage, 66 no file,\n' +
        '69 the store cannot be opened, 78 the configuration is wrong.',
    )
    .action(async (file: string, _options: object, leaf: Command) => {
      done(await warm(file, leaf.optsWithGlobals<WarmOptions>(), io));
    });
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('A limit is a number from 1.');
  return Number(text);
}

async function warm(file: string, options: WarmOptions, io: Io): Promise<number> {
  const config = configFrom(options);
  const faults = createFaults(io);
  const met = await countDomains(file, io, faults);
  const domains = mostFrequent(met, options.limit);
  if (domains.length === 0) {
    complain(io, 'No recipient domain was found: neither a list nor a log of a known MTA.');
    return 1;
  }
  if (options.dryRun === true) {
    showDomains(domains, options, io);
    return faults.count > 0 ? 1 : 0;
  }
  await using parts = await openEngine(config);
  const { policies } = parts.engine;
  const { concurrency } = config.policyFetch;
  const counts = await fetchAll(domains, { policies, concurrency, io });
  if (options.json === true) sayJson(io, counts);
  else for (const line of summary(counts)) say(io, line);
  return Object.keys(counts.failed).length > 0 || faults.count > 0 ? 1 : 0;
}

type Met = readonly [domain: string, times: number];

/** The longest line of a log, in octets; no MTA writes one that is half as long. */
const LONGEST_LINE = 65_536;

async function countDomains(
  file: string,
  io: Io,
  faults: Faults,
): Promise<ReadonlyMap<string, number>> {
  const met = new Map<string, number>();
  for await (const line of linesOf(file, io, LONGEST_LINE)) {
    if (line.text === undefined) faults.tell(tooLongText(file, line.number, LONGEST_LINE));
    for (const text of recipientDomains(line.text ?? '')) {
      const name = normalizeName(text);
      if (!name.ok || !name.value.includes('.')) continue;
      met.set(name.value, (met.get(name.value) ?? 0) + 1);
    }
  }
  return met;
}

/** Equals by name, so that two runs agree. */
function mostFrequent(met: ReadonlyMap<string, number>, limit = Infinity): readonly Met[] {
  return [...met]
    .toSorted(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1))
    .slice(0, limit);
}

function showDomains(domains: readonly Met[], options: WarmOptions, io: Io): void {
  if (options.json === true) {
    for (const [domain, times] of domains) sayJson(io, { domain, times });
    return;
  }
  const rows = domains.map(([domain, times]) => [String(times), domain]);
  for (const line of columns([['TIMES', 'DOMAIN'], ...rows])) say(io, line);
}

/** What became of the domains. */
interface Counts {
  fetched: number;
  /** In the store already. */
  cached: number;
  /** They publish no policy. */
  none: number;
  /** By error code. */
  readonly failed: Record<string, number>;
}

interface FetchOptions {
  readonly policies: Pick<StsPolicies, 'lookup'>;
  readonly concurrency: number;
  readonly io: Io;
}

async function fetchAll(
  domains: readonly Met[],
  { policies, concurrency, io }: FetchOptions,
): Promise<Counts> {
  const counts: Counts = { fetched: 0, cached: 0, none: 0, failed: {} };
  const progress = createProgress(io, systemClock);
  const queue = domains.values();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (const [domain] of queue) {
      count(await policies.lookup(domain, { budgetMs: Number.POSITIVE_INFINITY }), counts);
      done += 1;
      progress.show(done, domains.length, `${counts.fetched} fetched; ${domain}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, domains.length) }, worker));
  progress.end();
  return counts;
}

function count(status: StsStatus, counts: Counts): void {
  if (status.kind === 'policy') {
    if (status.active.source === 'fetched') counts.fetched += 1;
    else counts.cached += 1;
    return;
  }
  const { code } = status.failure;
  if (code === 'STS_RECORD_NONE') counts.none += 1;
  else counts.failed[code] = (counts.failed[code] ?? 0) + 1;
}

function summary({ fetched, cached, none, failed }: Counts): readonly string[] {
  const faults = Object.entries(failed).toSorted(([, a], [, b]) => b - a);
  const total = faults.reduce((sum, [, times]) => sum + times, 0);
  return [
    `${fetched} policies fetched, ${cached} were there already, ${none} domains publish none, ${total} failed.`,
    ...columns(
      faults.map(([code, times]) => [String(times), code]),
      '  ',
    ),
  ];
}
