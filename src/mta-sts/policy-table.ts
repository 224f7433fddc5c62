/**
 * The table of policies: rows, and the queries on them, the same on both engines.
 *
 * @module
 */
import { type Compilable, sql } from 'kysely';
import type { ErrorCode } from '../errors.ts';
import type { Failure, ResultType } from '../failure.ts';
import { persistently } from '../store/group-commit.ts';
import { type Executor, type PreparedQuery, preparedQuery } from '../store/prepared-query.ts';
import type { StsPolicyTable, Store } from '../store/types.ts';
import { NO_BACK_OFFS } from './back-off.ts';
import type { Held } from './life-cycle-types.ts';
import { CLOCK_TOLERANCE_MS } from './life-times.ts';
import type { Evicted } from './memory-cache.ts';
import { MAX_MAX_AGE } from './policy.ts';
import { storedPolicy } from './shared-policy.ts';
import type { StsMode } from './types.ts';

/** A row of the table. */
export type PolicyRow = StsPolicyTable;

/** PostgreSQL's clock in milliseconds since the Unix epoch. */
const SERVER_NOW = sql<number>`(extract(epoch from now()) * 1000)::bigint`;

const MODES: readonly StsMode[] = ['enforce', 'testing', 'none'];

/** Rows read at once: enough to be quick, few enough not to hold up other work for long. */
const CHUNK = 2_000;

/** Domains in one statement; SQLite's limit of parameters is far above it. */
const BATCH = 500;

/** The row of a policy. */
export function rowOf(
  domain: string,
  held: Held,
  times: { readonly lastUsedAt: number; readonly now: number },
): PolicyRow {
  const failure = held.fetchFailure;
  return {
    policy_domain: domain,
    record_id: held.id,
    policy_text: held.policy.text,
    mode: held.policy.mode,
    fetched_at: held.fetchedAt,
    expires_at: held.expiresAt,
    last_used_at: times.lastUsedAt,
    next_refresh_at: held.refreshAt,
    failures_in_a_row: held.failures,
    failure_code: failure?.code ?? null,
    failure_detail: failure?.detail ?? null,
    failure_type: failure?.resultType ?? null,
    changed_at: times.now,
  };
}

/**
 * What is left of a domain that was forgotten on purpose: other nodes see it and forget it too. It
 * has the time of forgetting (`at`) where a policy has that of its fetch, so that a later fetch
 * wins; `now` is when it is written.
 */
export function tombstoneOf(
  domain: string,
  { at, now }: { readonly at: number; readonly now: number },
): PolicyRow {
  return {
    policy_domain: domain,
    record_id: '',
    policy_text: '',
    mode: 'none',
    fetched_at: at,
    expires_at: 0,
    last_used_at: at,
    next_refresh_at: 0,
    failures_in_a_row: 0,
    failure_code: null,
    failure_detail: null,
    failure_type: null,
    changed_at: now,
  };
}

/** Was the row written by a clock that is ahead of ours by more than nodes' clocks may differ? */
export function isAhead(row: Pick<PolicyRow, 'fetched_at'>, now: number): boolean {
  return row.fetched_at > now + CLOCK_TOLERANCE_MS;
}

/** Is this what is left of a forgotten domain? */
export function isTombstone(row: PolicyRow): boolean {
  return row.expires_at === 0;
}

/** The state that a row stands for. The record was last looked at, for all we know, at the fetch. */
export function heldOf(row: PolicyRow): Held {
  const expiresAt = Math.min(row.expires_at, row.fetched_at + maxAgeOf(row.policy_text) * 1_000);
  return {
    kind: 'held',
    policy: storedPolicy(row.policy_text, modeOf(row)),
    id: row.record_id,
    fetchedAt: row.fetched_at,
    expiresAt,
    refreshAt: Math.min(row.next_refresh_at, latestRefresh(row, expiresAt)),
    checkedAt: row.fetched_at,
    triedAt: row.fetched_at,
    failures: row.failures_in_a_row,
    fetchFailure: failureOf(row),
    recordFailure: undefined,
    backOffs: NO_BACK_OFFS,
  };
}

/**
 * The max_age of a stored text, without parsing all of it: a start reads a million rows. What has
 * none, or one that is no number of seconds within a year, has a year at most.
 */
function maxAgeOf(text: string): number {
  const digits = /(?:^|\n)max_age[ \t]*:[ \t]*([0-9]{1,10})(?![0-9])/.exec(text)?.[1];
  return digits === undefined ? MAX_MAX_AGE : Math.min(Number(digits), MAX_MAX_AGE);
}

/** Without a failure a refresh comes well before the end (see `refreshTime`); after one, soon. */
function latestRefresh(row: PolicyRow, expiresAt: number): number {
  if (row.failures_in_a_row > 0) return expiresAt + 1;
  return row.fetched_at + Math.ceil((expiresAt - row.fetched_at) * 0.6) + 1;
}

/** Where the column says nothing that can be, the text does; a text that says nothing is damaged. */
function modeOf(row: PolicyRow): StsMode {
  if (MODES.includes(row.mode)) return row.mode;
  const text = /(?:^|\n)mode[ \t]*:[ \t]*([a-z]+)/.exec(row.policy_text)?.[1];
  return MODES.find((mode) => mode === text) ?? 'enforce';
}

function failureOf(row: PolicyRow): Failure | undefined {
  if (row.failure_code === null) return undefined;
  const resultType = row.failure_type as ResultType | null;
  return {
    // Written by us, and a code is never renamed.
    code: row.failure_code as ErrorCode,
    detail: row.failure_detail ?? '',
    ...(resultType === null ? {} : { resultType }),
  };
}

/** A row to be written, and from when on a row of this time would be one of a clock that is ahead. */
interface Write extends PolicyRow {
  readonly ahead_after: number;
}

const WRITTEN: Readonly<Record<keyof Write, true>> = {
  policy_domain: true,
  record_id: true,
  policy_text: true,
  mode: true,
  fetched_at: true,
  expires_at: true,
  last_used_at: true,
  next_refresh_at: true,
  failures_in_a_row: true,
  failure_code: true,
  failure_detail: true,
  failure_type: true,
  changed_at: true,
  ahead_after: true,
};

/** Made once for each database, and gone with it. */
const writes = new WeakMap<Store['db'], PreparedQuery<Write>>();

/**
 * Writes a row. Of two nodes that write the same domain, the newer fetch wins; a row from a clock
 * that ran ahead gives way.
 *
 * @param transaction of this store, to write within it
 */
export async function writeRow(
  { db }: Store,
  row: PolicyRow,
  transaction?: Executor,
): Promise<void> {
  const write =
    writes.get(db) ?? preparedQuery(db, Object.keys(WRITTEN) as (keyof Write)[], writeOf(db));
  writes.set(db, write);
  await write({ ...row, ahead_after: row.changed_at + CLOCK_TOLERANCE_MS }, transaction);
}

function writeOf(db: Store['db']): (write: Write) => Compilable {
  return ({ ahead_after, ...row }) => {
    const { policy_domain: _key, last_used_at, ...rest } = row;
    return db
      .insertInto('sts_policy')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('policy_domain')
          .doUpdateSet((use) => ({
            ...rest,
            last_used_at: use
              .case()
              .when('sts_policy.last_used_at', '>', last_used_at)
              .then(use.ref('sts_policy.last_used_at'))
              .else(use.val(last_used_at))
              .end(),
          }))
          .where((is) =>
            is.or([
              is('sts_policy.fetched_at', '<=', row.fetched_at),
              is('sts_policy.fetched_at', '>', ahead_after),
            ]),
          ),
      );
  };
}

/** One domain's row. */
export async function readRow(store: Store, domain: string): Promise<PolicyRow | undefined> {
  return await store.db
    .selectFrom('sts_policy')
    .selectAll()
    .where('policy_domain', '=', domain)
    .executeTakeFirst();
}

/** All rows that have not expired, in chunks. */
export async function* readLive(store: Store, now: number): AsyncGenerator<readonly PolicyRow[]> {
  let after = '';
  for (;;) {
    const rows = await store.db
      .selectFrom('sts_policy')
      .selectAll()
      .where('policy_domain', '>', after)
      .where('expires_at', '>=', now)
      .orderBy('policy_domain')
      .limit(CHUNK)
      .execute();
    if (rows.length > 0) yield rows;
    if (rows.length < CHUNK) return;
    after = rows.at(-1)!.policy_domain;
  }
}

/** The rows written since a moment, in chunks. */
export async function* readChanged(
  store: Store,
  since: number,
): AsyncGenerator<readonly PolicyRow[]> {
  let after = { changedAt: since, domain: '' };
  for (;;) {
    const { changedAt, domain } = after;
    const rows = await store.db
      .selectFrom('sts_policy')
      .selectAll()
      .where((is) =>
        is(is.refTuple('changed_at', 'policy_domain'), '>', is.tuple(changedAt, domain)),
      )
      .orderBy('changed_at')
      .orderBy('policy_domain')
      .limit(CHUNK)
      .execute();
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (rows.length < CHUNK || last === undefined) return;
    after = { changedAt: last.changed_at, domain: last.policy_domain };
  }
}

/** What is left of domains that were forgotten on purpose since a moment. */
export async function readForgotten(store: Store, since: number): Promise<readonly PolicyRow[]> {
  return await store.db
    .selectFrom('sts_policy')
    .selectAll()
    .where('changed_at', '>', since)
    .where('expires_at', '=', 0)
    .execute();
}

/** Notes the last use of domains, so that the node that refreshes knows what is in use elsewhere. */
export async function writeUse(
  store: Store,
  domains: readonly string[],
  usedAt: number,
): Promise<void> {
  for (let start = 0; start < domains.length; start += BATCH) {
    const update = store.db
      .updateTable('sts_policy')
      .set({ last_used_at: usedAt, changed_at: usedAt })
      .where('policy_domain', 'in', domains.slice(start, start + BATCH))
      .where('last_used_at', '<', usedAt);
    // A group of policies may hold one row and want another.
    await persistently(async () => await update.execute());
  }
}

/** Removes the row of a domain that made room, unless another node has renewed or used it since. */
export async function deleteRow(db: Store['db'], evicted: Evicted): Promise<void> {
  await db
    .deleteFrom('sts_policy')
    .where('policy_domain', '=', evicted.domain)
    .where('fetched_at', '<=', evicted.fetchedAt)
    .where('last_used_at', '<=', evicted.lastUsedAt)
    .execute();
}

/**
 * Removes rows that expired, and what is left of forgotten domains, after every node has seen it.
 * On a server its clock has to agree: one node whose clock runs ahead must not clear the table.
 */
export async function deleteDead(store: Store, before: number): Promise<void> {
  const dead = store.db
    .deleteFrom('sts_policy')
    .where('expires_at', '<', before)
    .where('changed_at', '<', before);
  const { engine } = store.traits;
  const agreed = engine === 'postgres' ? dead.where('expires_at', '<', SERVER_NOW) : dead;
  await persistently(async () => await agreed.execute());
}
