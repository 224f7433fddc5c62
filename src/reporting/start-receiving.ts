/**
 * Taking reports in, put together: the archive and the ways to it.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { ReportReceiveSettings } from '../config/reporting-types.ts';
import type { Resolver } from '../dns/types.ts';
import { ok, type Outcome } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { ReportingMetrics } from '../metrics/reporting-types.ts';
import type { Archive } from './archive/types.ts';
import { startHttpsReceiver } from './intake/https-receiver.ts';
import { startMailReceiver } from './intake/mail-receiver.ts';
import { watchMaildir } from './intake/maildir.ts';
import { createIntake } from './intake/take-in.ts';

/** What receiving stands on. */
export interface ReceivingOptions {
  readonly archive: Archive;
  readonly settings: () => ReportReceiveSettings;
  readonly resolver: Resolver;
  /** The name that the mail receiver greets with. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ReportingMetrics;
}

/** A place where reports come in. */
export interface ReportPlace {
  readonly face: string;
  readonly url: string;
  /** One line for a person. */
  readonly use: string;
}

/** Receiving under way. */
export interface Receiving {
  readonly places: readonly ReportPlace[];
  /** Reads certificates again; a failure leaves the old ones in use. */
  reload(): Outcome<undefined>;
  close(): Promise<void>;
}

/**
 * Opens every way that the settings name. Rejects with a `ReceiverRefused` or a `ListenError`.
 */
export async function startReceiving(options: ReceivingOptions): Promise<Receiving> {
  const { https, smtp, maildir } = options.settings();
  const common = { ...options, intake: createIntake(options) };
  const parts = new AsyncDisposableStack();
  const places: ReportPlace[] = [];
  let reload = (): Outcome<undefined> => ok(undefined);
  try {
    if (https.listen !== '') {
      const receiver = await startHttpsReceiver(common);
      parts.defer(async () => await receiver.close());
      places.push({
        face: 'reports',
        url: receiver.url,
        use: 'put it into rua= as it is from outside',
      });
      reload = () => receiver.reload();
    }
    if (smtp.listen !== '') {
      const receiver = await startMailReceiver(common);
      parts.defer(async () => await receiver.close());
      const url = `${smtp.protocol}:${receiver.address}`;
      places.push({
        face: 'report mail',
        url,
        use: 'the mail server hands the report mailbox over here',
      });
    }
    if (maildir.path !== '') {
      const watch = watchMaildir(common);
      parts.defer(async () => await watch.close());
      places.push({
        face: 'report mail',
        url: watch.path,
        use: 'new messages in this Maildir are read',
      });
    }
    return { places, reload: () => reload(), close: async () => await parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}
