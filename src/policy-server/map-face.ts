/**
 * The policy map: the answerer and its server, as the settings describe them.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import {
  type AnswerSettings,
  createAnswerer,
  type FramingAnswerer,
  type PolicyFailures,
} from './answerer.ts';
import { postfixMap, type SocketAddress, socketAddressText } from '../listen/socket-address.ts';
import { type SocketmapServer, startSocketmapServer } from './socketmap-server.ts';

/** What the map stands on. */
export interface MapFaceOptions {
  readonly engine: Pick<Engine, 'decide'>;
  /** The settings in force; read again and again. */
  readonly config: () => Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'answered' | 'answerTook' | 'connections' | 'watchAnswers'>;
  /** See `AnswererOptions`. */
  readonly policyFailures?: PolicyFailures | undefined;
}

/** The answerer that the settings describe. */
export function answererFrom(options: MapFaceOptions): FramingAnswerer {
  const { engine, config, clock, log, metrics } = options;
  const { smtp, policyServer } = config();
  const answerer = createAnswerer({
    engine,
    clock,
    log,
    metrics,
    smtpPort: smtp.port,
    maxEntries: policyServer.answerCacheEntries,
    settings: lastOf(config, answerSettings),
    policyFailures: options.policyFailures,
  });
  metrics.watchAnswers(() => ({
    kept: answerer.size,
    dryRun: config().policyServer.dryRun,
  }));
  return answerer;
}

/** Starts the server on every address of `socketmap.listen`. Rejects with a `ListenError`. */
export async function startMapServer(
  answerer: FramingAnswerer,
  options: MapFaceOptions,
): Promise<SocketmapServer> {
  const { config, clock, log, metrics } = options;
  const { listen, unixMode, unixOwner, reusePort } = config().socketmap;
  return await startSocketmapServer({
    listen,
    unix: { mode: unixMode, owner: unixOwner },
    reusePort,
    reply: (request) => answerer.frame(request),
    settings: () => config().socketmap,
    clock,
    log,
    onConnections: (open) => metrics.connections(open),
  });
}

/** How an address is shown, and the line of Postfix's main.cf that uses it. */
export function mapUse(address: SocketAddress): { readonly url: string; readonly use: string } {
  return {
    url: socketAddressText(address),
    use: `Postfix: smtp_tls_policy_maps = ${postfixMap(address, 'postfix')}`,
  };
}

function answerSettings({ socketmap, policyServer, mtaSts }: Config): AnswerSettings {
  return {
    defaultDialect: socketmap.defaultDialect,
    budgetMs: socketmap.budgetMs,
    firstContactMs: mtaSts.firstContactMs,
    maxStaleMs: policyServer.maxStaleMs,
    mixedDane: policyServer.mixedDane,
    dryRun: policyServer.dryRun,
  };
}

/** Made once for each configuration, not for each answer. */
function lastOf<T>(config: () => Config, make: (config: Config) => T): () => T {
  let from = config();
  let made = make(from);
  return () => {
    const now = config();
    if (now !== from) {
      from = now;
      made = make(now);
    }
    return made;
  };
}
