/**
 * `smtp-sts report alerts`: what was found in the reports of others and told, and what is open.
 *
 * @module
 */
import { Command } from 'commander';
import { ALERT_WIDTH, alertTexts } from '../reporting/alert/alert-text.ts';
import { allAlerts, openAlerts, type BookedAlert } from '../reporting/alert/book.ts';
import { dayText } from '../reporting/day.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { openExistingStore } from './parts.ts';
import { numberFrom } from './queue-arguments.ts';
import { complainOfNoStore } from './queue-store.ts';
import { configWithoutTrust, type SharedOptions } from './shared-options.ts';
import { hanging, widthOf } from './text/fit.ts';
import { timeText } from './text/format.ts';
import { paintFor } from './text/paint.ts';

const DEFAULT_LIMIT = 20;

interface AlertsOptions extends SharedOptions {
  readonly open?: boolean;
  readonly limit?: string;
}

/** Builds the command. */
export function reportAlertsCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('alerts')
    .summary('alerts that the reports have raised: what was found, and what to do')
    .description(
      'The newest alerts first, those that are over too.\n\n' +
        'Exit code: 0 done, 64 wrong usage, 69 there is no store, or it cannot be opened,\n78 the configuration is wrong.',
    )
    .option('--open', 'only those that are open')
    .option('--limit <n>', `alerts at most (default: ${DEFAULT_LIMIT})`)
    .action(async (_options: object, leaf: Command) => {
      done(await alerts(leaf.optsWithGlobals<AlertsOptions>(), io));
    });
}

async function alerts(options: AlertsOptions, io: Io): Promise<number> {
  const limit = options.limit === undefined ? DEFAULT_LIMIT : numberFrom('--limit', options.limit);
  const config = configWithoutTrust(options);
  const store = await openExistingStore(config);
  if (store === undefined) {
    complainOfNoStore(config, io);
    return EXIT_UNAVAILABLE;
  }
  let found: readonly BookedAlert[];
  try {
    found =
      options.open === true
        ? (await openAlerts(store)).toReversed().slice(0, limit)
        : await allAlerts(store, limit);
  } finally {
    await store.close();
  }
  if (options.json === true) {
    for (const alert of found) sayJson(io, forMachines(alert));
    return 0;
  }
  if (found.length === 0) {
    complain(io, options.open === true ? 'No alert is open.' : 'No alert was ever raised.');
    return 0;
  }
  const paint = paintFor(io.stdout);
  for (const [index, alert] of found.entries()) {
    if (index > 0) say(io, '');
    const isOpen = alert.closedAt === undefined;
    const times = isOpen
      ? `open since ${timeText(alert.openedAt)}`
      : `${timeText(alert.openedAt)} to ${timeText(alert.closedAt)}`;
    const head = `${isOpen ? 'OPEN' : 'over'}  ${alert.kind}, ${times}`;
    for (const line of hanging(head, widthOf(io), { indent: INDENT })) {
      say(io, paint(isOpen ? 'bad' : 'dim', line));
    }
    for (const line of linesOf(alert, widthOf(io))) say(io, line);
  }
  return 0;
}

const INDENT = '      ';

/** Told as it was when it opened: that is what somebody wants to read again. */
function linesOf(alert: BookedAlert, width: number): readonly string[] {
  return alertTexts({ ...alert, event: 'opened' }, 'every-letter').flatMap(({ text, indent }) =>
    hanging(text.replace(/^NEW: /, ''), Math.min(width, ALERT_WIDTH), { indent }),
  );
}

function forMachines(alert: BookedAlert): object {
  const { id, kind, domain, openedAt, closedAt, lastDay, facts } = alert;
  return {
    id,
    kind,
    domain,
    ...facts,
    open: closedAt === undefined,
    openedAt: new Date(openedAt).toISOString(),
    ...(closedAt === undefined ? {} : { closedAt: new Date(closedAt).toISOString() }),
    firstDay: dayText(facts.firstDay),
    lastDay: dayText(lastDay),
  };
}
