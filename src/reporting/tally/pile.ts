/**
 * Counts in memory, on their way into the store.
 *
 * @module
 */
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import type { Detail } from './failure-detail.ts';
import { digestOf, policyKey, policyText, type PolicyText, shortPolicy } from './policy-text.ts';
import type { Batch, CountRow, DetailRow, FailureRow, PolicyRow } from './types.ts';
import { dayOf } from '../day.ts';

/** What a pile may grow to, with what was taken off it and is not written yet. */
export interface PileLimits {
  /** Ways to fail, for each day, recipient domain and policy. */
  readonly kinds: number;
  /** Counts and ways to fail together, above which no way to fail is added, and twice that no count. */
  readonly keys: number;
  /** The same in octets of their texts. */
  readonly octets: number;
  /** The text of one policy, in characters; what is longer is cut. */
  readonly policyText: number;
}

/** The limits of the tally: 16 MB of texts at most. */
export const PILE_LIMITS: PileLimits = {
  kinds: 1_000,
  keys: 100_000,
  octets: 8 * 1024 * 1024,
  policyText: 8_192,
};

/** What counts take up in memory. */
export interface Held {
  readonly keys: number;
  readonly octets: number;
}

/** Milliseconds of a UTC day: it has no leap seconds here. */

interface Keyed extends PolicyText {
  /** {@link policyKey}. */
  readonly key: string;
}

interface Bucket {
  readonly day: number;
  readonly recipient: string;
  readonly policy: Keyed;
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
  /** What was taken off and is in memory all the same. */
  readonly #taken: () => Held;
  readonly #buckets = new Map<string, Bucket>();
  /** By key, so that a policy that was counted before needs no digest; each stands here once. */
  readonly #policies = new Map<string, Keyed>();
  #kinds = 0;
  #octets = 0;
  #cutPolicies = 0;

  constructor(limits: PileLimits, taken: () => Held) {
    this.#limits = limits;
    this.#taken = taken;
  }

  /** Counts and ways to fail that wait. */
  get keys(): number {
    return this.#buckets.size + this.#kinds;
  }

  /** How many results came under a policy whose text was cut. */
  get cutPolicies(): number {
    return this.#cutPolicies;
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
    this.#policies.clear();
    this.#kinds = 0;
    this.#octets = 0;
    return batches;
  }

  #bucket({ at, recipientDomain, policy }: SessionResult): Bucket | undefined {
    const day = dayOf(at);
    const text = this.#policyText(policy);
    const key = `${day} ${recipientDomain} ${text.digest}`;
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (!this.#hasRoom(2)) return undefined;
    const fresh = { successes: 0, failures: 0, kinds: new Map<string, number>() };
    const bucket = { day, recipient: recipientDomain, policy: this.#keep(text), ...fresh };
    this.#buckets.set(key, bucket);
    this.#octets += octetsOf(key);
    return bucket;
  }

  #policyText(policy: ReportPolicy): Keyed {
    const key = policyKey(policy);
    if (key.length <= this.#limits.policyText) {
      return this.#policies.get(key) ?? { key, ...policyText(policy, key) };
    }
    this.#cutPolicies += 1;
    const short = shortPolicy(policy, this.#limits.policyText);
    const shortKey = policyKey(short);
    return this.#policies.get(shortKey) ?? { key: shortKey, ...policyText(short, shortKey) };
  }

  #keep(policy: Keyed): Keyed {
    if (this.#policies.has(policy.key)) return policy;
    this.#policies.set(policy.key, policy);
    // The key says all of it once more.
    this.#octets += 2 * octetsOf(policy.key);
    return policy;
  }

  #addKind({ kinds }: Bucket, text: string, sessions: number): boolean {
    const known = kinds.get(text);
    if (known === undefined) {
      if (kinds.size >= this.#limits.kinds || !this.#hasRoom(1)) return false;
      this.#kinds += 1;
      this.#octets += octetsOf(text);
    }
    kinds.set(text, (known ?? 0) + sessions);
    return true;
  }

  /** Details go first, so that totals stay right for longer. */
  #hasRoom(share: 1 | 2): boolean {
    const { keys, octets } = this.#limits;
    const taken = this.#taken();
    return this.keys + taken.keys < keys * share && this.#octets + taken.octets < octets * share;
  }
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

/** What the batch takes up while it waits. */
export function heldBy({ policies, details, counts, failures }: Batch): Held {
  const texts = [
    ...policies.flatMap(({ strings, mxHosts }) => [strings, mxHosts]),
    ...details.map(({ detail }) => detail),
    ...counts.map(({ recipient }) => recipient),
  ];
  return {
    keys: counts.length + failures.length,
    octets: texts.reduce((sum, text) => sum + octetsOf(text), 0),
  };
}

/** At most: a text with one character beyond Latin-1 has two octets for each. */
function octetsOf(text: string): number {
  return 2 * text.length;
}

function batchOf(buckets: readonly Bucket[]): Batch {
  const policies = new Map<string, PolicyRow>();
  const details = new Map<string, DetailRow>();
  const counts: CountRow[] = [];
  const failures: FailureRow[] = [];
  for (const bucket of buckets) {
    const { day, recipient, policy, successes, kinds } = bucket;
    const { key: _, ...row } = policy;
    const { digest } = row;
    putNewest(policies, { ...row, day });
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
