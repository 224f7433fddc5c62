/**
 * What an MTA that asks before each delivery is told. A map answers for a whole domain, the
 * decision is for each MX host: these types are where the two meet.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { StsPolicy } from '../mta-sts/types.ts';

/** How a client wants its answers; the map name of its request chooses. */
export type Dialect =
  /** Any Postfix: a level and its attributes. */
  | 'postfix'
  /** Postfix 3.10 and newer: the TLSRPT attributes beside them. */
  | 'postfix-tlsrpt'
  /** Sendmail's `FEATURE(sts)`: `servername=hostname` last, nothing unknown before it. */
  | 'sendmail'
  /** One line that an Exim string expansion can match. */
  | 'exim'
  /** Postfix 3.11 `smtp_requiretls_policy`. */
  | 'requiretls';

/** What a policy tells Postfix's TLSRPT client. */
export interface StsFacts {
  readonly policyDomain: string;
  readonly policy: StsPolicy;
  /** The newest failure to renew it, if there was one. */
  readonly failure?: Failure;
}

/** What may be said of a whole domain. */
export type DomainLevel =
  /** Nothing is asked of the hosts: no policy, `testing`, `none`, skipped, no such domain. */
  | { readonly kind: 'none'; readonly why: string; readonly sts?: StsFacts }
  /** TLS with any certificate, on every host. */
  | { readonly kind: 'encrypt'; readonly why: string; readonly sts?: StsFacts }
  /** DANE where a host has it; a testing policy may stand beside it. */
  | {
      readonly kind: 'dane';
      readonly why: string;
      readonly sts?: StsFacts;
      /** As under `secure`, where a policy is enforced: for clients that do DANE host by host. */
      readonly match?: readonly string[];
    }
  /** DANE on every host. */
  | {
      readonly kind: 'dane-only';
      readonly why: string;
      readonly sts?: StsFacts;
      /** As under `secure`, where a policy is enforced: for clients that do DANE host by host. */
      readonly match?: readonly string[];
    }
  /** A certificate for its own name, from a host that the policy names. */
  | {
      readonly kind: 'secure';
      readonly why: string;
      /** Patterns of the policy, or, where some host is ruled out, the names of those that are not. */
      readonly match: readonly string[];
      readonly sts: StsFacts;
    }
  /** Nothing safe can be said now: the message waits. */
  | { readonly kind: 'temp'; readonly failure: Failure };

/** An answer in the words of the socketmap protocol. */
export type Reply =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'not-found' }
  /** `reason` is for the MTA's log. */
  | { readonly kind: 'temp'; readonly reason: string };

/** Answers requests: the payload of one netstring for the payload of another. */
export interface Answerer {
  /** At once where the answer is at hand. Never rejects. */
  answer(request: Buffer): Buffer | Promise<Buffer>;
  /** Forgets every answer, after a change of settings or overrides; policies stay. */
  forget(policyDomain?: string): void;
}
