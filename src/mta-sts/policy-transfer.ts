/**
 * Moving policies from one store to another as JSON lines. A policy keeps the time of its fetch and
 * its end, so that moving it never makes it live longer.
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { persistently } from '../store/group-commit.ts';
import type { Store } from '../store/types.ts';
import { CLOCK_TOLERANCE_MS } from './life-times.ts';
import { readStsPolicy } from './policy.ts';
import { readRow, writeRow, type PolicyRow } from './policy-table.ts';
import type { ActivePolicy, StsPolicy } from './types.ts';

/** A policy on its way. Times are milliseconds since the Unix epoch. */
export interface TransferredPolicy {
  readonly policyDomain: string;
  readonly id: string;
  readonly policy: StsPolicy;
  readonly fetchedAt: number;
  readonly expiresAt: number;
}

/** One line of an export, without its line end. */
export function policyLine(active: ActivePolicy): string {
  return JSON.stringify({
    policyDomain: active.policyDomain,
    id: active.id,
    fetchedAt: new Date(active.fetchedAt).toISOString(),
    expiresAt: new Date(active.expiresAt).toISOString(),
    policy: active.policy.text,
  });
}

/**
 * Reads a line of an export. The end is taken as it stands, but never beyond the fetch plus the
 * `max_age` of the text (RFC 8461 §5.1).
 *
 * @returns `TRANSFER_LINE_INVALID`, `TRANSFER_POLICY_INVALID`, `TRANSFER_FUTURE` or `TRANSFER_EXPIRED`
 */
export function readPolicyLine(line: string, now: number): Outcome<TransferredPolicy> {
  const fields = fieldsOf(line);
  if (!fields.ok) return fields;
  const { policyDomain, id, policy: text } = fields.value;
  const name = normalizeName(policyDomain);
  if (!name.ok || name.value === '') return invalid(`${quote(policyDomain)} is no domain`);
  if (!/^[A-Za-z0-9]{1,32}$/.test(id)) return invalid(`${quote(id)} is no record id`);
  const fetchedAt = Date.parse(fields.value.fetchedAt);
  const statedEnd = Date.parse(fields.value.expiresAt);
  if (Number.isNaN(fetchedAt) || Number.isNaN(statedEnd)) {
    return invalid('fetchedAt and expiresAt are moments like 2026-01-01T00:00:00.000Z');
  }
  const { value: policy, problems } = readStsPolicy(text);
  if (policy === undefined) {
    const why = problems.find(({ severity }) => severity === 'error')?.message ?? 'not valid';
    return fail('TRANSFER_POLICY_INVALID', `the policy of ${name.value}: ${why}`);
  }
  if (fetchedAt > now + CLOCK_TOLERANCE_MS) {
    const when = fields.value.fetchedAt;
    return fail(
      'TRANSFER_FUTURE',
      `the policy of ${name.value} was fetched in the future: ${when}`,
    );
  }
  const expiresAt = Math.min(statedEnd, fetchedAt + policy.maxAge * 1000);
  if (expiresAt <= now) {
    const end = new Date(expiresAt).toISOString();
    return fail('TRANSFER_EXPIRED', `the policy of ${name.value} ended at ${end}`);
  }
  return ok({ policyDomain: name.value, id, policy, fetchedAt, expiresAt });
}

/** How policies are taken in. */
export interface ImportOptions {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Refreshes are spread over this long, milliseconds. */
  readonly refreshMs: number;
  /** 0 ≤ value < 1. */
  readonly random: () => number;
}

/** What became of the policies. */
export interface ImportResult {
  readonly imported: number;
  /** The store has one from the same or a later fetch, or an order to forget that came later. */
  readonly kept: number;
}

/** Writes policies in one transaction; one that the store has from a later fetch stays. */
export async function importPolicies(
  store: Store,
  policies: readonly TransferredPolicy[],
  options: ImportOptions,
): Promise<ImportResult> {
  const importAll = async (db: Store['db']): Promise<ImportResult> => {
    const within: Store = { ...store, db };
    let imported = 0;
    for (const policy of policies) {
      const known = await readRow(within, policy.policyDomain);
      if (known !== undefined && isAsNew(known, policy, options.now)) continue;
      await writeRow(store, rowFrom(policy, options), db);
      imported += 1;
    }
    return { imported, kept: policies.length - imported };
  };
  // A running node may be writing the same policies.
  return await persistently(async () => await store.db.transaction().execute(importAll));
}

/** A row from the future was written by a clock that ran ahead: it is not newer. */
function isAsNew(known: PolicyRow, policy: TransferredPolicy, now: number): boolean {
  return known.fetched_at >= policy.fetchedAt && known.fetched_at <= now + CLOCK_TOLERANCE_MS;
}

function rowFrom(policy: TransferredPolicy, { now, refreshMs, random }: ImportOptions): PolicyRow {
  const { policyDomain, id, fetchedAt, expiresAt } = policy;
  // Before half of what is left is over, so that who blocks HTTPS for its last hours comes too late.
  const spread = Math.min(refreshMs, (expiresAt - now) / 2);
  return {
    policy_domain: policyDomain,
    record_id: id,
    policy_text: policy.policy.text,
    mode: policy.policy.mode,
    fetched_at: fetchedAt,
    expires_at: expiresAt,
    // It was brought here to be used.
    last_used_at: now,
    next_refresh_at: now + Math.round(random() * spread),
    failures_in_a_row: 0,
    failure_code: null,
    failure_detail: null,
    failure_type: null,
    changed_at: now,
  };
}

const FIELDS = ['policyDomain', 'id', 'fetchedAt', 'expiresAt', 'policy'] as const;
type Fields = Readonly<Record<(typeof FIELDS)[number], string>>;

function fieldsOf(line: string): Outcome<Fields> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return invalid('not a line of JSON');
  }
  if (typeof json !== 'object' || json === null) return invalid('not a JSON object');
  const fields = json as Readonly<Record<string, unknown>>;
  const missing = FIELDS.find((name) => typeof fields[name] !== 'string');
  return missing === undefined ? ok(fields as Fields) : invalid(`no text under "${missing}"`);
}

function invalid(detail: string): Outcome<never> {
  return fail('TRANSFER_LINE_INVALID', detail);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
