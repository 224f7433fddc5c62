/**
 * Watches a Maildir for reports: the mail server delivers there, we read. What is no report stays
 * untouched, for whoever reads the mailbox.
 *
 * @module
 */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Timer } from '../../clock.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { checkMaildir } from './maildir-place.ts';
import { createMaildirMemory } from './maildir-memory.ts';
import { scanMaildir, type ScanResult } from './maildir-scan.ts';
import type { ReceiverOptions } from './receiver-types.ts';

/** Messages come in crowds: one walk for all that come within this time, milliseconds. */
const GATHER_MS = 200;

/** A Maildir that is being watched. */
export interface MaildirWatch {
  readonly path: string;
  /** Walks through it now, after the walk under way. */
  scan(): Promise<void>;
  stats(): MaildirNumbers;
  /** Lets the message under way end. */
  close(): Promise<void>;
}

/** The watch in numbers, since its start. */
export interface MaildirNumbers {
  readonly read: number;
  /** Flagged, their reports are in the archive. */
  readonly done: number;
  /** Lie there and need not be read again. */
  readonly left: number;
}

/** Watches `reporting.receive.maildir.path`; it need not be there yet. */
export function watchMaildir(options: ReceiverOptions): MaildirWatch {
  const { settings, clock, log } = options;
  const { path } = settings().maildir;
  const memory = createMaildirMemory();
  const stop = new AbortController();
  const numbers = { read: 0, done: 0 };
  const trouble = createTrouble(path, log);
  const watchers = createWatchers(path, () => schedule(GATHER_MS));
  let rules = rulesOf(settings());
  let timer: Timer | undefined;
  let due = Infinity;
  let walk: Promise<void> = Promise.resolve();

  const schedule = (delayMs: number): void => {
    const at = clock.now() + delayMs;
    if (stop.signal.aborted || at >= due) return;
    timer?.cancel();
    due = at;
    timer = clock.after(delayMs, () => void scan());
  };

  const walkOnce = async (): Promise<void> => {
    timer?.cancel();
    due = Infinity;
    if (stop.signal.aborted) return;
    // Before the walk: what comes during it is noticed.
    watchers.arm();
    forgetIfRulesChanged();
    try {
      const result = await scanMaildir({ ...options, path, memory, signal: stop.signal });
      numbers.read += result.read;
      numbers.done += result.done;
      trouble.over(result);
    } catch (error) {
      // What is watched may not be what will be there next time.
      watchers.close();
      trouble.happened(error as NodeJS.ErrnoException);
    }
    schedule(settings().maildir.intervalMs);
  };

  /** What was left under other rules may be wanted now. */
  const forgetIfRulesChanged = (): void => {
    const now = rulesOf(settings());
    if (now !== rules) memory.clear();
    rules = now;
  };

  const scan = async (): Promise<void> => {
    walk = walk.then(walkOnce);
    await walk;
  };

  void scan();
  return {
    path,
    scan,
    stats: () => ({ ...numbers, left: memory.size }),
    async close() {
      stop.abort();
      timer?.cancel();
      watchers.close();
      await walk;
    },
  };
}

function rulesOf(settings: ReportReceiveSettings): string {
  const { domains, unauthenticated, requireTlsrptKey, maxBytes, maxJsonBytes } = settings;
  return JSON.stringify([domains, unauthenticated, requireTlsrptKey, maxBytes, maxJsonBytes]);
}

interface Watchers {
  /** Watches both folders, as far as the system lets us; the interval stands in for what it does not. */
  arm(): void;
  close(): void;
}

function createWatchers(path: string, onChange: () => void): Watchers {
  const watchers = new Map<string, FSWatcher>();
  const armOne = (folder: string): void => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(join(path, folder), { persistent: false }, onChange);
      // The folder is gone, or the system has no more watches: the next walk tries again.
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch {
      // Not there yet; the walk says so.
    }
  };
  return {
    arm() {
      armOne('new');
      armOne('cur');
    },
    close() {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

interface Trouble {
  happened(error: NodeJS.ErrnoException): void;
  over(result: ScanResult): void;
}

/** Says once that the Maildir cannot be read, and once that it can again. */
function createTrouble(path: string, log: ReceiverOptions['log']): Trouble {
  let told = '';
  return {
    happened({ code = 'UNKNOWN', message }) {
      const place = checkMaildir(path);
      const failure = place.ok
        ? { code, detail: `the Maildir ${path} cannot be read: ${message}` }
        : place.failure;
      if (told === failure.code) return;
      told = failure.code;
      log.error({ event: 'maildir-unreadable', path, code: failure.code }, failure.detail);
    },
    over({ end }) {
      if (end === 'later') {
        if (told === 'later') return;
        told = 'later';
        log.warn(
          { event: 'maildir-waits', path },
          `reports in ${path} wait: the archive takes none now`,
        );
        return;
      }
      if (told !== '')
        log.info({ event: 'maildir-again', path }, `the Maildir ${path} is read again`);
      told = '';
    },
  };
}
