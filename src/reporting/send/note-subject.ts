/**
 * Noting what a command made of a domain, as the service does: whoever asks later why there is no
 * report finds it.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';
import type { Prepared } from './prepare-report.ts';
import { earliestAfterDay, MAKE_WITHIN_MS, nextLookUp } from './send-time.ts';
import { addSubjects } from './subjects.ts';
import { endOf } from '../day.ts';

/** A domain of a day, and what came of it. */
export interface NotedSubject {
  readonly day: UtcDay;
  readonly domain: string;
  readonly prepared: Prepared;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly spreadMs: number;
}

/** Notes it; what was noted of a report that was made stays. */
export async function noteSubject(store: Store, noted: NotedSubject): Promise<void> {
  const { day, domain, now } = noted;
  const became = outcomeOf(noted);
  if (became === undefined) return;
  const dueAt = became.state === 'due' ? nextLookUp(1, now) : now;
  await addSubjects(store, day, [{ domain, dueAt }]);
  await store.db
    .updateTable('report_subject')
    .set(became)
    .where('day', '=', day)
    .where('domain', '=', domain)
    .where('state', '!=', 'made')
    .execute();
}

type Became = {
  readonly state: 'due' | 'made' | 'no-record' | 'skipped' | 'nothing' | 'given-up';
  readonly note: string;
};

/** Undefined where it is too early to tell. */
function outcomeOf({ day, prepared, now, spreadMs }: NotedSubject): Became | undefined {
  switch (prepared.kind) {
    case 'report':
      return { state: 'made', note: '' };
    case 'no-record':
      return { state: 'no-record', note: noteOf(prepared.failure) };
    case 'unknown': {
      const isOver = nextLookUp(1, now) > endOf(day) + MAKE_WITHIN_MS;
      return { state: isOver ? 'given-up' : 'due', note: noteOf(prepared.failure) };
    }
    case 'skipped':
      return { state: 'skipped', note: '' };
    case 'nothing':
      // Other nodes may still have failures of the day in memory.
      if (now < endOf(day) + earliestAfterDay(spreadMs)) return undefined;
      return { state: 'nothing', note: '' };
    default:
      return prepared satisfies never;
  }
}

function noteOf({ code, detail }: { readonly code: string; readonly detail: string }): string {
  return `${code}: ${detail}`;
}
