/**
 * `smtp-sts query`: the reply that an MTA would get, octet for octet, and why.
 *
 * @module
 */
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { isSocketAddress } from '../config/values.ts';
import { dialectOf } from '../policy-server/dialect.ts';
import { query, type QueryAnswer } from '../policy-server/query.ts';
import { parseSocketAddress, type SocketAddress } from '../listen/socket-address.ts';
import { askSocketmap } from '../policy-server/socketmap-client.ts';
import { createEngine } from '../tls-policy/engine.ts';
import { overridesOf } from '../tls-policy/override-book.ts';
import { complain, type Io, say } from './io.ts';
import { commandLog, openExistingStore, resolverFrom } from './parts.ts';
import { CommandStop, configFrom, type SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';

/** The server cannot be asked. */
const EXIT_UNREACHABLE = 3;

interface QueryFlags extends SharedOptions {
  readonly map: string;
  readonly server?: Exclude<SocketAddress, { readonly kind: 'fd' }>;
}

/** An answer; whoever asks a server over the wire learns no reason. */
type Answer = Omit<QueryAnswer, 'why'> & { readonly why?: string };

/** Builds the command. */
export function queryCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('query')
    .summary('the reply that an MTA would get, and why')
    .description(
      'Prints the reply on standard output as the MTA reads it, the reason on standard error.\n' +
        'Without --server it is found out here, from the settings, overrides and policies that the service\n' +
        'uses; with it the running server is asked, as an MTA does.\n\n' +
        'Exit code: 0 OK, 1 NOTFOUND, 2 TEMP or another refusal, 3 the server cannot be asked,\n' +
        '64 wrong usage, 78 the configuration is wrong.',
    )
    .argument('<key>', 'what the MTA asks for: a domain, [host], [host]:port')
    .option(
      '--map <name>',
      'map name, which chooses the dialect: postfix, postfix-tlsrpt, QUERY, QUERYwithTLSRPT, sts, exim, requiretls',
      'postfix',
    )
    .option(
      '--server <address>',
      'ask the server at this addr:port, [v6]:port or unix:/path',
      parseServer,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts query example.com\n' +
        '  smtp-sts query example.com --map sts --json\n' +
        '  smtp-sts query "[relay.example.net]:587" --server 127.0.0.1:8461',
    )
    .action(async (key: string, _options: object, command: Command) => {
      const flags = command.optsWithGlobals<QueryFlags>();
      const answer = await ask(key, flags);
      print(answer, { key, map: flags.map, asJson: flags.json === true, io });
      done(exitCodeOf(answer.reply));
    });
}

function parseServer(text: string): SocketAddress {
  if (!isSocketAddress(text) || text.startsWith('fd:')) {
    throw new InvalidArgumentError('Expected addr:port, [v6]:port or unix:/path.');
  }
  return parseSocketAddress(text);
}

async function ask(key: string, flags: QueryFlags): Promise<Answer> {
  const config = configFrom(flags);
  const { server, map } = flags;
  if (server === undefined) return await findOut(key, map, config);
  const reply = await askSocketmap({
    address: server,
    mapName: map,
    key,
    timeoutMs: config.socketmap.budgetMs + GRACE_MS,
    clock: systemClock,
  });
  if (!reply.ok) {
    throw new CommandStop(`${reply.failure.code}: ${reply.failure.detail}`, EXIT_UNREACHABLE);
  }
  return { dialect: dialectOf(map, config.socketmap.defaultDialect), reply: reply.value };
}

/** What the way to the server and back may take beyond its own budget. */
const GRACE_MS = 5_000;

async function findOut(key: string, mapName: string, config: Config): Promise<Answer> {
  const log = commandLog(config);
  const resolver = resolverFrom(config);
  const store = await openExistingStore(config);
  const engine = createEngine({
    config,
    clock: systemClock,
    log,
    resolver,
    ...(store === undefined ? {} : { store, overrides: await overridesOf(store, systemClock) }),
  });
  try {
    return await query({ mapName, key, engine, config, clock: systemClock, log });
  } finally {
    await engine.close();
    await store?.close();
    resolver.close();
  }
}

interface Printed {
  readonly key: string;
  readonly map: string;
  readonly asJson: boolean;
  readonly io: Io;
}

function print({ dialect, reply, why }: Answer, { key, map, asJson, io }: Printed): void {
  if (asJson) {
    say(io, JSON.stringify({ map, key, dialect, reply, why: why ?? null }));
    return;
  }
  say(io, shownReply(reply));
  if (why !== undefined) complain(io, shown(why));
}

/** Replies are up to 100,000 octets long; none of them may move the cursor of a terminal. */
function shownReply(reply: string): string {
  return reply.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}

function exitCodeOf(reply: string): number {
  if (/^OK(?: |$)/.test(reply)) return 0;
  return /^NOTFOUND(?: |$)/.test(reply) ? 1 : 2;
}
