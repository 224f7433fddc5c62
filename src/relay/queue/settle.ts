/**
 * Writes what attempts came to, and takes messages that are done out of the tables.
 *
 * @module
 */
import type { EngineTraits } from '../../store/types.ts';
import { storable } from './rows.ts';
import { insertRows, overRows, type Runner, type Value } from './statements.ts';
import type { JobKey, Settlement } from './types.ts';

/** What was seen in an attempt, ready to be stored. */
export interface StoredAttempt {
  readonly startedAt: number;
  readonly endedAt: number;
  /** JSON. */
  readonly events: string;
  readonly digest: string | null;
  /** Absent where the database has it already. */
  readonly decision?: string;
}

/** A settlement, ready to be written. */
export interface SettleRows {
  readonly job: JobKey;
  readonly settlement: Settlement;
  readonly attempt?: StoredAttempt;
}

/** Writes settlements inside a transaction. */
export interface SettleStatements {
  /** Messages are locked before their jobs, always: otherwise two transactions wait for each other. */
  lock(runner: Runner, keys: readonly JobKey[]): Promise<void>;
  /** @returns for each whether the job was still ours; of others nothing is written */
  settle(runner: Runner, items: readonly SettleRows[]): Promise<readonly boolean[]>;
}

interface JobRow {
  readonly message_id: string;
  readonly destination: string;
  readonly attempts: number;
}

/** The statements for an engine. */
export function settleStatements(traits: EngineTraits, owner: string): SettleStatements {
  const sql = texts(traits);

  /** Two nodes that settle the last two jobs of a message at once would each see the other's. */
  const lock = async (runner: Runner, keys: readonly JobKey[]): Promise<void> => {
    if (!traits.rowLocks) return;
    const ids = [...new Set(keys.map(({ messageId }) => messageId))].sort();
    await sql.lockMessages(
      runner,
      ids.map((id) => [id]),
    );
  };

  const finish = async (runner: Runner, items: readonly SettleRows[]): Promise<readonly JobRow[]> =>
    await sql.deleteJobs<JobRow>(
      runner,
      items.map(({ job }) => [job.messageId, job.destination]),
      [owner],
    );

  const keep = async (runner: Runner, items: readonly SettleRows[]): Promise<readonly JobRow[]> =>
    await sql.updateJobs<JobRow>(runner, items.map(keptRow), [owner]);

  /** Those among the messages of finished jobs that have no other job. */
  const goneMessages = async (
    runner: Runner,
    finished: readonly JobRow[],
  ): Promise<ReadonlySet<string>> => {
    const ids = new Set(finished.map((row) => row.message_id));
    const left = await sql.withJobs<{ message_id: string }>(
      runner,
      [...ids].map((id) => [id]),
    );
    for (const row of left) ids.delete(row.message_id);
    return ids;
  };

  const removeMessages = async (runner: Runner, ids: ReadonlySet<string>): Promise<void> => {
    const rows = [...ids].map((id) => [id]);
    for (const statement of sql.deletions) await statement(runner, rows);
  };

  const writeEvidence = async (
    runner: Runner,
    items: readonly SettleRows[],
    numbers: ReadonlyMap<string, number>,
  ): Promise<void> => {
    const decisions = new Map<string, readonly Value[]>();
    for (const { attempt, settlement } of items) {
      if (attempt?.decision === undefined || attempt.digest === null) continue;
      decisions.set(attempt.digest, [attempt.digest, attempt.decision, settlement.at]);
    }
    await sql.upsertDecisions(runner, [...decisions.values()]);
    for (const item of items) {
      const row = attemptRow(item, numbers.get(keyText(item.job)) ?? 0);
      if (row !== undefined) await sql.upsertAttempt(runner, [row]);
    }
  };

  return {
    lock,
    async settle(runner, items) {
      if (items.length === 0) return [];
      await lock(
        runner,
        items.map(({ job }) => job),
      );
      const finished = await finish(
        runner,
        items.filter(({ settlement }) => !waits(settlement)),
      );
      const kept = await keep(
        runner,
        items.filter(({ settlement }) => waits(settlement)),
      );
      const gone = await goneMessages(runner, finished);
      const numbers = new Map<string, number>();
      for (const row of finished) numbers.set(rowKey(row), row.attempts + 1);
      for (const row of kept) numbers.set(rowKey(row), Math.max(1, row.attempts));
      const ours = items.filter(({ job }) => numbers.has(keyText(job)));
      const staying = ours.filter(({ job }) => !gone.has(job.messageId));
      await sql.updateRecipients(runner, staying.flatMap(recipientRows));
      await writeEvidence(runner, staying, numbers);
      await removeMessages(runner, gone);
      return items.map(({ job }) => numbers.has(keyText(job)));
    },
  };
}

/** One text for a key, as a map wants it. */
export function keyText({ messageId, destination }: JobKey): string {
  return `${messageId} ${destination}`;
}

function rowKey(row: JobRow): string {
  return `${row.message_id} ${row.destination}`;
}

/** Does a recipient of the job still wait? */
export function waits({ recipients }: Settlement): boolean {
  return recipients.some(({ state }) => state === 'waiting');
}

function keptRow({ job, settlement }: SettleRows): readonly Value[] {
  const { at, counts, delayNoticeSent, retryAt = at } = settlement;
  return [
    job.messageId,
    job.destination,
    counts ? 1 : 0,
    Math.round(retryAt),
    delayNoticeSent ? 1 : 0,
    counts ? Math.round(at) : null,
  ];
}

function recipientRows({ job, settlement }: SettleRows): readonly (readonly Value[])[] {
  return settlement.recipients.map(({ number, state, text, code, host }) => [
    job.messageId,
    job.destination,
    number,
    state,
    storable(text),
    storable(code),
    storable(host),
    Math.round(settlement.at),
  ]);
}

function attemptRow({ job, attempt }: SettleRows, number: number): readonly Value[] | undefined {
  if (attempt === undefined) return undefined;
  return [
    job.messageId,
    job.destination,
    number,
    Math.round(attempt.startedAt),
    Math.round(attempt.endedAt),
    attempt.events,
    attempt.digest,
  ];
}

/** Every statement. `v` is the list of rows that came with it. */
function texts(traits: EngineTraits) {
  const deletion = (table: string, column: string): ReturnType<typeof overRows> =>
    overRows(traits, {
      text: (places) => `delete from ${table} where ${column} in (${places.join(', ')})`,
    });
  return {
    lockMessages: overRows(traits, {
      text: (places) =>
        `select id from queue_message where id in (${places.join(', ')}) order by id for update`,
    }),
    deleteJobs: overRows(traits, {
      text: (places, more) =>
        `delete from queue_job where (message_id, destination) in (values ${places.join(', ')}) ` +
        `and taken_by = ${more(0)} returning message_id, destination, attempts`,
    }),
    updateJobs: overRows(traits, {
      casts: ['text', 'text', 'integer', 'bigint', 'integer', 'bigint'],
      text: (places, more) =>
        `with v (m, d, c, t, n, f) as (values ${places.join(', ')}) ` +
        `update queue_job set attempts = attempts + v.c, next_at = v.t, delay_notice_sent = v.n, ` +
        `first_failed_at = coalesce(first_failed_at, v.f), taken_by = null from v ` +
        `where message_id = v.m and destination = v.d and taken_by = ${more(0)} ` +
        `returning message_id, destination, attempts`,
    }),
    withJobs: overRows(traits, {
      text: (places) =>
        `select distinct message_id from queue_job where message_id in (${places.join(', ')})`,
    }),
    updateRecipients: overRows(traits, {
      casts: ['text', 'text', 'integer', 'text', 'text', 'text', 'text', 'bigint'],
      text: (places) =>
        `with v (m, d, n, s, t, c, h, a) as (values ${places.join(', ')}) ` +
        `update queue_recipient set state = v.s, last_text = v.t, last_code = v.c, ` +
        `last_host = v.h, last_at = v.a from v ` +
        `where message_id = v.m and destination = v.d and number = v.n`,
    }),
    upsertDecisions: insertRows(
      traits,
      'queue_decision',
      ['digest', 'record', 'last_used_at'],
      'on conflict (digest) do update set last_used_at = excluded.last_used_at',
    ),
    upsertAttempt: insertRows(
      traits,
      'queue_attempt',
      [
        'message_id',
        'destination',
        'number',
        'started_at',
        'ended_at',
        'events',
        'decision_digest',
      ],
      'on conflict (message_id, destination, number) do update set started_at = excluded.started_at, ' +
        'ended_at = excluded.ended_at, events = excluded.events, decision_digest = excluded.decision_digest',
    ),
    deletions: [
      deletion('queue_message', 'id'),
      deletion('queue_part', 'message_id'),
      deletion('queue_recipient', 'message_id'),
      deletion('queue_attempt', 'message_id'),
    ],
  };
}
