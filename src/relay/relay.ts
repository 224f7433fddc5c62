/**
 * The relay: takes messages, keeps them on disk, delivers them strictly, tells the author what could
 * not be delivered.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { ok, type Outcome } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics/types.ts';
import type { Store } from '../store/types.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { notificationsFor } from './bounce/notices.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import type { DispatcherOptions, DispatchNumbers } from './dispatch/types.ts';
import { ownIdentity } from './own-identity.ts';
import { createQueue } from './queue/create-queue.ts';
import { limitsOf } from './queue/limits.ts';
import { failureOf } from './queue/queue-error.ts';
import { createRoutes } from './routes/create-routes.ts';
import type { Routes } from './routes/types.ts';
import { startSubmission } from './submission/start-submission.ts';
import { SubmissionRefused, type SubmissionStats } from './submission/types.ts';

/** What the relay stands on. */
export interface RelayOptions {
  readonly config: Config;
  readonly store: Store;
  readonly engine: Pick<Engine, 'decide' | 'policies' | 'ca'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'relay'>;
  /** Called for each session that was opened or refused: what TLS reports are made of. */
  readonly onAttempt?: DispatcherOptions['onAttempt'];
  /** Replaces the delivery's own in tests. */
  readonly delivery?: DispatcherOptions['delivery'];
}

/** A running relay. */
export interface Relay {
  /** Where it takes messages, those with TLS from the first octet last. */
  readonly addresses: readonly string[];
  /** Something in the queue may be due; for these destinations, or anywhere. */
  wake(destinations: readonly string[]): void;
  /** All or nothing: on a failure the old settings stay in force. */
  reload(config: Config): Promise<Outcome<undefined>>;
  stats(): { readonly submission: SubmissionStats; readonly dispatch: DispatchNumbers };
  /** Takes no more messages, lets deliveries under way end, gives the rest back. */
  close(): Promise<void>;
}

/** Sessions of clients may take so long to end their message when the service stops, milliseconds. */
const GRACE_MS = 5_000;

/**
 * Starts it. The queue comes first and the door last: what is taken can be kept.
 *
 * @throws {SubmissionRefused} with the failure: an open relay, an address that is taken, a file that
 * cannot be used
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { config, store, engine, clock, log, metrics } = options;
  const routes = routesOf(config);
  if (!routes.ok) throw new SubmissionRefused(routes.failure);
  let limits = limitsOf(config.relay);
  const queue = createQueue({ store, clock, log, limits: () => limits });
  await queue.start().catch((error: unknown) => {
    throw new SubmissionRefused(failureOf(error));
  });
  const dispatcher = createDispatcher({
    queue,
    engine,
    config,
    routes: routes.value,
    clock,
    log,
    metrics,
    notify: notificationsFor,
    own: ownIdentity,
    ...(options.onAttempt === undefined ? {} : { onAttempt: options.onAttempt }),
    ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
  });
  dispatcher.start();
  const end = async (): Promise<void> => {
    await dispatcher.stop();
    await queue.close();
  };
  try {
    const submission = await startSubmission({
      settings: config.relay,
      heloName: config.smtp.heloName,
      queue,
      clock,
      log,
      metrics: metrics.relay,
    });
    metrics.relay.watchQueue(
      async () => await queue.numbers(),
      () => clock.now(),
    );
    metrics.relay.shadow(config.relay.shadow);
    return {
      addresses: submission.addresses,
      wake(destinations) {
        if (destinations.length === 0) dispatcher.wake();
        for (const destination of destinations) dispatcher.wake(destination);
      },
      async reload(next) {
        // Whatever can refuse comes first.
        const newRoutes = routesOf(next);
        if (!newRoutes.ok) return newRoutes;
        const taken = await submission.reload(next.relay);
        if (!taken.ok) return taken;
        limits = limitsOf(next.relay);
        // The name in the greeting is that of the start, so it stays everywhere.
        const smtp = { ...next.smtp, heloName: config.smtp.heloName };
        dispatcher.reload({ ...next, smtp }, newRoutes.value);
        metrics.relay.shadow(next.relay.shadow);
        return ok(undefined);
      },
      stats: () => ({ submission: submission.stats(), dispatch: dispatcher.stats() }),
      async close() {
        await submission.close({ graceMs: GRACE_MS });
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function routesOf({ relay, smtp }: Config): Outcome<Routes> {
  return createRoutes(relay.routes, { port: smtp.port });
}
