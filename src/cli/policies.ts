/**
 * `smtp-sts policies`: look at the policy cache, renew an entry, forget one, move all of them.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { normalizeName } from '../dns/name.ts';
import type { PolicyEntry, StsStatus } from '../mta-sts/types.ts';
import { tellService } from './control.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { openEngine } from './parts.ts';
import { exportCommand } from './policies-export.ts';
import { importCommand } from './policies-import.ts';
import { warmCommand } from './policies-warm.ts';
import { CommandStop, configFrom, type SharedOptions } from './shared-options.ts';
import { relativeTime, shown, timeLeft } from './text/format.ts';
import { paintFor } from './text/paint.ts';
import { activeLines, policyLines } from './text/policy-text.ts';
import { columns } from './text/table.ts';

/** Builds the command and its sub-commands. */
export function policiesCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('policies')
    .summary('the cached MTA-STS policies: list, show, refresh, purge, export, import, warm')
    .description(
      'Works on the store that the service uses (--store, or store.url of --config), while it runs or not.\n\n' +
        'Exit code: 0 done, 1 nothing is known of the domain or no policy could be had, 64 wrong usage,\n' +
        '69 the store cannot be opened, 78 the configuration is wrong.',
    );
  command
    .command('list')
    .description('every cached policy, by name')
    .action(async (_options: object, leaf: Command) =>
      done(await list(leaf.optsWithGlobals(), io)),
    );
  command
    .command('show')
    .description('one cached policy: its text, age, and how its renewal goes')
    .argument('<domain>', 'policy domain')
    .action(async (domain: string, _options: object, leaf: Command) =>
      done(await show(policyDomain(domain), leaf.optsWithGlobals(), io)),
    );
  command
    .command('refresh')
    .description('look the record up and fetch the policy now')
    .argument('<domain>', 'policy domain')
    .action(async (domain: string, _options: object, leaf: Command) =>
      done(await refresh(policyDomain(domain), leaf.optsWithGlobals(), io)),
    );
  command
    .command('purge')
    .description('forget a domain; its next message is a first contact again')
    .argument('<domain>', 'policy domain')
    .action(async (domain: string, _options: object, leaf: Command) =>
      done(await purge(policyDomain(domain), leaf.optsWithGlobals(), io)),
    );
  command.addCommand(exportCommand(io, done));
  command.addCommand(importCommand(io, done));
  command.addCommand(warmCommand(io, done));
  return command;
}

function policyDomain(text: string): string {
  const name = normalizeName(text);
  if (name.ok) return name.value;
  throw new CommandStop(`${name.failure.code}: ${name.failure.detail}`, EXIT_USAGE);
}

async function list(options: SharedOptions, io: Io): Promise<number> {
  await using parts = await openEngine(configFrom(options), 'store');
  const now = systemClock.now();
  const rows: string[][] = [];
  let count = 0;
  for await (const entry of parts.engine.policies.list()) {
    count += 1;
    if (options.json === true) sayJson(io, entryToJson(entry));
    else rows.push(entryRow(entry, now));
  }
  if (options.json === true) return 0;
  if (count === 0) {
    complain(
      io,
      'No policy is cached. One is fetched at the first message to a domain that has one.',
    );
    return 0;
  }
  const head = ['DOMAIN', 'MODE', 'ID', 'FETCHED', 'EXPIRES', 'NEXT REFRESH', 'FAILED'];
  for (const line of columns([head, ...rows])) say(io, line);
  return 0;
}

function entryRow({ active, nextRefreshAt, failuresInARow }: PolicyEntry, now: number): string[] {
  return [
    active.policyDomain,
    active.policy.mode,
    active.id,
    relativeTime(active.fetchedAt, now),
    active.expiresAt <= now ? 'expired' : `in ${timeLeft(active.expiresAt - now)}`,
    nextRefreshAt <= now ? 'due' : relativeTime(nextRefreshAt, now),
    failuresInARow === 0 ? '' : `${failuresInARow}: ${active.refreshFailure?.code ?? ''}`,
  ];
}

function entryToJson(entry: PolicyEntry): object {
  const { active, lastUsedAt, nextRefreshAt, failuresInARow } = entry;
  return { ...active, lastUsedAt, nextRefreshAt, failuresInARow };
}

async function show(domain: string, options: SharedOptions, io: Io): Promise<number> {
  await using parts = await openEngine(configFrom(options), 'store');
  const entry = await parts.engine.policies.show(domain);
  if (entry === undefined) {
    if (options.json === true) say(io, 'null');
    complain(io, `No policy of ${domain} is cached.`);
    return 1;
  }
  if (options.json === true) {
    sayJson(io, entryToJson(entry));
    return 0;
  }
  const now = systemClock.now();
  say(io, domain);
  for (const line of activeLines(entry.active, { now, paint: paintFor(io.stdout) })) say(io, line);
  say(
    io,
    `  last used ${relativeTime(entry.lastUsedAt, now)}, next refresh ${relativeTime(entry.nextRefreshAt, now)}`,
  );
  if (entry.failuresInARow > 0) {
    say(
      io,
      `  ${failuresText(entry.failuresInARow)}; it holds for another ${timeLeft(entry.active.expiresAt - now)}`,
    );
  }
  say(io, '');
  for (const line of entry.active.policy.text.split(/\r?\n/)) say(io, `  | ${shown(line)}`);
  return 0;
}

function failuresText(count: number): string {
  return count === 1 ? 'the last refresh failed' : `the last ${count} refreshes failed`;
}

async function refresh(domain: string, options: SharedOptions, io: Io): Promise<number> {
  await using parts = await openEngine(configFrom(options));
  const status = await parts.engine.policies.refresh(domain);
  if (options.json === true) {
    sayJson(io, status);
  } else {
    say(io, domain);
    const text = policyLines(status, { now: systemClock.now(), paint: paintFor(io.stdout) });
    for (const line of text) say(io, line);
  }
  return isFresh(status) ? 0 : 1;
}

function isFresh(status: StsStatus): boolean {
  return status.kind === 'policy' && status.active.refreshFailure === undefined;
}

async function purge(domain: string, options: SharedOptions, io: Io): Promise<number> {
  await using parts = await openEngine(configFrom(options), 'store');
  const inStore = await parts.engine.policies.purge(domain);
  const known = (await forgetInService(domain, options)) || inStore;
  if (options.json === true) sayJson(io, { policyDomain: domain, purged: known });
  else say(io, known ? `${domain} is forgotten.` : `Nothing was known of ${domain}.`);
  return known ? 0 : 1;
}

/** A running service forgets at once; without this it would by the next look at the store. */
async function forgetInService(domain: string, options: SharedOptions): Promise<boolean> {
  const path = `/policies/${encodeURIComponent(domain)}/forget`;
  const { answer } = await tellService(configFrom(options), path);
  return (answer as { readonly known?: boolean } | undefined)?.known === true;
}
