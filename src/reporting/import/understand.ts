/**
 * Reading and understanding reports, up to the rows that are to be stored: all of an import but the
 * store, so that it can run in threads of its own.
 *
 * @module
 */
import { basename } from 'node:path';
import { systemClock } from '../../clock.ts';
import { createResolver } from '../../dns/resolver.ts';
import type { Resolver } from '../../dns/types.ts';
import { ok } from '../../failure.ts';
import { type Log, silentLog } from '../../log/log.ts';
import { type PreparedReport, prepareReport } from '../archive/prepare.ts';
import { createIntake } from '../intake/take-in.ts';
import type { IntakeResult } from '../intake/types.ts';
import { pathText } from '../../file-path.ts';
import { readSource } from './read-source.ts';
import type { ReportSource, Understood, UnderstandSettings } from './types.ts';

/** Understands sources. */
export interface Understander {
  /** In the order of the sources. Never rejects. */
  understand(sources: readonly ReportSource[]): Promise<readonly Understood[]>;
  close(): void;
}

/** Makes one. */
export function createUnderstander(settings: UnderstandSettings, log: Log): Understander {
  const { receive, check } = settings;
  // Whether its answers are secure does not matter for DKIM.
  const resolver = createResolver({ ...settings.dns, clock: systemClock, log: silentLog });

  const one = async (source: ReportSource): Promise<Understood> => {
    const read = source.kind === 'bytes' ? source : readSource(source.path, receive.maxBytes);
    if (read.kind !== 'bytes') return read;
    const fileName = source.kind === 'file' ? { fileName: basename(pathText(source.path)) } : {};
    return await understandBytes(read.bytes, { ...fileName, settings, resolver, log });
  };

  return {
    async understand(sources) {
      // Keys are waited for; nothing else is.
      if (check === 'signatures') return await Promise.all(sources.map(one));
      const all: Understood[] = [];
      for (const source of sources) all.push(await one(source));
      return all;
    },
    close: () => resolver.close(),
  };
}

interface Surroundings {
  readonly fileName?: string;
  readonly settings: UnderstandSettings;
  readonly resolver: Resolver;
  readonly log: Log;
}

async function understandBytes(
  bytes: Uint8Array,
  { fileName, settings, resolver, log }: Surroundings,
): Promise<Understood> {
  const { receive, check } = settings;
  const reports: PreparedReport[] = [];
  const intake = createIntake({
    archive: {
      async take(incoming) {
        reports.push(prepareReport(incoming, receive));
        // Nobody looks at it: what becomes of the report turns out later.
        return await Promise.resolve(ok({ kind: 'stored', id: '' }));
      },
    },
    resolver,
    clock: systemClock,
    settings: () => receive,
    log,
    check,
  });
  const named = fileName === undefined ? {} : { fileName };
  return understood(await intake.file(bytes, { way: 'file', ...named }), reports);
}

function understood(result: IntakeResult, reports: readonly PreparedReport[]): Understood {
  if (result.kind !== 'reports') return result;
  const failures = result.results.flatMap(({ failure }) => failure ?? []);
  return { kind: 'reports', reports, failures };
}
