/**
 * What a handshake is worth under a requirement. Pure; called once per session, right after the
 * handshake and before any other command (RFC 3207 §4.1).
 *
 * @module
 */
import { verifyDane } from '../dane/verify.ts';
import type { Failure } from '../failure.ts';
import { certificateText } from '../tls/certificate-text.ts';
import { matchIdentity, nameMismatch } from '../tls/identity.ts';
import type { PeerTls } from '../tls/types.ts';
import { mxMismatch } from './sts-effect.ts';
import type { DaneDemand, Requirement, StsDemand, TlsLevel, Verdict } from './types.ts';

/** What is judged. */
export interface JudgeInput {
  readonly requirement: Requirement;
  /** Undefined: the session has no TLS. */
  readonly peer: PeerTls | undefined;
  /** Why it has none, where TLS was tried. */
  readonly startTlsFailure?: Failure;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** One check: what it showed, or why it fails. */
type Check =
  { readonly ok: true; readonly why: string } | { readonly ok: false; readonly failure: Failure };

/** Judges a session. The answer is about this session alone: another address may do better. */
export function judge({ requirement, peer, startTlsFailure, now }: JudgeInput): Verdict {
  if (requirement.kind === 'refused') {
    const { failure } = requirement;
    return { deliver: false, tls: levelOf(peer), why: failure.detail, failure };
  }
  return peer === undefined
    ? judgeClear(requirement, startTlsFailure ?? NO_TLS)
    : judgePeer(requirement, peer, now);
}

/**
 * The SNI name for another try (RFC 7672 §8.1 against RFC 8461 §7.1): where DANE and STS both bind,
 * the base domain is not the MX host, and only the certificate's name stood in the way.
 */
export function otherServername(
  requirement: Requirement,
  servername: string | undefined,
  verdict: Verdict,
): string | undefined {
  if (requirement.kind !== 'dane-and-sts' || verdict.deliver) return undefined;
  const { host } = requirement.sts;
  const nameFault = verdict.failure?.code === 'TLS_CERTIFICATE_NAME_MISMATCH';
  return nameFault && servername !== host ? host : undefined;
}

const NO_TLS: Failure = {
  code: 'POLICY_TLS_MISSING',
  detail: 'the session has no TLS',
  resultType: 'starttls-not-supported',
};

type Open = Exclude<Requirement, { kind: 'refused' }>;

function judgeClear(requirement: Open, failure: Failure): Verdict {
  switch (requirement.kind) {
    case 'opportunistic':
      return {
        deliver: true,
        tls: 'none',
        why: `in clear: ${failure.detail}`,
        ...testingFaults(requirement.testing, failure),
      };
    case 'dane':
    case 'dane-and-sts':
    case 'sts':
    case 'pkix':
    case 'encrypt':
      return { deliver: false, tls: 'none', why: failure.detail, failure };
    default:
      return requirement satisfies never;
  }
}

/** What a policy in testing holds against a session: the pattern first, then `failure`. */
function testingFaults(
  demand: StsDemand | undefined,
  failure: Failure | undefined,
): Pick<Verdict, 'wouldFail' | 'alsoWouldFail'> {
  if (demand === undefined) return {};
  const pattern = demand.mxMatches ? [] : [mxMismatch(demand)];
  const [first, second] = [...pattern, ...(failure === undefined ? [] : [failure])];
  return {
    ...(first === undefined ? {} : { wouldFail: first }),
    ...(second === undefined ? {} : { alsoWouldFail: second }),
  };
}

function judgePeer(requirement: Open, peer: PeerTls, now: number): Verdict {
  const old = tooOld(peer);
  if (old !== undefined) return judgeOld(requirement, old);
  switch (requirement.kind) {
    case 'dane':
      return withTesting(requirement.testing, peer, [checkDane(requirement.dane, peer, now)]);
    case 'dane-and-sts':
      return verdictOf([checkDane(requirement.dane, peer, now), checkSts(requirement.sts, peer)]);
    case 'sts':
      return verdictOf([checkSts(requirement.sts, peer)]);
    case 'pkix':
      return withTesting(requirement.testing, peer, [checkName(peer, requirement.host)]);
    case 'encrypt':
    case 'opportunistic':
      return withTesting(requirement.testing, peer, []);
    default:
      return requirement satisfies never;
  }
}

/** TLS that is out of date only ever hides the mail from the idle (RFC 8461 §7.2, RFC 9325 §3.1.1). */
function tooOld({ protocol }: PeerTls): Failure | undefined {
  if (NEW_ENOUGH.has(protocol)) return undefined;
  return {
    code: 'TLS_VERSION_TOO_OLD',
    detail: `the session has ${protocol}, which is older than TLS 1.2`,
    resultType: 'validation-failure',
    reasonCode: 'tls-version',
  };
}

const NEW_ENOUGH: ReadonlySet<string> = new Set(['TLSv1.2', 'TLSv1.3']);

/** Its certificate proves nothing; where nothing is demanded it is better than clear text. */
function judgeOld(requirement: Open, failure: Failure): Verdict {
  switch (requirement.kind) {
    case 'opportunistic':
      return {
        deliver: true,
        tls: 'encrypted',
        why: `encrypted, not verified: ${failure.detail}`,
        ...testingFaults(requirement.testing, failure),
      };
    case 'dane':
    case 'dane-and-sts':
    case 'sts':
    case 'pkix':
    case 'encrypt':
      return { deliver: false, tls: 'encrypted', why: failure.detail, failure };
    default:
      return requirement satisfies never;
  }
}

/** All checks must hold; the first that does not is the failure. */
function verdictOf(checks: readonly Check[]): Verdict {
  const [failure, alsoFails] = checks.flatMap((check) => (check.ok ? [] : [check.failure]));
  if (failure !== undefined) {
    const more = alsoFails === undefined ? {} : { alsoFails };
    return { deliver: false, tls: 'encrypted', why: failure.detail, failure, ...more };
  }
  const why = checks.flatMap((check) => (check.ok ? [check.why] : [])).join('; ');
  return { deliver: true, tls: 'authenticated', why };
}

/** Without a check the session is worth what it shows, and nothing is held against it. */
function withTesting(
  testing: StsDemand | undefined,
  peer: PeerTls,
  checks: readonly Check[],
): Verdict {
  const verdict = checks.length > 0 ? verdictOf(checks) : unbound(peer);
  if (testing === undefined) return verdict;
  const name = checkName(peer, testing.host);
  return { ...verdict, ...testingFaults(testing, name.ok ? undefined : name.failure) };
}

function unbound(peer: PeerTls): Verdict {
  const check = checkName(peer, peer.servername);
  return check.ok
    ? { deliver: true, tls: 'authenticated', why: check.why }
    : { deliver: true, tls: 'encrypted', why: `encrypted, not verified: ${check.failure.detail}` };
}

function checkDane(demand: DaneDemand, peer: PeerTls, now: number): Check {
  const verdict = verifyDane({
    chain: peer.chain,
    records: demand.usable,
    referenceNames: demand.referenceNames,
    now,
  });
  if (!verdict.matched) return { ok: false, failure: verdict.failure };
  const { usage, selector, matchingType } = verdict.record;
  const identity = verdict.identity === undefined ? '' : ` for ${verdict.identity}`;
  const record = `${usage} ${selector} ${matchingType}`;
  return { ok: true, why: `TLSA ${record} at ${demand.baseDomain} matches${identity}` };
}

/** Pattern, chain and dates, then the MX host's own name (RFC 8461 §4.1, §4.2). */
function checkSts(demand: StsDemand, peer: PeerTls): Check {
  return demand.mxMatches
    ? checkName(peer, demand.host)
    : { ok: false, failure: mxMismatch(demand) };
}

/** The web PKI's verdict, then a DNS-ID for `host`; never the common name (RFC 9525). */
function checkName(peer: PeerTls, host: string | undefined): Check {
  if (!peer.pkix.trusted) return { ok: false, failure: peer.pkix.failure };
  const leaf = peer.chain[0];
  if (leaf === undefined || host === undefined) return { ok: false, failure: NO_NAME };
  return matchIdentity(leaf, [host]) === undefined
    ? { ok: false, failure: nameMismatch(leaf, [host], host) }
    : { ok: true, why: `certificate valid for ${host} (${certificateText(leaf)})` };
}

/** Only ever text: where nothing is demanded there is nothing to refuse. */
const NO_NAME: Failure = {
  code: 'TLS_CERTIFICATE_NAME_MISMATCH',
  detail: 'there is no host name to verify a certificate for',
  resultType: 'certificate-host-mismatch',
};

function levelOf(peer: PeerTls | undefined): TlsLevel {
  return peer === undefined ? 'none' : 'encrypted';
}
