/**
 * Which jobs an operator means.
 *
 * @module
 */
import { type RawBuilder, sql } from 'kysely';
import type { JobKey } from '../queue/types.ts';

/** A job as an operator sees it: `delivering` is one that a node has taken. */
export type ShownState = 'waiting' | 'held' | 'delivering';

/** Every condition must hold; none at all: every job. */
export interface QueueFilter {
  /** Message ids. */
  readonly ids?: readonly string[];
  /** Recipient domain, normalised, or an address literal in brackets. */
  readonly destination?: string;
  /** An address; `@domain`: any address there; '' is the null reverse-path. */
  readonly sender?: string;
  /** An address; `@domain`: any address there. */
  readonly recipient?: string;
  readonly state?: ShownState;
  /** Messages accepted at this time or before; milliseconds since the Unix epoch. */
  readonly acceptedUntil?: number;
}

/** The condition over rows of `queue_job`. */
export function condition(filter: QueueFilter): RawBuilder<boolean> {
  const parts = [
    ...(filter.ids === undefined ? [] : [isOneOf(filter.ids)]),
    ...(filter.destination === undefined
      ? []
      : [sql<boolean>`queue_job.destination = ${filter.destination}`]),
    ...(filter.state === undefined ? [] : [STATES[filter.state]]),
    ...messageCondition(filter),
    ...recipientCondition(filter),
  ];
  return parts.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`${sql.join(parts, sql` and `)}`;
}

function isOneOf(ids: readonly string[]): RawBuilder<boolean> {
  if (ids.length === 0) return sql<boolean>`1 = 0`;
  return sql<boolean>`queue_job.message_id in (${sql.join(ids)})`;
}

const STATES: Readonly<Record<ShownState, RawBuilder<boolean>>> = {
  waiting: sql<boolean>`queue_job.state = 'waiting' and queue_job.taken_by is null`,
  held: sql<boolean>`queue_job.state = 'held' and queue_job.taken_by is null`,
  delivering: sql<boolean>`queue_job.taken_by is not null`,
};

function messageCondition({ sender, acceptedUntil }: QueueFilter): readonly RawBuilder<boolean>[] {
  if (sender === undefined && acceptedUntil === undefined) return [];
  const parts = [
    sql<boolean>`m.id = queue_job.message_id`,
    ...(sender === undefined ? [] : [isAddress('m.reverse_path', sender)]),
    ...(acceptedUntil === undefined ? [] : [sql<boolean>`m.accepted_at <= ${acceptedUntil}`]),
  ];
  return [
    sql<boolean>`exists (select 1 from queue_message m where ${sql.join(parts, sql` and `)})`,
  ];
}

function recipientCondition({ recipient }: QueueFilter): readonly RawBuilder<boolean>[] {
  if (recipient === undefined) return [];
  return [
    sql<boolean>`exists (select 1 from queue_recipient r
      where r.message_id = queue_job.message_id and r.destination = queue_job.destination
        and ${isAddress('r.address', recipient)})`,
  ];
}

/** Operators do not care about upper and lower case, whatever RFC 5321 §2.4 says of local parts. */
function isAddress(column: string, wanted: string): RawBuilder<boolean> {
  const text = wanted.toLowerCase();
  const lower = sql`lower(${sql.ref(column)})`;
  if (!text.startsWith('@')) return sql<boolean>`${lower} = ${text}`;
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}`;
  return sql<boolean>`${lower} like ${pattern} escape '\\'`;
}

/** Jobs behind `after` in the order of message id and destination. */
export function isAfter({ messageId, destination }: JobKey): RawBuilder<boolean> {
  return sql<boolean>`(queue_job.message_id, queue_job.destination) > (${messageId}, ${destination})`;
}

/** Jobs up to `last` in that order, with it. */
export function isUpTo({ messageId, destination }: JobKey): RawBuilder<boolean> {
  return sql<boolean>`(queue_job.message_id, queue_job.destination) <= (${messageId}, ${destination})`;
}
