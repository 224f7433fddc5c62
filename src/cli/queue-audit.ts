/**
 * Who took what out of the queue: told to the running service, whose log is the place for it.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import type { RemovalNote, RemovedJob } from '../relay/operations/removal-note.ts';
import { tellService, type Telling } from './control.ts';
import { complain, type Io } from './io.ts';
import { shown } from './text/format.ts';

/** Keeps track of one command. */
export interface Audit {
  /** Takes what is gone, piece by piece. */
  readonly onRemoved: (jobs: readonly RemovedJob[]) => Promise<void>;
  /** Whether the log of a service has it all; undefined: nothing was removed. */
  readonly logged: () => Telling['told'] | undefined;
  /** Says it on standard error where no log has it. */
  readonly close: (io: Io) => void;
}

/** Deliveries named on standard error. */
const NAMED = 20;

/** Begins one. Once a service could not be told, it is asked no more. */
export function startAudit(config: Config, { how, by }: Pick<RemovalNote, 'how' | 'by'>): Audit {
  let telling: Telling | undefined;
  const unlogged: RemovedJob[] = [];
  let count = 0;
  return {
    async onRemoved(jobs) {
      if (telling === undefined || telling.told === 'told') {
        telling = await tellService(config, '/queue/removed', { how, by, jobs });
      }
      if (telling.told === 'told') return;
      count += jobs.length;
      unlogged.push(...jobs.slice(0, NAMED - unlogged.length));
    },
    logged: () => telling?.told,
    close(io) {
      if (telling === undefined || telling.told === 'told') return;
      const why =
        telling.told === 'not-running'
          ? 'no service runs here'
          : `the running service could not be told: ${telling.detail ?? ''}`;
      const names = unlogged.map((job) => `${job.messageId} to ${shown(job.destination)}`);
      const more =
        count > names.length ? ` and ${(count - names.length).toLocaleString('en')} more` : '';
      complain(io, `Not in any log (${why}): ${how} by ${by}: ${names.join(', ')}${more}`);
    },
  };
}
