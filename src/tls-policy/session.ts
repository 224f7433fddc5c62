/**
 * Opens a session with one address of an MX host: connect, STARTTLS, verdict. No message can be
 * sent on a session without a verdict that allows it: there is no secret downgrade.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import { fail, type Failure, type Outcome } from '../failure.ts';
import { isLoopback } from '../smtp/loopback.ts';
import { connectSmtp } from '../smtp/session.ts';
import type {
  Credentials,
  SmtpConnectOptions,
  SmtpSession,
  SmtpTimeouts,
  StartTlsOptions,
} from '../smtp/types.ts';
import type { PeerTls } from '../tls/types.ts';
import type { AttemptEvent, AttemptOutcome, SecondTry } from './attempt-event.ts';
import { shortOf } from './hop-demand.ts';
import type { HostPolicy, Requirement, Verdict } from './types.ts';
import { judge, otherServername } from './verdict.ts';

/** Where to connect and what to ask for. */
export interface OpenSessionOptions {
  readonly hostPolicy: HostPolicy;
  /** One of the host's addresses. */
  readonly address: string;
  /**
   * The oldest TLS for a host of which nothing is demanded: better than clear text
   * (RFC 9325 §3.1.1). Everything else needs TLS 1.2. Default `TLSv1.2`.
   */
  readonly opportunisticMinVersion?: NonNullable<StartTlsOptions['minVersion']>;
  /** Trust anchors, PEM; undefined: the built-in list. */
  readonly ca: readonly string[] | undefined;
  readonly heloName: string;
  readonly clock: Clock;
  readonly localAddress?: string;
  /** Said after the verdict, inside TLS that a route demands and the session shows, or to loopback. */
  readonly auth?: Credentials | undefined;
  /** `implicit`: TLS from the first octet (RFC 8314 §3.3), hence never clear text. Default `starttls`. */
  readonly tlsStart?: 'starttls' | 'implicit';
  readonly timeouts?: Partial<SmtpTimeouts>;
  readonly signal?: AbortSignal;
  /** `follow`, or `report-only` for mail marked `TLS-Required: No`: checked, not enforced (RFC 8689 §4.2.2). */
  readonly policyUse?: 'follow' | 'report-only';
  readonly onLine?: SmtpConnectOptions['onLine'];
  readonly onAttempt?: (event: AttemptEvent) => void;
  /** Replaces the connection in tests. */
  readonly connect?: (options: SmtpConnectOptions) => Promise<Outcome<SmtpSession>>;
}

/** What became of it. */
export type SessionAttempt =
  /** The verdict is accepted: messages may be sent. */
  | {
      readonly kind: 'ready';
      readonly session: SmtpSession;
      readonly verdict: Verdict;
      readonly event: AttemptEvent;
    }
  /** The host may not be used, or the session shows too little; it is closed. */
  | {
      readonly kind: 'refused';
      readonly failure: Failure;
      readonly verdict?: Verdict;
      readonly event: AttemptEvent;
    }
  /** No session: connection, greeting, EHLO or AUTH failed. */
  | { readonly kind: 'unreachable'; readonly failure: Failure; readonly event: AttemptEvent };

/** The same without the event, while the attempt goes on. */
type Step =
  | { readonly kind: 'ready'; readonly session: SmtpSession; readonly verdict: Verdict }
  | { readonly kind: 'refused'; readonly failure: Failure; readonly verdict?: Verdict }
  | { readonly kind: 'unreachable'; readonly failure: Failure };

interface Found {
  readonly step: Step;
  readonly session?: SmtpSession;
  readonly peer?: PeerTls;
  readonly secondTry?: SecondTry;
  /** Why a session in clear is in clear. */
  readonly tlsFailure?: Failure;
}

/**
 * Opens a session. Where TLS fails and nothing demands it, a second connection goes in clear
 * (RFC 7435), which the event records; for every other requirement never (RFC 8461 §5,
 * RFC 7672 §2.2). Emits one event, also for a host that is refused unseen.
 */
export async function openSession(options: OpenSessionOptions): Promise<SessionAttempt> {
  const startedAt = options.clock.now();
  const found = await withAuth(await attempt(options), options);
  const event = eventOf(options, found, startedAt);
  options.onAttempt?.(event);
  return { ...found.step, event };
}

async function attempt(options: OpenSessionOptions): Promise<Found> {
  const { requirement, servername } = options.hostPolicy;
  if (requirement.kind === 'refused' && options.policyUse !== 'report-only') {
    return { step: { kind: 'refused', failure: requirement.failure } };
  }
  const first = await connectAndJudge(options, servername);
  if (first.step.kind !== 'refused') return first;
  const { verdict } = first.step;
  const other =
    verdict === undefined ? undefined : otherServername(requirement, servername, verdict);
  if (other !== undefined) {
    const second = await connectAndJudge(options, other);
    // The first verdict stands unless the second connection does better.
    return second.step.kind === 'ready' ? { ...second, secondTry: 'other-sni' } : first;
  }
  return mayGoClear(options) ? await goClear(options, first.step.failure) : first;
}

/** Who is refused by a good host has no session with it: no fault of any policy. */
async function withAuth(found: Found, options: OpenSessionOptions): Promise<Found> {
  const { auth } = options;
  if (auth === undefined || found.step.kind !== 'ready') return found;
  const { session, verdict } = found.step;
  const unsafe = whyNoPassword(verdict, options);
  const done = unsafe === undefined ? await session.authenticate(auth) : unsafe;
  if (done.ok) return found;
  await session.quit();
  return { ...found, step: { kind: 'unreachable', failure: done.failure } };
}

/** By the verdict on this session, not by what was decided before: a message may lift that. */
function whyNoPassword(
  { tls, why }: Verdict,
  { hostPolicy, address }: OpenSessionOptions,
): Outcome<never> | undefined {
  if (isLoopback(address)) return undefined;
  if (tls === 'authenticated' && hostPolicy.demand?.kind === 'verify') return undefined;
  return fail('ROUTE_AUTH_UNSAFE', `no password for ${hostPolicy.host} [${address}]: ${why}`);
}

/** Connects, upgrades where the server offers it, and judges before anything else is sent. */
async function connectAndJudge(
  options: OpenSessionOptions,
  servername: string | undefined,
): Promise<Found> {
  if (options.tlsStart === 'implicit') return await connectInsideTls(options, servername);
  const connected = await connect(options);
  if (!connected.ok) return { step: { kind: 'unreachable', failure: connected.failure } };
  const session = connected.value;
  if (!session.capabilities.startTls && mayGoClear(options)) {
    return clearFound(session, options, NOT_OFFERED);
  }
  const { how, seen } = judging(options, servername);
  const upgraded = await session.startTls(how);
  const sight = seen();
  return sight === undefined
    ? { ...withoutPeer(upgraded), session }
    : withPeer(session, upgraded, sight);
}

/** The same where TLS comes before the greeting: a host that fails at it is refused, not unreachable. */
async function connectInsideTls(
  options: OpenSessionOptions,
  servername: string | undefined,
): Promise<Found> {
  const { how, seen } = judging(options, servername);
  const connected = await connect(options, { implicitTls: how });
  const sight = seen();
  if (sight !== undefined) {
    return withPeer(connected.ok ? connected.value : undefined, connected, sight);
  }
  const dialled = connected.ok || connected.failure.resultType !== undefined;
  return dialled
    ? withoutPeer(connected)
    : { step: { kind: 'unreachable', failure: connected.failure } };
}

/** What the other side showed, and what it was worth. */
interface Sight {
  readonly peer: PeerTls;
  readonly verdict: Verdict;
}

/** TLS under this requirement, and what came to be seen by it. */
function judging(
  options: OpenSessionOptions,
  servername: string | undefined,
): { readonly how: StartTlsOptions; readonly seen: () => Sight | undefined } {
  let seen: Sight | undefined;
  const how: StartTlsOptions = {
    servername,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...minVersionFor(options),
    judge: (peer) => {
      seen = { peer, verdict: verdictFor(options, peer) };
      return seen.verdict.deliver;
    },
  };
  return { how, seen: () => seen };
}

/** The default is the floor of every policy (RFC 8461 §7.2). */
function minVersionFor({
  hostPolicy,
  opportunisticMinVersion,
}: OpenSessionOptions): Pick<StartTlsOptions, 'minVersion'> {
  return opportunisticMinVersion !== undefined && isOpportunistic(hostPolicy.requirement)
    ? { minVersion: opportunisticMinVersion }
    : {};
}

/** The handshake never came to an end: TLS is missing. The session has closed itself. */
function withoutPeer(upgraded: Outcome<unknown>): Found {
  const failure = upgraded.ok ? UNJUDGED : upgraded.failure;
  const verdict: Verdict = { deliver: false, tls: 'none', why: failure.detail, failure };
  return { step: { kind: 'refused', failure, verdict } };
}

function withPeer(
  session: SmtpSession | undefined,
  upgraded: Outcome<unknown>,
  { peer, verdict }: Sight,
): Found {
  const found = { peer, ...(session === undefined ? {} : { session }) };
  if (!verdict.deliver) {
    const failure = verdict.failure ?? UNJUDGED;
    return { step: { kind: 'refused', failure, verdict }, ...found };
  }
  if (!upgraded.ok || session === undefined) {
    // The certificate was good; what failed afterwards is the connection.
    const failure = upgraded.ok ? UNJUDGED : upgraded.failure;
    return { step: { kind: 'unreachable', failure }, ...found };
  }
  session.accept({ deliver: true });
  return { step: { kind: 'ready', session, verdict }, ...found };
}

const UNJUDGED: Failure = {
  code: 'POLICY_TLS_MISSING',
  detail: 'the session ended without a verdict',
};

const NOT_OFFERED: Failure = {
  code: 'POLICY_TLS_MISSING',
  detail: 'STARTTLS is not offered',
  resultType: 'starttls-not-supported',
};

async function goClear(options: OpenSessionOptions, failure: Failure): Promise<Found> {
  const connected = await connect(options);
  return connected.ok
    ? { ...clearFound(connected.value, options, failure), secondTry: 'clear' }
    : { step: { kind: 'unreachable', failure: connected.failure }, secondTry: 'clear' };
}

function clearFound(session: SmtpSession, options: OpenSessionOptions, tlsFailure: Failure): Found {
  const verdict = verdictFor(options, undefined, tlsFailure);
  session.accept({ deliver: verdict.deliver });
  return { step: { kind: 'ready', session, verdict }, session, tlsFailure };
}

/** Under `report-only` a failure is only what would have been one. */
function verdictFor(
  options: OpenSessionOptions,
  peer: PeerTls | undefined,
  startTlsFailure?: Failure,
): Verdict {
  const verdict = judge({
    requirement: options.hostPolicy.requirement,
    peer,
    now: options.clock.now(),
    ...(startTlsFailure === undefined ? {} : { startTlsFailure }),
  });
  if (options.policyUse !== 'report-only' || verdict.deliver) return verdict;
  const { failure, ...rest } = verdict;
  const short = shortOf(options.hostPolicy.demand, verdict);
  if (short !== undefined) return { ...verdict, failure: short };
  return { ...rest, deliver: true, ...(failure === undefined ? {} : { wouldFail: failure }) };
}

/** Clear text is for hosts of which nothing is demanded, and for messages that demand nothing. */
function mayGoClear({ hostPolicy, policyUse, tlsStart }: OpenSessionOptions): boolean {
  if (tlsStart === 'implicit' || hostPolicy.demand !== undefined) return false;
  return isOpportunistic(hostPolicy.requirement) || policyUse === 'report-only';
}

function isOpportunistic(requirement: Requirement): boolean {
  return requirement.kind === 'opportunistic';
}

async function connect(
  options: OpenSessionOptions,
  more: Pick<SmtpConnectOptions, 'implicitTls'> = {},
): Promise<Outcome<SmtpSession>> {
  const { hostPolicy, address, heloName, clock } = options;
  return await (options.connect ?? connectSmtp)({
    address,
    port: hostPolicy.port,
    host: hostPolicy.host,
    heloName,
    clock,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    ...more,
  });
}

function eventOf(options: OpenSessionOptions, found: Found, startedAt: number): AttemptEvent {
  const { hostPolicy, address, clock } = options;
  const { step, session, peer, secondTry, tlsFailure } = found;
  const verdict = step.kind === 'unreachable' ? undefined : step.verdict;
  const failure = step.kind === 'ready' ? (step.verdict.wouldFail ?? tlsFailure) : step.failure;
  const contacted = session !== undefined || step.kind === 'unreachable' || verdict !== undefined;
  return {
    host: hostPolicy.host,
    address: contacted ? address : undefined,
    port: hostPolicy.port,
    preference: hostPolicy.preference,
    requirement: hostPolicy.requirement,
    level: hostPolicy.level,
    outcome: step.kind satisfies AttemptOutcome,
    ...(verdict === undefined ? {} : { verdict }),
    ...(failure === undefined ? {} : { failure }),
    ...(session === undefined ? {} : { banner: session.banner }),
    ...(session?.localAddress === undefined ? {} : { localAddress: session.localAddress }),
    ...(peer === undefined
      ? {}
      : { tls: { protocol: peer.protocol, cipher: peer.cipher, servername: peer.servername } }),
    ...(secondTry === undefined ? {} : { secondTry }),
    startedAt,
    endedAt: clock.now(),
  };
}
