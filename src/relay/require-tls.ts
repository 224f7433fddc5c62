/**
 * What the message itself says of TLS (RFC 8689), and whether a host or session lives up to it. Pure.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
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

/** Why a host cannot carry a REQUIRETLS message, known before any connection; undefined: it may. */
export function hostFault({ host, level }: HostPolicy): Failure | undefined {
  if (level.mx !== 'none') return undefined;
  return {
    code: 'POLICY_REQUIRETLS_MX',
    detail: `REQUIRETLS: neither DNSSEC nor an enforced MTA-STS policy vouches for MX host ${host}`,
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

/** Faults that the destination must mend: a retry within the queue's time is not promising. */
export function isLastingFault({ code }: Failure): boolean {
  return code === 'POLICY_REQUIRETLS_MX' || code === 'POLICY_REQUIRETLS_UNSUPPORTED';
}
