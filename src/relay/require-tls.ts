/**
 * What the message itself says of TLS (RFC 8689), and whether a host or session lives up to it. Pure.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { Capabilities, Envelope } from '../smtp/types.ts';
import type { HostPolicy, Verdict } from '../tls-policy/types.ts';

/** When the header `TLS-Required: No` is heeded: anybody who can inject mail could write it. */
export type TlsRequiredNoUse = 'submission' | 'always' | 'never';

/** What the header of the message says, and who sent it. */
export interface TlsRequiredNo {
  /** The header is there, with the value `No`. */
  readonly present: boolean;
  /** By an authenticated submission of a user of this system. */
  readonly submitted: boolean;
  readonly use: TlsRequiredNoUse;
}

/** What the message demands of every session. */
export type MessageDemand =
  /** REQUIRETLS: a verified host, verified TLS, and the extension (RFC 8689 §4.2.1). */
  | 'require-tls'
  /** A bounce of such a message: REQUIRETLS where it can be had, else without (RFC 8689 §5). */
  | 'prefer-tls'
  /** `TLS-Required: No`: policies are looked at and reported, not enforced (RFC 8689 §4.2.2). */
  | 'report-only'
  /** What the domain's policy says, no more and no less. */
  | 'policy';

/** The demand of a message. REQUIRETLS wins over the header (RFC 8689 §4.1). */
export function messageDemand(
  envelope: Pick<Envelope, 'from' | 'requireTls'>,
  header: TlsRequiredNo | undefined,
): MessageDemand {
  if (envelope.requireTls === true) return envelope.from === '' ? 'prefer-tls' : 'require-tls';
  return header !== undefined && heeded(header) ? 'report-only' : 'policy';
}

function heeded({ present, submitted, use }: TlsRequiredNo): boolean {
  switch (use) {
    case 'always':
      return present;
    case 'submission':
      return present && submitted;
    case 'never':
      return false;
    default:
      return use satisfies never;
  }
}

/**
 * Why a host cannot carry a REQUIRETLS message, known before any connection; undefined: it may.
 *
 * @param sts what the decision knew of the domain's MTA-STS policy: where that is not sure, an
 *   enforced policy may yet vouch for the host
 */
export function hostFault(
  { host, level }: HostPolicy,
  sts: StsStatus | undefined,
): Failure | undefined {
  if (level.mx !== 'none') return undefined;
  const doubt = stsDoubt(sts);
  if (doubt !== undefined) return unsure(`for MX host ${host}`, doubt);
  return {
    code: 'POLICY_REQUIRETLS_MX',
    detail: `REQUIRETLS: neither DNSSEC nor an enforced MTA-STS policy vouches for MX host ${host}`,
  };
}

/**
 * Why it is not sure that this is what the domain says of MTA-STS; undefined: it is. Sure is a
 * policy, and an answer of DNS that there is no valid record. DNS that did not answer, a policy that
 * could not be fetched, a first contact under way and a database that is down leave everything open.
 */
export function stsDoubt(status: StsStatus | undefined): Failure | undefined {
  if (status === undefined) return undefined;
  const failure = status.kind === 'policy' ? status.active.refreshFailure : status.failure;
  return failure === undefined || SURE.has(failure.code) ? undefined : failure;
}

/** What DNS answers for a domain that takes no part. */
const SURE: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'STS_RECORD_NONE',
  'STS_RECORD_SEVERAL',
  'STS_RECORD_INVALID',
  'DNS_NAME_INVALID',
]);

/** A REQUIRETLS message that waits, because nobody knows yet whether it could go. */
export function unsure(what: string, doubt: Failure): Failure {
  return {
    code: 'POLICY_REQUIRETLS_UNSURE',
    detail: `REQUIRETLS: it is not known now whether an MTA-STS policy vouches ${what}: ${doubt.detail}`,
  };
}

/** Why a session cannot carry a REQUIRETLS message; undefined: it may. */
export function sessionFault(
  host: string,
  verdict: Verdict,
  capabilities: Capabilities,
): Failure | undefined {
  if (verdict.tls !== 'authenticated') {
    return {
      code: 'POLICY_REQUIRETLS_UNVERIFIED',
      detail: `REQUIRETLS: TLS of ${host} could not be verified: ${verdict.why}`,
    };
  }
  if (capabilities.requireTls) return undefined;
  return {
    code: 'POLICY_REQUIRETLS_UNSUPPORTED',
    detail: `REQUIRETLS: ${host} does not offer REQUIRETLS inside TLS`,
  };
}

/**
 * Faults that the destination must mend: a retry within the queue's time is not promising. They
 * end a message only after a look whether the domain has a newer policy (RFC 8461 §5.1 step 3).
 */
export function isLastingFault({ code }: Failure): boolean {
  return code === 'POLICY_REQUIRETLS_MX' || code === 'POLICY_REQUIRETLS_UNSUPPORTED';
}
