/**
 * TLS reporting, put together: sending, taking in, alerts, upkeep. Counting starts apart and first,
 * because others hand it what they saw.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import type { Outcome } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { ReportingMetrics } from '../metrics/reporting-types.ts';
import type { Store } from '../store/types.ts';
import { policyFetcher } from '../tls-policy/policy-fetcher.ts';
import { startAlerts } from './alert/start-alerts.ts';
import { createArchive } from './archive/archive.ts';
import { signerOf } from './send/author.ts';
import { postWebhook } from './post-webhook.ts';
import { createReportPoster } from './send/post-report.ts';
import { startReportSender } from './send/report-sender.ts';
import { tellSettingsFaults } from './settings-faults.ts';
import { startReceiving, type ReportPlace } from './start-receiving.ts';
import { gatherOwnState } from './summary/own-state.ts';
import type { OwnState } from './summary/own-state-types.ts';
import { createTlsProbe } from './summary/own-tls.ts';
import type { SendMail } from './types.ts';
import { startUpkeep } from './upkeep.ts';

/** What reporting stands on. */
export interface ReportingOptions {
  /** As it is now: a reload changes it. */
  readonly config: () => Config;
  readonly store: Store;
  readonly resolver: Resolver;
  /** Trust anchors, PEM; undefined: the built-in list. */
  readonly ca: () => readonly string[] | undefined;
  readonly sendMail: SendMail;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ReportingMetrics;
}

/** Reporting under way. */
export interface Reporting {
  readonly places: readonly ReportPlace[];
  /** Reads certificates again; a failure leaves the old ones in use. */
  reload(): Outcome<undefined>;
  close(): Promise<void>;
}

/** Starts it. Rejects with a `ReceiverRefused` where a way in cannot be opened. */
export async function startReporting(options: ReportingOptions): Promise<Reporting> {
  const { config, store, clock, log, metrics } = options;
  const node = randomUUID();
  const settings = (): Config['reporting'] => config().reporting;
  const archive = createArchive({ store, clock, log, metrics, settings: () => settings().receive });
  const parts = new AsyncDisposableStack();
  parts.defer(async () => await archive.idle());
  try {
    const receiving = await startReceiving({
      ...options,
      archive,
      settings: () => settings().receive,
      name: config().smtp.heloName,
    });
    parts.defer(async () => await receiving.close());
    const upkeep = startUpkeep({ store, archive, settings, clock, log, node });
    parts.defer(async () => await upkeep.close());
    const sender = startSender(options, node);
    parts.defer(async () => await sender.close());
    const alerts = startAlerts({
      store,
      clock,
      log,
      metrics,
      settings,
      sendMail: options.sendMail,
      postWebhook,
      ownState: async (domain, signal) => await ownState(options, domain, signal),
      node,
    });
    parts.defer(async () => await alerts.close());
    tellSettingsFaults(settings(), log);
    return {
      places: receiving.places,
      reload() {
        const reloaded = receiving.reload();
        if (reloaded.ok) tellSettingsFaults(settings(), log);
        return reloaded;
      },
      close: async () => await parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

function startSender(
  options: ReportingOptions,
  node: string,
): ReturnType<typeof startReportSender> {
  const { config, store, resolver, sendMail, clock, log, metrics } = options;
  const { localAddress } = config().smtp;
  const send = (): Config['reporting']['send'] => config().reporting.send;
  return startReportSender({
    store,
    clock,
    log,
    metrics,
    settings: send,
    resolver,
    sendMail,
    postReport: createReportPoster({
      resolver,
      clock,
      settings: send,
      ca: options.ca,
      ...(localAddress === undefined ? {} : { localAddress }),
    }),
    signer: () => signerOf(send()),
    node,
  });
}

async function ownState(
  options: ReportingOptions,
  domain: string,
  signal: AbortSignal,
): Promise<OwnState> {
  const { store, clock, resolver } = options;
  const config = options.config();
  const ca = options.ca();
  const { port, heloName } = config.smtp;
  return await gatherOwnState({
    store,
    clock,
    domain,
    resolver,
    fetcher: policyFetcher({ config, resolver, ca, clock }),
    probe: createTlsProbe({ clock, port, heloName, ...(ca === undefined ? {} : { ca }) }),
    port,
    signal,
  });
}
