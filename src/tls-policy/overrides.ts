/**
 * Overrides: what an operator has decided for one policy domain, for a reason and until a day.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { readStsPolicy } from '../mta-sts/policy.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import { policyDomainOf } from './next-hop.ts';
import type { Evidence, PolicyKnobs } from './types.ts';

/**
 * What an override does. `skip`: the domain is asked for nothing, neither MTA-STS nor DANE.
 * `require-tls`: TLS at least, with any certificate, where nothing stronger applies.
 * `enforce-testing`: a policy in `testing` counts as enforced. `pin`: a given policy is in force,
 * whatever the domain publishes.
 */
export const OVERRIDE_KINDS = ['skip', 'require-tls', 'enforce-testing', 'pin'] as const;
/** One of {@link OVERRIDE_KINDS}. */
export type OverrideKind = (typeof OVERRIDE_KINDS)[number];

/** What every override says of itself. */
export interface OverrideTerms {
  /** Normalised. */
  readonly policyDomain: string;
  /** Why, for whoever finds it later; one line. */
  readonly reason: string;
  /** The first moment at which it has no effect any more, milliseconds since the Unix epoch. */
  readonly until: number;
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number;
  /** The operating system's user who added it. */
  readonly addedBy: string;
}

/** An operator's decision for one policy domain. */
export type Override = OverrideTerms &
  (
    | { readonly kind: Exclude<OverrideKind, 'pin'> }
    | {
        readonly kind: 'pin';
        /** A valid policy (RFC 8461 §3.2). */
        readonly policyText: string;
      }
  );

/** The overrides as the engine asks for them. */
export interface Overrides {
  /** The override that has effect now; a Map hit. */
  inForce(policyDomain: string): Override | undefined;
}

/** Does it have effect? */
export function isInForce(override: Override, now: number): boolean {
  return now < override.until;
}

/** Of equal mark: the same decision of the operator. */
export function overrideMark(override: Override | undefined): string {
  return override === undefined ? '' : `${override.kind} ${override.until} ${override.addedAt}`;
}

/** `override: REASON until 2027-01-01`, for everybody who sees what comes of it. */
export function overrideText({ reason, until }: OverrideTerms): string {
  return `override: ${reason} until ${untilText(until)}`;
}

/** `2027-01-01`, or with the time of day where that is not midnight UTC. */
export function untilText(until: number): string {
  const iso = new Date(until).toISOString();
  return iso.endsWith('T00:00:00.000Z')
    ? iso.slice(0, 10)
    : `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * What a pinned policy says: in force from the day it was added to its end, without a record id.
 * The `max_age` in its text is for those who fetch it and has no meaning here.
 */
export function pinnedStatus(override: Extract<Override, { kind: 'pin' }>): StsStatus {
  const { policyDomain, policyText, addedAt, until } = override;
  const policy = readStsPolicy(policyText).value;
  if (policy === undefined) return { kind: 'none', failure: unreadable(override) };
  const active = { policyDomain, policy, id: '', fetchedAt: addedAt, expiresAt: until } as const;
  return { kind: 'policy', active: { ...active, source: 'pinned' } };
}

/** Checked before it was stored, so only another release can find fault with it. */
function unreadable({ policyDomain, until }: OverrideTerms): Failure {
  return {
    code: 'OVERRIDE_PIN_INVALID',
    detail: `the policy pinned for ${policyDomain} until ${untilText(until)} cannot be read`,
  };
}

/** Evidence and switches as the override leaves them. */
export interface Overridden {
  readonly evidence: Evidence;
  readonly knobs: PolicyKnobs;
}

/**
 * Lays the override of the evidence over evidence and switches. The hosts and how they were found
 * stay: no override hides a null MX or a domain that does not exist. `require-tls` changes nothing
 * here; it acts where a host would be asked for nothing.
 */
export function applyOverride(evidence: Evidence, knobs: PolicyKnobs): Overridden {
  const { override } = evidence;
  switch (override?.kind) {
    case undefined:
    case 'require-tls':
      return { evidence, knobs };
    case 'enforce-testing':
      return { evidence, knobs: { ...knobs, enforceTesting: true } };
    case 'pin':
      return { evidence: { ...evidence, sts: pinnedStatus(override) }, knobs };
    case 'skip':
      return { evidence: unasked(evidence), knobs: withoutDaneDuty(evidence, knobs) };
    default:
      return override satisfies never;
  }
}

/** The evidence as if neither MTA-STS nor DANE had been asked. */
function unasked({ sts: _sts, ...evidence }: Evidence): Evidence {
  const hosts = evidence.hosts.map(({ dane: _dane, ...host }) => host);
  return { ...evidence, hosts };
}

/** Of two things an operator said, the one with a reason and an end date counts. */
function withoutDaneDuty({ nextHop }: Evidence, knobs: PolicyKnobs): PolicyKnobs {
  const domain = policyDomainOf(nextHop);
  return { ...knobs, daneRequired: knobs.daneRequired.filter((name) => name !== domain) };
}
