/**
 * The parts that commands are put together from.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { createResolver, type DnsResolver } from '../dns/resolver.ts';
import { createLog, type Log, silentLog } from '../log/log.ts';
import { openStore } from '../store/open-store.ts';
import type { OnDamage, StoreUse } from '../store/sqlite.ts';
import { StoreError } from '../store/store-error.ts';
import type { Store } from '../store/types.ts';
import { createEngine } from '../tls-policy/engine.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { overridesOf } from '../tls-policy/override-book.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { CommandStop } from './shared-options.ts';

/** The resolver that the configuration describes. */
export function resolverFrom(config: Config): DnsResolver {
  return createResolver({ ...config.dns, clock: systemClock, log: commandLog(config) });
}

/** Opens the configured store, making it if need be. */
export async function openConfiguredStore(
  config: Config,
  log: Log,
  onDamage: OnDamage = 'move-aside',
  use: StoreUse = 'serve',
): Promise<Store> {
  try {
    // Policies can be fetched again; accepted mail cannot.
    return await openStore(config.store.url, {
      log,
      onDamage: config.relay.enabled ? 'refuse' : onDamage,
      use,
    });
  } catch (error) {
    if (error instanceof StoreError) {
      throw new CommandStop(error.message, EXIT_UNAVAILABLE);
    }
    throw error;
  }
}

/** The file of the configured store, where that is one and is not there yet. */
export function missingStore({ store }: Pick<Config, 'store'>): string | undefined {
  const path = /^sqlite:(?<path>.+)$/.exec(store.url)?.groups?.['path'];
  return path === undefined || existsSync(path) ? undefined : path;
}

/** Opens the configured store if there is one already; a command that only looks makes none, and moves none aside. */
export async function openExistingStore(config: Config): Promise<Store | undefined> {
  if (missingStore(config) !== undefined) return undefined;
  return await openConfiguredStore(config, commandLog(config), 'refuse', 'look');
}

/** Commands log warnings and errors alone, unless told otherwise; a person reads them. */
export function commandLog(config: Config): Log {
  const level = config.log.level === 'info' ? 'warn' : config.log.level;
  return createLog(level, { format: 'text' });
}

/** An engine on the configured store, and the resolver that it asks: two would say twice what is wrong with it. */
export interface EngineOnStore extends AsyncDisposable {
  readonly engine: Engine;
  readonly resolver: DnsResolver;
  readonly store: Store;
}

/**
 * Opens them; disposing closes them. `use: 'store'` is for commands that ask no DNS: nobody needs
 * to hear there whether the resolver is to be believed.
 */
export async function openEngine(
  config: Config,
  use: 'network' | 'store' = 'network',
): Promise<EngineOnStore> {
  const log = commandLog(config);
  const store = await openConfiguredStore(config, log);
  const overrides = await overridesOf(store, systemClock);
  const resolver = createResolver({
    ...config.dns,
    clock: systemClock,
    log: use === 'store' ? silentLog : log,
  });
  const engine = createEngine({ config, clock: systemClock, log, store, overrides, resolver });
  return {
    engine,
    resolver,
    store,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      resolver.close();
      await store.close();
    },
  };
}
