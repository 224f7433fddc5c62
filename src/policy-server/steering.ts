/**
 * What operators change while the service runs: settings and overrides, and the way in for them.
 *
 * @module
 */
import type { ConfigChange } from '../config/changes.ts';
import type { Config } from '../config/types.ts';
import { ok, type Outcome } from '../failure.ts';
import type { Log, LogLevel } from '../log/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import type { OverrideBook } from '../tls-policy/override-book.ts';
import { startControl } from './control.ts';
import {
  createReloader,
  type ApplyResult,
  type ConfigSource,
  type Reloader,
  type ReloadReport,
} from './reload.ts';
import type { ReplaceableResolver } from './replaceable-resolver.ts';

/** What is steered. */
export interface SteeringOptions {
  /** What the service was started with. */
  readonly config: Config;
  /** Absent: a reload reads the CA file and the overrides again, and nothing else. */
  readonly source?: ConfigSource | undefined;
  readonly engine: Engine;
  readonly book: OverrideBook;
  readonly resolver: ReplaceableResolver;
  /** Others answer DNS now: proves anew that they validate. */
  readonly dnsChanged: (config: Config) => void;
  /** Another part that takes over settings and may refuse them; asked first. */
  readonly reloadFaces?: ((next: Config) => Promise<Outcome<undefined>>) | undefined;
  /** Drops ready answers; of one policy domain or all. */
  readonly forgetAnswers: (policyDomain?: string) => void;
  readonly setLogLevel?: ((level: LogLevel) => void) | undefined;
  /** Queued mail is due: to these destinations, or anywhere. Absent where nothing is relayed. */
  readonly wakeQueue?: ((destinations: readonly string[]) => void) | undefined;
  /** A command took mail out of the queue. @returns whether the note could be read */
  readonly noteRemoval?: ((note: unknown) => boolean) | undefined;
  /** For `status`: what else there is to say. */
  readonly status: () => object;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'reloaded' | 'watchOverrides'>;
}

/** The wheel. */
export interface Steering {
  /** The settings in force. */
  readonly config: Config;
  reload(): Promise<ReloadReport>;
  /** Opens the control socket, if the configuration names one. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Makes one; {@link Steering.open} lets the command line in. */
export function createSteering(options: SteeringOptions): Steering {
  const { config, engine, book, log, metrics } = options;
  const source = options.source ?? { read: () => ({ value: config, problems: [] }) };
  const reloader: Reloader = createReloader({
    config,
    source,
    apply: async (next, changed) =>
      await applySettings({ before: reloader.config, next, changed }, options),
    overrides: book,
    log,
    metrics,
  });
  metrics.watchOverrides(() => book.numbers());
  let close = async (): Promise<void> => await Promise.resolve();
  return {
    get config() {
      return reloader.config;
    },
    reload: async () => await reloader.reload(),
    async open() {
      const path = config.control.socket;
      if (path === '') return;
      const control = await startControl({
        path,
        log,
        status: () => statusOf(reloader, options),
        reload: async () => await reloader.reload(),
        refreshOverrides: async () => await book.refresh(),
        forgetPolicy: async (policyDomain) => {
          const known = await engine.policies.purge(policyDomain);
          engine.forget(policyDomain);
          options.forgetAnswers(policyDomain);
          return known;
        },
        wakeQueue: options.wakeQueue,
        noteRemoval: options.noteRemoval,
      });
      if (control !== undefined) close = async () => await control.close();
    },
    close: async () => await close(),
  };
}

/** A change from one configuration to another. */
interface Change {
  readonly before: Config;
  readonly next: Config;
  readonly changed: readonly ConfigChange[];
}

/** First those that can refuse; what the first has taken over goes back if the second refuses. */
async function applySettings(
  { before, next, changed }: Change,
  options: SteeringOptions,
): Promise<Outcome<ApplyResult>> {
  const { engine, resolver, setLogLevel, forgetAnswers } = options;
  const engineResult = engine.reconfigure(next);
  if (!engineResult.ok) return engineResult;
  const faces = await options.reloadFaces?.(next);
  if (faces?.ok === false) {
    engine.reconfigure(before);
    return faces;
  }
  const sections = new Set(changed.map(({ key }) => key.split('.')[0]));
  if (sections.has('dns')) {
    resolver.replace(next.dns);
    engine.forget();
    options.dnsChanged(next);
  }
  if (sections.delete('log')) setLogLevel?.(next.log.level);
  if (sections.size > 0) forgetAnswers();
  return ok({ caChanged: engineResult.value.caChanged });
}

function statusOf({ config }: Reloader, options: SteeringOptions): object {
  const { book, engine, source } = options;
  return {
    pid: process.pid,
    ...(source?.file === undefined ? {} : { file: source.file }),
    policies: engine.policies.stats(),
    overrides: book.numbers(),
    dryRun: config.policyServer.dryRun,
    logLevel: config.log.level,
    ...options.status(),
  };
}
