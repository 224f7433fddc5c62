/**
 * The states of a domain's policy, the events that move it, and what follows from them.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import type { Failure } from '../failure.ts';
import type { BackOff } from './back-off.ts';
import type { SharedPolicy } from './shared-policy.ts';
import type { Discovery, StsEvent } from './types.ts';

/** Nothing is known of the domain. */
export interface Unknown {
  readonly kind: 'unknown';
}

/** The domain was asked and has no policy that could be had. Never stands in for a valid policy. */
export interface Bare {
  readonly kind: 'bare';
  /** Why there is none. */
  readonly failure: Failure;
  /** The id of a valid record whose policy could not be had. */
  readonly recordId: string | undefined;
  /** When this was learned: on a clock that is before it, it says nothing. */
  readonly since: number;
  /** Until then the domain is not asked again. */
  readonly until: number;
  readonly backOffs: readonly BackOff[];
}

/** A policy that was fetched over valid HTTPS. Times are milliseconds since the Unix epoch. */
export interface Held {
  readonly kind: 'held';
  readonly policy: SharedPolicy;
  readonly id: string;
  /** The successful fetch. */
  readonly fetchedAt: number;
  /** The last moment at which the policy holds: `fetchedAt` + max_age (RFC 8461 §5.1). */
  readonly expiresAt: number;
  readonly refreshAt: number;
  /** The last look-up of the record. */
  readonly checkedAt: number;
  /** The last fetch, whatever came of it. */
  readonly triedAt: number;
  /** Failed fetches since the last success. */
  readonly failures: number;
  readonly fetchFailure: Failure | undefined;
  /** The record is gone, broken or not answered for. */
  readonly recordFailure: Failure | undefined;
  readonly backOffs: readonly BackOff[];
}

/** What is known of a domain. */
export type State = Unknown | Bare | Held;

/** Why the network is asked. */
export type Purpose =
  /** No valid policy is at hand. */
  | 'first-contact'
  /** Has the id changed? */
  | 'id-check'
  /** The daily fetch, whatever the id (RFC 8461 §10.2). */
  | 'refresh'
  /** No live MX host matches the policy. */
  | 'mx-mismatch'
  /** The stored policy cannot be read. */
  | 'repair'
  /** Before a message is returned (RFC 8461 §5.1 step 3). */
  | 'recheck'
  /** An operator wants it now. */
  | 'forced';

/** Something that happened to a domain. */
export type LifeEvent =
  | { readonly kind: 'discovered'; readonly purpose: Purpose; readonly discovery: Discovery }
  | {
      readonly kind: 'fetched';
      readonly id: string;
      readonly policy: SharedPolicy;
      /** Seconds. */
      readonly maxAge: number;
    }
  | { readonly kind: 'fetch-failed'; readonly id: string; readonly failure: Failure }
  /** The fetch that was wanted could not be begun; it is not the domain's fault. */
  | { readonly kind: 'put-off'; readonly failure: Failure }
  /** Another node's row, or our own from before a restart. */
  | { readonly kind: 'stored'; readonly held: Held }
  /** Another node, or an operator, forgot the domain. */
  | { readonly kind: 'forgotten'; readonly at: number }
  /** Time went by, or jumped. */
  | { readonly kind: 'time' };

/** What has to be done because of it. */
export type Effect =
  | { readonly kind: 'fetch'; readonly id: string }
  /** The attempt that is under way gets this policy, even if nothing of it is kept (max_age 0). */
  | { readonly kind: 'serve'; readonly held: Held }
  | { readonly kind: 'save' }
  /** Every node forgets what it fetched up to then. Not for expiry: a row that expired speaks for itself. */
  | { readonly kind: 'forget'; readonly at: number }
  | { readonly kind: 'tell'; readonly event: StsEvent };

/** The new state and what follows. */
export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** The settings that the life of a policy obeys. */
export type LifeSettings = Pick<
  Config['mtaSts'],
  'recheckMs' | 'refreshMs' | 'refreshJitterMs' | 'retryMs' | 'retryMaxMs'
>;

/** What every step is given. */
export interface Context {
  readonly policyDomain: string;
  readonly now: number;
  readonly settings: LifeSettings;
  /** 0 ≤ value < 1, for the jitter. */
  readonly random: () => number;
}
