/**
 * The words of MTA-STS (RFC 8461) as types.
 *
 * @module
 */
import type { Failure } from '../failure.ts';

/** A valid `_mta-sts` record (RFC 8461 §3.1). */
export interface StsRecord {
  readonly id: string;
  /** Unknown fields, in order: kept, never acted upon (RFC 8461 §3.2). */
  readonly extensions: readonly (readonly [name: string, value: string])[];
}

/** RFC 8461 §5. */
export type StsMode = 'enforce' | 'testing' | 'none';

/** A valid policy (RFC 8461 §3.2). */
export interface StsPolicy {
  readonly mode: StsMode;
  /** Patterns in file order, lower case, duplicates dropped. Empty only in mode `none`. */
  readonly mx: readonly string[];
  /** Seconds, 0 … 31557600. */
  readonly maxAge: number;
  readonly extensions: readonly (readonly [key: string, value: string])[];
  /** The lines exactly as fetched, for TLS reports (RFC 8460 §4.5). */
  readonly text: string;
}

/** What the TXT look-up said (RFC 8461 §3.1). Absence and failure are told apart. */
export type Discovery =
  | { readonly kind: 'record'; readonly record: StsRecord; readonly text: string }
  /** No valid record: the domain offers no policy. `failure` says whether none, several or a malformed one. */
  | { readonly kind: 'absent'; readonly failure: Failure }
  /** DNS did not answer: nothing is known. */
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A policy that is in force for a domain, and where it came from. */
export interface ActivePolicy {
  readonly policyDomain: string;
  readonly policy: StsPolicy;
  /** The record id under which it was fetched; '' for one that an operator pinned. */
  readonly id: string;
  readonly source: 'fetched' | 'cache' | 'pinned';
  /** Last successful HTTPS fetch, milliseconds since the Unix epoch. */
  readonly fetchedAt: number;
  /** `fetchedAt` + max_age; from then on the policy is no more (RFC 8461 §5.1). */
  readonly expiresAt: number;
  /** The newest failed attempt to learn of a newer policy; absent when the last one succeeded. */
  readonly refreshFailure?: Failure;
}

/** What MTA-STS says of a domain right now. */
export type StsStatus =
  | { readonly kind: 'policy'; readonly active: ActivePolicy }
  /**
   * Deliver as without MTA-STS (RFC 8461 §3.3). `failure` says why: no record (`STS_RECORD_NONE`),
   * an invalid one, a fetch that failed, a policy that is broken, or a first contact that is still
   * under way (`STS_FIRST_CONTACT_PENDING`).
   */
  | { readonly kind: 'none'; readonly failure: Failure; readonly recordId?: string };

/** Something in the life of a policy that an operator or a report wants to know. */
export type StsEvent =
  | {
      readonly kind: 'policy-fetched';
      readonly policyDomain: string;
      readonly id: string;
      readonly mode: StsMode;
    }
  | {
      /** enforce → testing or none, testing → none. */
      readonly kind: 'policy-weakened';
      readonly policyDomain: string;
      readonly from: StsMode;
      readonly to: StsMode;
    }
  | {
      readonly kind: 'refresh-failed';
      readonly policyDomain: string;
      readonly failure: Failure;
      readonly expiresAt: number;
      readonly inARow: number;
    }
  /** A valid record, no policy in force, and none could be had (RFC 8461 §3.3, §6). */
  | { readonly kind: 'fetch-failed'; readonly policyDomain: string; readonly failure: Failure }
  | { readonly kind: 'record-vanished'; readonly policyDomain: string; readonly failure: Failure }
  | { readonly kind: 'policy-expired'; readonly policyDomain: string; readonly mode: StsMode }
  /** The live MX hosts and the policy's patterns have nothing in common. */
  | {
      readonly kind: 'no-mx-matches';
      readonly policyDomain: string;
      readonly mx: readonly string[];
    };

/** How long a caller waits. */
export interface StsLookupOptions {
  /** Longest wait for a first contact in milliseconds; after it the answer is `none` and the fetch goes on behind. */
  readonly budgetMs?: number;
  /** Live MX names: if none of them matches the cached policy, it is renewed at once (but not within 5 min of the last try). */
  readonly mxHosts?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A line of `policies list`. */
export interface PolicyEntry {
  readonly active: ActivePolicy;
  readonly lastUsedAt: number;
  readonly nextRefreshAt: number;
  /** Failed refreshes since the last success. */
  readonly failuresInARow: number;
}

/** The policy cache and its life cycle (architecture: invariants and lifetimes). */
export interface StsPolicies {
  /** What MTA-STS says of the domain; fetches on first contact. Never rejects for a network reason. */
  lookup(policyDomain: string, options?: StsLookupOptions): Promise<StsStatus>;
  /** What is known without any waiting; undefined where nothing is. */
  peek(policyDomain: string): StsStatus | undefined;
  /** Looks up the record and fetches the policy now, whatever the id, back-off or age. The outcome tells what happened. */
  refresh(policyDomain: string, options?: { readonly signal?: AbortSignal }): Promise<StsStatus>;
  /**
   * Before a message is returned for a policy failure: is there a newer policy? (RFC 8461 §5.1 step 3)
   * Looks the TXT id up afresh; a changed id is fetched, back-off or not.
   */
  recheck(policyDomain: string, options?: { readonly signal?: AbortSignal }): Promise<StsStatus>;
  /** Forgets the domain entirely. True if anything was known. */
  purge(policyDomain: string): Promise<boolean>;
  list(): AsyncIterable<PolicyEntry>;
  show(policyDomain: string): Promise<PolicyEntry | undefined>;
  /** Numbers for metrics. */
  stats(): StsStats;
  /** Walks over the cache without holding anybody up; for metrics, every minute or so. */
  survey(): Promise<StsSurvey>;
  /** Starts the background refresh; the returned function stops it and waits for what is under way. */
  start(): void;
  close(): Promise<void>;
}

/** Numbers for metrics; no domain names. */
export interface StsStats {
  readonly entries: number;
  readonly enforced: number;
  readonly testing: number;
  readonly fetchesUnderWay: number;
  /** Entries whose refresh time has passed. */
  readonly refreshBacklog: number;
  /** False while the database does not answer. */
  readonly storeUp: boolean;
  /** Every policy of the table is in memory. */
  readonly loaded: boolean;
}

/** How old the policies in use are, and which are in trouble; no domain names. */
export interface StsSurvey {
  /** Milliseconds since the fetch of the policy that was fetched longest ago. */
  readonly oldestAgeMs: number;
  /** Policies that were fetched at most so long ago; the last bound is infinite. */
  readonly ages: readonly { readonly atMostMs: number; readonly count: number }[];
  /** Policies that could not be renewed and run out within a day. */
  readonly expiringSoon: number;
  /** Policies whose last refresh failed. */
  readonly refreshFailing: number;
  /** Policies in mode enforce or testing whose TXT record is gone, broken or unanswered. */
  readonly recordMissing: number;
}
