/**
 * `smtp-sts send`: one message to its recipients' MX hosts, under the policies in force.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { fileTrouble } from '../file-trouble.ts';
import { deliver } from '../relay/deliver.ts';
import { plainRoute } from '../relay/routes/choice.ts';
import type { DeliveryReport } from '../relay/types.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { decisionToJson } from '../tls-policy/decision-record.ts';
import { type NextHop, parseNextHop, policyDomainOf } from '../tls-policy/next-hop.ts';
import { EXIT_NO_INPUT, EXIT_USAGE } from './exit-codes.ts';
import { complain, InputTooLarge, type Io, readAll, say, sayJson } from './io.ts';
import { nextHopFrom } from './next-hop-argument.ts';
import { openEngine } from './parts.ts';
import { CommandStop, configFrom, type SharedOptions } from './shared-options.ts';
import { type Submission, submissionOf } from './submission.ts';
import { deliveryText } from './text/delivery-text.ts';
import { shown } from './text/format.ts';
import { paintFor } from './text/paint.ts';

/** The whole message is held in memory: this command is for one message at a time. */
const LARGEST_MESSAGE = 104_857_600;

interface SendOptions extends SharedOptions {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly via?: string;
  readonly requireTls?: boolean;
  readonly verbose?: boolean;
}

/** Builds the command. */
export function sendCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('send')
    .summary("send one message to its recipients' MX hosts, and show the verdict for each host")
    .description(
      'Delivers a message once, strictly: no byte of it leaves before the host has shown what the\n' +
        "domain's policy asks for. There is no queue: what could not be delivered now is told, not kept.\n" +
        'Policies that are fetched on the way stay in the store, as they do for the service.\n\n' +
        'Exit code: 0 delivered to all, 1 some recipients must wait (try again later),\n' +
        '2 some recipients failed for good, 64 wrong usage, 66 the message cannot be read,\n' +
        '69 the store cannot be opened, 78 the configuration is wrong.',
    )
    .argument('[file]', 'the message (RFC 5322), or - for standard input', '-')
    .option('--from <address>', 'envelope sender, <> for none (default: the address in From)')
    .option(
      '--to <address>',
      'recipient; may be given several times (default: the addresses in To, Cc and Bcc)',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--via <next-hop>', 'send everything to this smart host: [host]:port, or a domain')
    .option(
      '--require-tls',
      'ask for REQUIRETLS on the whole way (RFC 8689); returns what cannot have it',
    )
    .option('-v, --verbose', 'show the SMTP dialogue on standard error')
    .addHelpText(
      'after',
      '\nExample:\n  smtp-sts send --from me@example.org --to you@example.com letter.eml',
    )
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<SendOptions>();
      const config = configFrom(options);
      const route = routeFrom(options.via, config);
      const submission = await readSubmission(file, options, io);
      await using parts = await openEngine(config);
      const report = await sendOnce({
        submission,
        config,
        route,
        io,
        options,
        engine: parts.engine,
      });
      print(report, options, io);
      done(exitCodeOf(report));
    });
}

interface SendOnce {
  readonly submission: Submission;
  readonly config: Config;
  readonly route: NextHop | undefined;
  readonly engine: Engine;
  readonly options: SendOptions;
  readonly io: Io;
}

async function sendOnce(work: SendOnce): Promise<DeliveryReport> {
  const { submission, config, route, engine, options, io } = work;
  await lookForNewerPolicies(engine, submission, route, config);
  return await deliver({
    engine,
    config,
    clock: systemClock,
    envelope: submission.envelope,
    message: [submission.content],
    firstContactMs: config.mtaSts.firstContactRelayMs,
    tlsRequiredNo: { present: submission.tlsRequiredNo, submitted: true, use: 'submission' },
    ...(route === undefined ? {} : { route: () => plainRoute(route) }),
    ...(options.verbose === true ? { onLine: transcript(io) } : {}),
  });
}

/** A single message can afford what RFC 8461 §5.1 allows: a look at the record id each time. */
async function lookForNewerPolicies(
  engine: Engine,
  { envelope }: Submission,
  route: NextHop | undefined,
  config: Config,
): Promise<void> {
  const domains = envelope.recipients.map(({ address }) => {
    const own = parseNextHop(address.slice(address.lastIndexOf('@') + 1), config.smtp.port);
    const nextHop = own.ok ? (route ?? own.value) : undefined;
    return nextHop === undefined ? undefined : policyDomainOf(nextHop);
  });
  await Promise.all(
    [...new Set(domains)].map(async (domain) => {
      if (domain === undefined || (await engine.policies.show(domain)) === undefined) return;
      await engine.policies.recheck(domain);
    }),
  );
}

function transcript(io: Io): (direction: 'sent' | 'received', line: string) => void {
  return (direction, line) => complain(io, `${direction === 'sent' ? 'C:' : 'S:'} ${shown(line)}`);
}

function routeFrom(via: string | undefined, config: Config): NextHop | undefined {
  return via === undefined ? undefined : nextHopFrom(via, config.smtp.port);
}

async function readSubmission(file: string, options: SendOptions, io: Io): Promise<Submission> {
  const message = await readMessage(file, io);
  if (message.length === 0) throw new CommandStop('the message is empty', EXIT_NO_INPUT);
  const submission = await submissionOf(message, {
    to: options.to ?? [],
    requireTls: options.requireTls === true,
    ...(options.from === undefined ? {} : { from: options.from }),
  });
  if (submission.ok) return submission.value;
  const { code, detail } = submission.failure;
  throw new CommandStop(`${code}: ${detail}`, EXIT_USAGE);
}

async function readMessage(file: string, io: Io): Promise<Uint8Array> {
  try {
    return file === '-' ? await readAll(io.stdin, LARGEST_MESSAGE) : await readFile(file);
  } catch (error) {
    if (error instanceof InputTooLarge) throw new CommandStop(error.message, EXIT_NO_INPUT);
    throw new CommandStop(`cannot read ${file}: ${fileTrouble(error)}`, EXIT_NO_INPUT);
  }
}

function print(report: DeliveryReport, options: SendOptions, io: Io): void {
  if (options.json === true) {
    sayJson(io, reportToJson(report));
    return;
  }
  for (const line of deliveryText(report, paintFor(io.stdout))) say(io, line);
}

function reportToJson({ recipients, hops }: DeliveryReport): object {
  return {
    recipients,
    hops: hops.map((hop) => ({
      ...hop,
      decision: JSON.parse(decisionToJson(hop.decision)) as object,
    })),
  };
}

function exitCodeOf({ recipients }: DeliveryReport): number {
  if (recipients.some(({ status }) => status === 'failed')) return 2;
  return recipients.some(({ status }) => status === 'deferred') ? 1 : 0;
}
