/**
 * Taking reports in, put together: the archive and the ways to it.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { ReportReceiveSettings } from '../config/reporting-types.ts';
import type { Resolver } from '../dns/types.ts';
import { ok, type Outcome } from '../failure.ts';
import { ListenError } from '../listen/listen-error.ts';
import type { Log } from '../log/log.ts';
import type { ReportingMetrics } from '../metrics/reporting-types.ts';
import type { Archive } from './archive/types.ts';
import { startHttpsReceiver } from './intake/https-receiver.ts';
import { startMailReceiver } from './intake/mail-receiver.ts';
import { watchMaildir } from './intake/maildir.ts';
import { checkMaildir } from './intake/maildir-place.ts';
import { ReceiverRefused } from './intake/receiver-types.ts';
import { createReaderThread } from './intake/reader-thread.ts';
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
 * Opens every way that the settings name. Rejects with a `ReceiverRefused`.
 */
export async function startReceiving(options: ReceivingOptions): Promise<Receiving> {
  const { https, smtp, maildir } = options.settings();
  const parts = new AsyncDisposableStack();
  const reader = createReaderThread(options);
  parts.defer(async () => await reader.close());
  const common = { ...options, intake: createIntake({ ...options, read: reader.read }) };
  const places: ReportPlace[] = [];
  let reload = (): Outcome<undefined> => ok(undefined);
  try {
    if (https.listen !== '') {
      const receiver = await listening('https', async () => await startHttpsReceiver(common));
      parts.defer(async () => await receiver.close());
      places.push({
        face: 'reports',
        url: receiver.url,
        use: 'put it into rua= as it is from outside',
      });
      reload = () => receiver.reload();
    }
    if (smtp.listen !== '') {
      const receiver = await listening('smtp', async () => await startMailReceiver(common));
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
      // What is not there is said in the log, with how to mend it.
      if (checkMaildir(watch.path).ok) {
        places.push({
          face: 'report mail',
          url: watch.path,
          use: 'new messages in this Maildir are read',
        });
      }
    }
    return { places, reload: () => reload(), close: async () => await parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** Whoever reads that a port is taken wants to know which setting names it. */
async function listening<T>(way: 'https' | 'smtp', start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const detail = `reporting.receive.${way}.listen: ${error.message}`;
    throw new ReceiverRefused({ code: 'REPORT_RECEIVER_LISTEN_FAILED', detail });
  }
}
