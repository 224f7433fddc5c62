/**
 * Takes over a changed configuration while the service runs. Sockets, policies and DNS answers
 * stay; a configuration with a fault changes nothing.
 *
 * @module
 */
import { configChanges, type ConfigChange } from '../config/changes.ts';
import type { Config } from '../config/types.ts';
import type { Failure, Outcome, Problem, Reading } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { OverrideBook } from '../tls-policy/override-book.ts';

/** Where the configuration is read from. */
export interface ConfigSource {
  /** Absent: there is no file, only options. */
  readonly file?: string;
  read(): Reading<Config>;
}

/** What a reload came to: plain data, as it goes over the control socket. */
export type ReloadReport =
  | {
      readonly outcome: 'ok';
      /** Has effect now. */
      readonly changed: readonly ConfigChange[];
      /** Differs from what the service was started with, and has effect when it starts again. */
      readonly needsRestart: readonly ConfigChange[];
      /** The CA file, which is always read again, has other content. */
      readonly caChanged: boolean;
      /** Policy domains whose override changed since it was last looked. */
      readonly overridesChanged: readonly string[];
      /** Valid settings that are a trap. */
      readonly warnings: readonly Problem[];
      readonly file?: string;
    }
  /** The old settings stay in force. */
  | {
      readonly outcome: 'refused';
      readonly problems: readonly Problem[];
      /** What the file names and cannot be used. */
      readonly failure?: Failure;
      readonly file?: string;
    };

/** What a reloader stands on. */
export interface ReloaderOptions {
  /** What the service was started with. */
  readonly config: Config;
  readonly source: ConfigSource;
  /** Puts the settings into effect, all of them or none. */
  readonly apply: (
    next: Config,
    changed: readonly ConfigChange[],
  ) => Outcome<ApplyResult> | Promise<Outcome<ApplyResult>>;
  readonly overrides: Pick<OverrideBook, 'refresh'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'reloaded'>;
}

/** What became of it beside the settings themselves. */
export interface ApplyResult {
  readonly caChanged: boolean;
}

/** Reloads on demand. */
export interface Reloader {
  /** The settings in force. What needs a restart stands here as it was written last. */
  readonly config: Config;
  /** One at a time; never rejects for what is wrong with the file. */
  reload(): Promise<ReloadReport>;
}

/** Makes one. */
export function createReloader(options: ReloaderOptions): Reloader {
  const { source, log, metrics } = options;
  let config = options.config;
  let turn: Promise<unknown> = Promise.resolve();

  const once = async (): Promise<ReloadReport> => {
    const reading = source.read();
    if (reading.value === undefined) return { outcome: 'refused', problems: reading.problems };
    const next = reading.value;
    const emptied = emptiedBy(reading, config, next);
    if (emptied !== undefined) return { outcome: 'refused', problems: [emptied] };
    const changed = configChanges(config, next).filter(({ effect }) => effect === 'reload');
    const applied = await options.apply(next, changed);
    if (!applied.ok) return { outcome: 'refused', problems: [], failure: applied.failure };
    config = next;
    return {
      outcome: 'ok',
      changed,
      needsRestart: configChanges(options.config, next).filter(
        ({ effect }) => effect === 'restart',
      ),
      caChanged: applied.value.caChanged,
      overridesChanged: await options.overrides.refresh(),
      warnings: reading.problems,
    };
  };

  const reload = async (): Promise<ReloadReport> => {
    const report = {
      ...(await once()),
      ...(source.file === undefined ? {} : { file: source.file }),
    };
    metrics.reloaded(report.outcome);
    logReport(log, report);
    return report;
  };

  return {
    get config() {
      return config;
    },
    async reload() {
      const mine = turn.then(reload);
      turn = mine.catch(() => undefined);
      return await mine;
    },
  };
}

/** An editor empties a file before it writes it, and a full disk ends it there: nobody meant that. */
function emptiedBy(
  { problems }: Reading<Config>,
  before: Config,
  next: Config,
): Problem | undefined {
  const empty = problems.find(({ code }) => code === 'CONFIG_EMPTY');
  if (empty === undefined || configChanges(before, next).length === 0) return undefined;
  return { ...empty, severity: 'error' };
}

function logReport(log: Log, report: ReloadReport): void {
  if (report.outcome === 'refused') {
    const { problems, failure, file } = report;
    const reasons = [
      ...problems.map(({ line, column, message }) => `${file ?? ''}:${line}:${column}: ${message}`),
      ...(failure === undefined ? [] : [failure.detail]),
    ];
    const code = failure?.code ?? problems[0]?.code;
    log.error(
      { event: 'reload', outcome: 'refused', code, problems: reasons },
      `the configuration is not taken over, the old one stays in force: ${reasons.join('; ')}`,
    );
    return;
  }
  const { changed, needsRestart, caChanged, overridesChanged } = report;
  const keys = changed.map(({ key }) => key);
  const later = needsRestart.map(({ key }) => key);
  const told = keys.length === 0 ? 'no setting changed' : `changed: ${keys.join(', ')}`;
  log.info(
    {
      event: 'reload',
      outcome: 'ok',
      changed: keys,
      needsRestart: later,
      caChanged,
      overridesChanged,
    },
    `reloaded, ${told}${later.length === 0 ? '' : `; needs a restart: ${later.join(', ')}`}`,
  );
}
