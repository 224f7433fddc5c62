/**
 * What a failure rests on: which host, whose rule, and the fault behind a summary. Pure.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { HostPolicy, Requirement } from '../../tls-policy/types.ts';
import { nextHopText, policyDomainOf } from '../../tls-policy/next-hop.ts';
import { causeOf, isPolicyCause, type Cause } from './causes.ts';
import type { NoticeOptions, NoticeRecipient } from './types.ts';

/** Where nothing else is known (RFC 5321 §4.5.4.2). */
const SMTP_PORT = 25;
/** No rule is concerned. */
const NOBODY = { port: SMTP_PORT, demander: 'nobody', held: false } as const;

/** Who demands what the host did not show. */
export type Demander = 'sts' | 'dane' | 'operator' | 'author' | 'nobody';

/** A failure with what belongs to it. */
export interface Basis {
  readonly cause: Cause;
  /** The fault itself: where every host is refused, that of the first. Absent for a mere text. */
  readonly failure?: Failure;
  /** '' where no host is concerned. */
  readonly host: string;
  readonly address?: string;
  readonly port: number;
  readonly demander: Demander;
  /** A rule kept the message from going there, and so from going there in clear. */
  readonly held: boolean;
}

/** Where the mail goes first. */
export interface Way {
  /** The domain or smart host whose servers and policies count. */
  readonly domain: string;
  /** A route of the operator leads elsewhere than the recipient's own mail servers. */
  readonly routed: boolean;
}

/** Where the mail of the destination goes by the newest decision. */
export function wayOf({ destination, decision }: NoticeOptions): Way {
  const nextHop = decision?.policy.nextHop;
  if (nextHop === undefined) return { domain: destination, routed: false };
  const domain = policyDomainOf(nextHop) ?? nextHopText(nextHop);
  return { domain, routed: domain.toLowerCase() !== destination.toLowerCase() };
}

/** What the failure of a recipient rests on. */
export function basisOf(recipient: NoticeRecipient, options: NoticeOptions): Basis {
  const { failure: given, reply, host: spoke = '' } = recipient;
  if (reply !== undefined) {
    const cause = reply.code >= 500 ? 'refused' : 'asked-to-wait';
    const failure = given === undefined ? {} : { failure: given };
    return { cause, ...failure, host: spoke, ...NOBODY };
  }
  if (given === undefined) return { cause: 'other', host: spoke, ...NOBODY };
  const { failure, refused } = refine(given, options);
  const cause = causeOf(failure);
  const event = options.events?.find((one) => isSame(one.failure, failure));
  const host = firstNamed(spoke, event?.host, refused?.host, loneHost(options));
  const known = hostNamed(options, host);
  const seen = event?.requirement ?? known?.requirement;
  const demander = demanderOf(cause, failure, seen, options);
  return {
    cause,
    failure,
    host,
    port: event?.port ?? known?.port ?? SMTP_PORT,
    ...(event?.address === undefined || event.address === '' ? {} : { address: event.address }),
    demander,
    held: isHeld(cause, demander, options),
  };
}

/** Without anybody's demand a session may have been in clear; these wait although it is not known. */
const HELD_ON_DOUBT: ReadonlySet<Cause> = new Set<Cause>([
  'tlsa-lookup',
  'mx-forged',
  'no-safe-host',
]);

/** Said only where it is certain: "not sent unencrypted" must never be wrong. */
function isHeld(
  cause: Cause,
  demander: Demander,
  { message, events = [] }: NoticeOptions,
): boolean {
  if (!isPolicyCause(cause) || message.tlsRequiredNo) return false;
  const inClear = events.some(
    ({ outcome, verdict }) =>
      outcome === 'ready' && (verdict === undefined || verdict.tls === 'none'),
  );
  return !inClear && (demander !== 'nobody' || HELD_ON_DOUBT.has(cause));
}

/** "Every host is refused" is no cause: the fault of the first host is. */
function refine(
  failure: Failure,
  { decision }: NoticeOptions,
): { readonly failure: Failure; readonly refused?: HostPolicy } {
  const hosts = decision?.policy.hosts ?? [];
  for (const host of hosts) {
    if (host.requirement.kind !== 'refused') continue;
    if (failure.code === 'POLICY_NO_HOST_USABLE') {
      return { failure: host.requirement.failure, refused: host };
    }
    if (isSame(host.requirement.failure, failure)) return { failure, refused: host };
  }
  return { failure };
}

function demanderOf(
  cause: Cause,
  { code }: Failure,
  requirement: Requirement | undefined,
  { decision }: NoticeOptions,
): Demander {
  if (cause.startsWith('requiretls-')) return 'author';
  if (cause === 'dane-required' || cause === 'route-unsafe') return 'operator';
  // Nobody knows yet whether there is a demand.
  if (cause === 'tlsa-lookup' || cause === 'mx-forged') return 'nobody';
  if (code.startsWith('DANE_')) return 'dane';
  if (cause === 'mx-not-in-policy' || cause === 'policy-host') return 'sts';
  switch (requirement?.kind) {
    case 'sts':
    case 'dane-and-sts':
      return 'sts';
    case 'dane':
      return 'dane';
    case 'encrypt':
      return requirement.because.kind === 'tlsa-unusable' ? 'dane' : 'operator';
    case 'pkix':
      return 'operator';
    case 'opportunistic':
    case 'refused':
    case undefined:
      return decision?.policy.sts?.mode === 'enforce' ? 'sts' : 'nobody';
    default:
      return requirement satisfies never;
  }
}

function isSame(one: Failure | undefined, other: Failure): boolean {
  return one !== undefined && one.code === other.code && one.detail === other.detail;
}

function hostNamed({ decision }: NoticeOptions, name: string): HostPolicy | undefined {
  return decision?.policy.hosts.find(({ host }) => host === name);
}

function loneHost({ decision }: NoticeOptions): string | undefined {
  const hosts = decision?.policy.hosts ?? [];
  return hosts.length === 1 ? hosts[0]?.host : undefined;
}

function firstNamed(...names: readonly (string | undefined)[]): string {
  return names.find((name) => name !== undefined && name !== '') ?? '';
}
