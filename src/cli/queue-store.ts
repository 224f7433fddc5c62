/**
 * How the commands of the queue reach the store and the running service.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import type { Store } from '../store/types.ts';
import { tellService, type Told } from './control.ts';
import { EXIT_NO_INPUT } from './exit-codes.ts';
import { complain, type Io, say } from './io.ts';
import { openExistingStore } from './parts.ts';
import { configWithoutTrust, type SharedOptions } from './shared-options.ts';

/**
 * Runs a task on the configured store; where there is none yet, that is said: somebody may look in
 * the wrong place. Then `otherwise`: an empty queue is an answer, no reports are none.
 */
export async function onQueue(
  options: SharedOptions & { readonly io: Io },
  task: (store: Store, config: Config) => Promise<number>,
  otherwise: (url: string) => number,
): Promise<number> {
  const config = configWithoutTrust(options);
  const store = await openExistingStore(config);
  if (store === undefined) {
    complainOfNoStore(config, options.io);
    return otherwise(config.store.url);
  }
  try {
    return await task(store, config);
  } finally {
    await store.close();
  }
}

/** Says that there is none, and what that may come from. */
export function complainOfNoStore({ store }: Pick<Config, 'store'>, io: Io): void {
  complain(
    io,
    `There is no store yet at ${store.url.replace(/^sqlite:/, '')}: if the service uses another one, name its configuration with --config.`,
  );
}

/** Says which of the ids are not in the queue. @returns them */
export async function missingIds(
  store: Store,
  ids: readonly string[],
  io: Io,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const id of new Set(ids.map((each) => each.toLowerCase()))) {
    const row = await store.db
      .selectFrom('queue_message')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) missing.push(id);
  }
  for (const id of missing) complainOfMissing(id, io);
  return missing;
}

/** Says that there is no such message. @returns the exit code */
export function complainOfMissing(id: string, io: Io): number {
  complain(
    io,
    `no message ${id} in the queue: it was delivered, returned or dropped, and the log says which (QUEUE_NO_SUCH_MESSAGE)`,
  );
  return EXIT_NO_INPUT;
}

/** What the service made of it. */
export type Woken = Told | 'no-relay';

/** Tells the running service that jobs are due; of some destinations or anywhere. */
export async function wakeService(
  config: Config,
  destinations: readonly string[] | 'all',
  io: Io,
): Promise<Woken> {
  const query =
    destinations === 'all'
      ? ''
      : `?${destinations.map((each) => `destination=${encodeURIComponent(each)}`).join('&')}`;
  const { told, answer, detail } = await tellService(config, `/queue/wake${query}`);
  if (told === 'failed') complain(io, `The running service could not be told: ${detail ?? ''}`);
  const relays = (answer as { readonly woken?: boolean } | undefined)?.woken !== false;
  return told === 'told' && !relays ? 'no-relay' : told;
}

/**
 * Says what follows for mail that is due. Only of destinations told one by one a service forgets
 * that nobody there answered lately.
 */
export function sayWoken(
  woken: Woken | undefined,
  io: Io,
  destinations: readonly string[] | 'all' = [],
): void {
  switch (woken) {
    case 'told':
      say(
        io,
        destinations === 'all'
          ? 'The running service looks for all that is due; next hops that did not answer lately rest for at most 5 min.'
          : 'The running service tries it now.',
      );
      return;
    case 'not-running':
      say(
        io,
        'No service runs here. It is tried when one starts, or soon by one elsewhere on the same store.',
      );
      return;
    case 'no-relay':
      say(io, 'The running service does not relay (relay.enabled): nothing is tried.');
      return;
    case 'failed':
    case undefined:
  }
}
