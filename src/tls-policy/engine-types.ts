/**
 * The engine: the one question the whole product asks, and its answer.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import type { Outcome } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { StsEvent, StsPolicies } from '../mta-sts/types.ts';
import type { Store } from '../store/types.ts';
import type { NextHop } from './next-hop.ts';
import type { Overrides } from './overrides.ts';
import type { DecisionRecord, HopDemand, TlsPolicy } from './types.ts';

/** How to decide. */
export interface DecideOptions {
  /** Longest wait for a first contact with a policy host, milliseconds. */
  readonly budgetMs?: number;
  /** Gather anew although a decision is at hand. */
  readonly fresh?: boolean;
  /** What the route of the mail asks of the next hop, on top of the hop's own policies. */
  readonly demand?: HopDemand | undefined;
  readonly signal?: AbortSignal;
}

/** How may mail for this next hop travel? */
export interface Engine {
  readonly resolver: Resolver;
  readonly policies: StsPolicies;
  /** The trust anchors for SMTP and HTTPS; undefined: the built-in list. */
  readonly ca: readonly string[] | undefined;
  /** The whole record: evidence and decision. Equal questions under way are answered together. */
  decide(nextHop: NextHop, options?: DecideOptions): Promise<DecisionRecord>;
  /** The decision that is at hand, if it is still good: no waiting, no allocation. */
  warm(domain: string): TlsPolicy | undefined;
  /** Drops the decisions at hand, of one policy domain or of all; policies stay. */
  forget(policyDomain?: string): void;
  /**
   * Goes on by other settings: `policy`, `tls`, `policy_fetch` without its concurrency, and the
   * times of `mta_sts`. Sockets, policies and what is under way stay; decisions are made anew.
   * The CA file is read again. A failure changes nothing.
   */
  reconfigure(config: Config): Outcome<Reconfigured>;
  close(): Promise<void>;
}

/** What became of a change of settings. */
export interface Reconfigured {
  /** The trust anchors are others now, be it by another file or another content. */
  readonly caChanged: boolean;
}

/** What an engine stands on. */
export interface EngineOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: policies are kept in memory alone. */
  readonly store?: Store;
  /** Replaces the resolver that `config` describes. */
  readonly resolver?: Resolver;
  /** Absent: no operator has decided anything. */
  readonly overrides?: Overrides;
  readonly onStsEvent?: (event: StsEvent) => void;
  /** Decisions were dropped, of one policy domain or of all: what was made of them is old too. */
  readonly onForget?: (policyDomain?: string) => void;
}
