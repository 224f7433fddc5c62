/**
 * `smtp-sts explain`: how may mail for this domain travel, and why.
 *
 * @module
 */
import { Command } from 'commander';
import { explain, type Explanation } from '../check/explain.ts';
import type { Status } from '../check/status.ts';
import { systemClock } from '../clock.ts';
import { silentLog } from '../log/log.ts';
import { decisionToJson } from '../tls-policy/decision-record.ts';
import { overridesOf } from '../tls-policy/override-book.ts';
import { explainText } from './text/explain-text.ts';
import { openExistingStore, resolverFrom } from './parts.ts';
import { type Io, say, sayJson } from './io.ts';
import { nextHopFrom } from './next-hop-argument.ts';
import { configFrom, type SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';
import { paintFor } from './text/paint.ts';

const EXIT_OF: Readonly<Record<Status, number>> = {
  protected: 0,
  unprotected: 1,
  unsafe: 2,
  unknown: 3,
};

/** Builds the command. */
export function explainCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('explain')
    .summary('how mail for a domain may travel, and why')
    .description(
      'Shows every DNS answer with its security, the MTA-STS policy with its source and age, and\n' +
        'what each MX host must show before it gets a message. Nothing is sent and nothing is stored.\n\n' +
        'Exit code: 0 deliverable and protected, 1 deliverable but not protected,\n' +
        '2 not deliverable safely, 3 could not tell, 64 wrong usage, 69 the store cannot be opened,\n' +
        '78 the configuration is wrong.',
    )
    .argument('<domain>', 'a mail domain, an address, [host], [host]:port or [192.0.2.1]')
    .option('--connect', 'connect to the MX hosts too, look at the real handshake and judge it')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts explain example.com\n' +
        '  smtp-sts explain example.com --connect\n' +
        '  smtp-sts explain "[relay.example.net]:587" --json',
    )
    .action(async (domain: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { readonly connect?: boolean }>();
      const config = configFrom(options);
      const nextHop = nextHopFrom(domain, config.smtp.port);
      const resolver = resolverFrom(config);
      const store = await openExistingStore(config);
      try {
        const explanation = await explain({
          nextHop,
          config,
          clock: systemClock,
          log: silentLog,
          resolver,
          connect: options.connect === true,
          ...(store === undefined
            ? {}
            : { store, overrides: await overridesOf(store, systemClock) }),
        });
        print({ explanation, title: domain, asJson: options.json === true, io });
        done(EXIT_OF[explanation.status]);
      } finally {
        await store?.close();
        resolver.close();
      }
    });
}

interface Printed {
  readonly explanation: Explanation;
  readonly title: string;
  readonly asJson: boolean;
  readonly io: Io;
}

function print({ explanation, title, asJson, io }: Printed): void {
  if (asJson) {
    sayJson(io, explanationToJson(explanation));
    return;
  }
  const text = explainText(explanation, {
    title: shown(title),
    now: systemClock.now(),
    paint: paintFor(io.stdout),
  });
  for (const line of text) say(io, line);
}

/** The decision record, with the status, the answers and the connections beside it. */
function explanationToJson({ status, record, answers, probes, cachedBefore }: Explanation): object {
  return {
    ...(JSON.parse(decisionToJson(record)) as object),
    status,
    ...(cachedBefore === undefined ? {} : { cachedBefore }),
    answers: answers.map((answer) => ({ ...answer })),
    ...(probes === undefined
      ? {}
      : {
          connections: probes.flatMap(({ connections }) =>
            connections.map(({ event, certificate }) => ({
              ...event,
              ...(certificate === undefined ? {} : { certificate }),
            })),
          ),
        }),
  };
}
