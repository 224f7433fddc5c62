/**
 * The decision: how may mail for a domain travel? Plain data from end to end, so that
 * a decision can be stored, shown and replayed.
 *
 * @module
 */
import type { DaneEvidence } from '../dane/types.ts';
import type { Answer, Security, Tlsa } from '../dns/types.ts';
import type { Failure } from '../failure.ts';
import type { StsMode, StsStatus } from '../mta-sts/types.ts';
import type { NextHop } from './next-hop.ts';
import type { Override } from './overrides.ts';

/** Switches an operator may set. */
export interface PolicyKnobs {
  /** A DANE match is enough although an enforced STS policy fails (table C.5). Default false: both must pass. */
  readonly daneSatisfiesSts: boolean;
  /** Use TLSA records of a signed MX host although the MX RRset is unsigned (RFC 7672 §2.2.1). Default true. */
  readonly daneWithInsecureMx: boolean;
  /** Treat `testing` as `enforce`. Default false. */
  readonly enforceTesting: boolean;
  /** Domains (normalised) for which DANE is mandatory (RFC 7672 §2.2, §6). */
  readonly daneRequired: readonly string[];
  /** A DNS failure at first contact of MTA-STS defers instead of going on without a policy. Default false. */
  readonly deferOnDiscoveryError: boolean;
}

/** What TLSA records ask of a host. */
export interface DaneDemand {
  readonly baseDomain: string;
  readonly usable: readonly Tlsa[];
  /** Names of which the certificate must carry one, for DANE-TA (RFC 7672 §3.2.2). */
  readonly referenceNames: readonly string[];
}

/** What an STS policy asks of a host. */
export interface StsDemand {
  readonly policyDomain: string;
  readonly mode: StsMode;
  readonly id: string;
  /** The MX host name: what the certificate must carry (RFC 8461 §4.2). */
  readonly host: string;
  /** Does the host match a pattern of the policy (RFC 8461 §4.1)? Only ever false under `testing`. */
  readonly mxMatches: boolean;
}

/** What an operator's route asks of its next hop, on top of what the policies of the hop ask. */
export interface HopDemand {
  /** `encrypt`: TLS with any certificate. `verify`: one that DANE or the web PKI vouches for. */
  readonly kind: 'encrypt' | 'verify';
  /** The patterns of the route, as the operator wrote them. */
  readonly route: string;
  /** The route says so itself, or a password is to be said there. */
  readonly because: 'setting' | 'password';
}

/** Why TLS is a must although nobody knows which certificate to expect. */
export type EncryptCause =
  /** TLSA records exist, none is usable (RFC 7672 §2.2). */
  | {
      readonly kind: 'tlsa-unusable';
      readonly baseDomain: string;
      readonly failure: Failure;
    }
  /** An operator said so. */
  | { readonly kind: 'override'; readonly override: Override }
  /** The route of the mail says so. */
  | { readonly kind: 'route'; readonly demand: HopDemand };

/** What an MX host must show before a message may go there. */
export type Requirement =
  /** Match these TLSA records. */
  | { readonly kind: 'dane'; readonly dane: DaneDemand; readonly testing?: StsDemand }
  /** Match these TLSA records and the web PKI for this host. */
  | { readonly kind: 'dane-and-sts'; readonly dane: DaneDemand; readonly sts: StsDemand }
  /** A certificate of the web PKI for this host. */
  | { readonly kind: 'sts'; readonly sts: StsDemand }
  /** The same, because a route and not a policy asks for it. */
  | {
      readonly kind: 'pkix';
      /** The name that the certificate must carry. */
      readonly host: string;
      readonly demand: HopDemand;
      readonly testing?: StsDemand;
    }
  /** TLS with any certificate. */
  | { readonly kind: 'encrypt'; readonly because: EncryptCause; readonly testing?: StsDemand }
  /** TLS if the host offers it. A `testing` policy is checked and reported, not enforced. */
  | { readonly kind: 'opportunistic'; readonly testing?: StsDemand }
  /** Nothing may go there now. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly rule: string };

/** How sure we are of the MX host's name. */
export type MxLevel = 'none' | 'mta-sts' | 'dnssec';
/** How sure we are of the TLS session; what the requirement guarantees, not what happened. */
export type TlsLevel = 'none' | 'encrypted' | 'authenticated';

/** One MX host and what it must show. */
export interface HostPolicy {
  /** MX host name, normalised; an address in brackets for an address literal. */
  readonly host: string;
  readonly preference: number;
  readonly port: number;
  /** IPv6 and IPv4 addresses in the order to try. */
  readonly addresses: readonly string[];
  readonly requirement: Requirement;
  /** What every session must show, even for a message that lifts the policies (RFC 8689 §4.2.2). */
  readonly demand?: HopDemand;
  /** SNI name to send: the TLSA base domain under DANE (RFC 7672 §8.1), else the MX host (RFC 8461 §7.1). */
  readonly servername: string | undefined;
  readonly level: { readonly mx: MxLevel; readonly tls: TlsLevel };
  /** Why it is so, one short sentence for a person. */
  readonly why: string;
}

/** The decision for one next hop. */
export interface TlsPolicy {
  readonly nextHop: NextHop;
  readonly outcome:
    /** At least one host is not refused. */
    | 'deliver'
    /** Nothing can be said or done safely now: try later. */
    | 'defer'
    /** The domain does not exist or takes no mail: return the message. */
    | 'fail';
  /** Present for `defer` and `fail`: why. */
  readonly failure?: Failure;
  /** By preference; equals are in the order of the answer, shuffled by whoever delivers (RFC 5321 §5.1). */
  readonly hosts: readonly HostPolicy[];
  /** The STS policy in force, for people and reports. */
  readonly sts?: { readonly mode: StsMode; readonly id: string; readonly expiresAt: number };
  /** The weakest level among the hosts that are not refused. */
  readonly level: { readonly mx: MxLevel; readonly tls: TlsLevel };
  /** Until when the decision may be used again, milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Evidence about one MX host. */
export interface HostEvidence {
  readonly host: string;
  readonly preference: number;
  readonly a: Answer<'A'> | undefined;
  readonly aaaa: Answer<'AAAA'> | undefined;
  /** Absent for an address literal, and where DANE was not asked because the address answer is insecure. */
  readonly dane?: DaneEvidence;
}

/** Everything that was learned about a next hop. */
export interface Evidence {
  readonly nextHop: NextHop;
  /** Milliseconds since the Unix epoch. */
  readonly gatheredAt: number;
  /** Absent where no MX look-up is made: `[host]`, address literals. */
  readonly mx?: Answer<'MX'>;
  /** `implicit`: no MX, the domain itself is the host (RFC 5321 §5.1). */
  readonly hostsFrom: 'mx' | 'implicit' | 'null-mx' | 'smart-host' | 'address-literal' | 'nothing';
  /** Security of the path that led to the host names. */
  readonly mxSecurity: Security;
  /** The domain after its secure CNAME chain, where that differs (RFC 7672 §3.2.2). */
  readonly expandedDomain?: string;
  readonly hosts: readonly HostEvidence[];
  /** Absent where MTA-STS does not apply: address literals. Without any MX host only what was at hand. */
  readonly sts?: StsStatus;
  /** What an operator had decided for the policy domain when the evidence was gathered. */
  readonly override?: Override;
  /** What the route that led to this next hop asks of it. */
  readonly demand?: HopDemand;
}

/** The evidence and the decision made of it: JSON, replayable (RFC terms throughout). */
export interface DecisionRecord {
  readonly version: 1;
  readonly evidence: Evidence;
  readonly knobs: PolicyKnobs;
  readonly policy: TlsPolicy;
}

/** What a handshake is worth under a requirement. */
export interface Verdict {
  /** May a message go over this session? */
  readonly deliver: boolean;
  /** What the session really showed. */
  readonly tls: TlsLevel;
  /** One line for a person, e.g. `certificate valid for mx1.example.com (Let's Encrypt R11)`. */
  readonly why: string;
  /** Why not, when `deliver` is false. */
  readonly failure?: Failure;
  /** Under DANE and STS both: what STS holds against it beside {@link failure}, which is DANE's. */
  readonly alsoFails?: Failure;
  /** What an STS policy in `testing` would have refused; reported, not enforced. */
  readonly wouldFail?: Failure;
  /** A second fault of the same session; a report counts the first one. */
  readonly alsoWouldFail?: Failure;
}
