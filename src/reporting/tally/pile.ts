/**
 * Counts in memory, on their way into the store.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import type { Detail } from './failure-detail.ts';
import type { Batch, CountRow, DetailRow, FailureRow, PolicyRow } from './types.ts';

/** What a pile may grow to. */
export interface PileLimits {
  /** Ways to fail, for each day, recipient domain and policy. */
  readonly kinds: number;
  /** Counts and ways to fail together, above which no way to fail is added, and twice that no count. */
  readonly keys: number;
  /** The same in characters. */
  readonly characters: number;
}

/** The limits of the tally. */
export const PILE_LIMITS: PileLimits = {
  kinds: 1_000,
  keys: 100_000,
  characters: 64 * 1024 * 1024,
};

/** Milliseconds of a UTC day: it has no leap seconds here. */
const DAY_MS = 86_400_000;

interface Bucket {
  readonly day: number;
  readonly recipient: string;
  readonly policy: ReportPolicy;
  /** {@link policyText}. */
  readonly policyText: string;
  successes: number;
  failures: number;
  /** Sessions by the text of the detail. */
  readonly kinds: Map<string, number>;
}

/** What became of a result that was added. */
export type Added =
  | 'counted'
  /** In the totals alone. */
  | 'without-details'
  /** There was no room at all. */
  | 'lost';

/** Counts by day, recipient domain and policy (RFC 8460 §4.2). */
export class Pile {
  readonly #limits: PileLimits;
  readonly #buckets = new Map<string, Bucket>();
  #kinds = 0;
  #characters = 0;

  constructor(limits: PileLimits) {
    this.#limits = limits;
  }

  /** Counts and ways to fail that wait. */
  get keys(): number {
    return this.#buckets.size + this.#kinds;
  }

  /** Adds sessions to the day on which they were, whatever day it is now. */
  add(result: SessionResult): Added {
    const bucket = this.#bucket(result);
    if (bucket === undefined) return 'lost';
    const { failures, sessions = 1 } = result;
    if (failures.length === 0) {
      bucket.successes += sessions;
      return 'counted';
    }
    bucket.failures += sessions;
    let added: Added = 'counted';
    for (const text of new Set(failures.map(detailText))) {
      if (!this.#addKind(bucket, text, sessions)) added = 'without-details';
    }
    return added;
  }

  /** Takes everything out, in parts that one transaction can hold. */
  take(mostKeys: number): readonly Batch[] {
    const batches: Batch[] = [];
    let part: Bucket[] = [];
    let keys = 0;
    for (const bucket of this.#buckets.values()) {
      const more = 1 + bucket.kinds.size;
      if (part.length > 0 && keys + more > mostKeys) {
        batches.push(batchOf(part));
        part = [];
        keys = 0;
      }
      part.push(bucket);
      keys += more;
    }
    if (part.length > 0) batches.push(batchOf(part));
    this.#buckets.clear();
    this.#kinds = 0;
    this.#characters = 0;
    return batches;
  }

  #bucket({ at, recipientDomain, policy }: SessionResult): Bucket | undefined {
    const day = Math.floor(at / DAY_MS);
    const text = policyText(policy);
    const key = `${day} ${recipientDomain} ${text}`;
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (!this.#hasRoom(2)) return undefined;
    const fresh = { successes: 0, failures: 0, kinds: new Map<string, number>() };
    const bucket = { day, recipient: recipientDomain, policy, policyText: text, ...fresh };
    this.#buckets.set(key, bucket);
    this.#characters += 2 * key.length;
    return bucket;
  }

  #addKind({ kinds }: Bucket, text: string, sessions: number): boolean {
    const known = kinds.get(text);
    if (known === undefined) {
      if (kinds.size >= this.#limits.kinds || !this.#hasRoom(1)) return false;
      this.#kinds += 1;
      this.#characters += text.length;
    }
    kinds.set(text, (known ?? 0) + sessions);
    return true;
  }

  /** Details go first, so that totals stay right for longer. */
  #hasRoom(share: 1 | 2): boolean {
    const { keys, characters } = this.#limits;
    return this.keys < keys * share && this.#characters < characters * share;
  }
}

/** Equal for equal policies, and for no others (RFC 8460 §4.4: type, domain, strings, patterns). */
function policyText({ type, domain, strings, mxHosts }: ReportPolicy): string {
  return JSON.stringify([type, domain, strings, mxHosts]);
}

/** Equal for equal ways to fail: the keys stand in one order, and those without a value not at all. */
function detailText(detail: Detail): string {
  return JSON.stringify({
    resultType: detail.resultType,
    sendingMtaIp: detail.sendingMtaIp,
    receivingMxHostname: detail.receivingMxHostname,
    receivingMxHelo: detail.receivingMxHelo,
    receivingIp: detail.receivingIp,
    additionalInformation: detail.additionalInformation,
    reasonCode: detail.reasonCode,
  });
}

/** 144 bits: enough that two texts never share one, short enough to stand in every key. */
function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 24);
}

function batchOf(buckets: readonly Bucket[]): Batch {
  const policies = new Map<string, PolicyRow>();
  const details = new Map<string, DetailRow>();
  const counts: CountRow[] = [];
  const failures: FailureRow[] = [];
  for (const bucket of buckets) {
    const { day, recipient, policy, successes, kinds } = bucket;
    const digest = digestOf(bucket.policyText);
    putNewest(policies, policyRow(policy, digest, day));
    const tlsaBaseDomain = policy.type === 'tlsa' ? policy.domain : '';
    const key = { day, recipient, policy: digest };
    counts.push({ ...key, tlsaBaseDomain, successes, failures: bucket.failures });
    for (const [text, sessions] of kinds) {
      const detail = digestOf(text);
      putNewest(details, { digest: detail, detail: text, day });
      failures.push({ ...key, detail, sessions });
    }
  }
  return {
    policies: inOrder([...policies.values()], ({ digest }) => digest),
    details: inOrder([...details.values()], ({ digest }) => digest),
    counts: inOrder(counts, countKey),
    failures: inOrder(failures, (row) => `${countKey(row)} ${row.detail}`),
  };
}

function policyRow(policy: ReportPolicy, digest: string, day: number): PolicyRow {
  const { type, domain, strings, mxHosts } = policy;
  return {
    digest,
    type,
    domain,
    strings: JSON.stringify(strings),
    mxHosts: JSON.stringify(mxHosts),
    day,
  };
}

function putNewest<R extends { readonly digest: string; readonly day: number }>(
  rows: Map<string, R>,
  row: R,
): void {
  const known = rows.get(row.digest);
  if (known === undefined || known.day < row.day) rows.set(row.digest, row);
}

/** What stands for a row of `tally_count` in order and comparison. */
export function countKey(row: Pick<CountRow, 'day' | 'recipient' | 'policy'>): string {
  return `${row.day} ${row.recipient} ${row.policy}`;
}

/** One order for all writers: two that lock the same rows never wait for each other. */
function inOrder<R>(rows: readonly R[], keyOf: (row: R) => string): readonly R[] {
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
}
