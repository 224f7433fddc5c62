/**
 * One attempt to deliver one message: every next hop, every host, every address, each under the
 * policy that is in force.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Failure } from '../failure.ts';
import type { Envelope, MessageSource, Recipient, SmtpTimeouts } from '../smtp/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { nextHopText } from '../tls-policy/next-hop.ts';
import type { OpenSessionOptions } from '../tls-policy/session.ts';
import type { DecisionRecord, HostPolicy } from '../tls-policy/types.ts';
import { groupRecipients, type RecipientGroup, type Route } from './group-recipients.ts';
import { walkHosts, wasContacted, type OpenHost, type WalkResult } from './host-walk.ts';
import { walkOrder, withoutLoops, type OwnIdentity } from './mx-walk-order.ts';
import { failedForSts, recheckPolicy } from './policy-recheck.ts';
import { messageDemand, unsure, type MessageDemand, type TlsRequiredNo } from './require-tls.ts';
import { hopDemandOf, tlsStartOf } from './routes/choice.ts';
import { sparedByRoute } from './routes/route-fault.ts';
import { reachableFrom } from './routes/source-address.ts';
import type { SessionSource } from './session-pool/types.ts';
import { unpooled } from './session-pool/unpooled.ts';
import type { DeliveryReport, HopReport, RecipientReport } from './types.ts';

/** What to deliver and with what. */
export interface DeliverOptions {
  readonly engine: Pick<Engine, 'decide' | 'policies' | 'ca'>;
  readonly config: Pick<Config, 'smtp' | 'tls'>;
  readonly clock: Clock;
  readonly envelope: Envelope;
  /** Read anew for every transaction: an array, or an object whose iterator starts over. */
  readonly message: MessageSource;
  /** Sends the mail of some domains or address literals to a smart host. */
  readonly route?: Route;
  /** The header `TLS-Required: No` (RFC 8689 §3), and whether it counts. */
  readonly tlsRequiredNo?: TlsRequiredNo;
  /** This machine, as MX records may name it. Default: the EHLO name alone. */
  readonly own?: OwnIdentity;
  /** Where sessions come from. Default: one for each message. */
  readonly sessions?: SessionSource;
  /** `watch`: policies are looked at and not enforced; REQUIRETLS is. Default `enforce`. */
  readonly enforcement?: 'enforce' | 'watch';
  /**
   * The message is given up after this attempt: whatever stands in the way, the look for a newer
   * policy is part of it (RFC 8461 §5.1 step 3).
   */
  readonly isLast?: boolean;
  /**
   * Why the next hop is known to be out of reach: its hosts are not tried again, unless the look for
   * a newer policy shows one.
   */
  readonly known?: Failure;
  /** Numbers in [0, 1) for the order of equal MX hosts. Default `Math.random`. */
  readonly random?: () => number;
  /** Longest wait for a first contact with a policy host, milliseconds. Default 15,000. */
  readonly firstContactMs?: number;
  readonly timeouts?: Partial<SmtpTimeouts>;
  readonly onAttempt?: (event: AttemptEvent, decision: DecisionRecord) => void;
  readonly onLine?: OpenSessionOptions['onLine'];
  readonly signal?: AbortSignal;
  /** Replaces the connection in tests. */
  readonly connect?: OpenSessionOptions['connect'];
}

const FIRST_CONTACT_MS = 15_000;
/** Next hops of one message that are worked on at once. */
const HOPS_AT_ONCE = 4;

/** What a hop gave: its report, and one for each of its recipients. */
interface HopResult {
  readonly report?: HopReport;
  readonly recipients: ReadonlyMap<Recipient, RecipientReport>;
}

/**
 * Delivers a message once, to all its recipients. Never rejects for a network reason. A TLS or
 * policy failure only ever defers (RFC 8461 §5); what fails for good is an address that leads
 * nowhere, a server's 5xx, a mail loop, and REQUIRETLS that no host can meet.
 */
export async function deliver(options: DeliverOptions): Promise<DeliveryReport> {
  const { envelope, config } = options;
  const { groups, invalid } = groupRecipients(envelope.recipients, {
    port: config.smtp.port,
    ...(options.route === undefined ? {} : { route: options.route }),
  });
  const hops = await inTurns(groups, async (group) => await deliverHop(group, options));
  const reports = new Map<Recipient, RecipientReport>(hops.flatMap((hop) => [...hop.recipients]));
  for (const { recipient, failure } of invalid) {
    reports.set(recipient, { recipient: recipient.address, status: 'failed', failure });
  }
  return {
    recipients: envelope.recipients.flatMap((recipient) => reports.get(recipient) ?? []),
    hops: hops.flatMap(({ report }) => report ?? []),
  };
}

async function deliverHop(group: RecipientGroup, options: DeliverOptions): Promise<HopResult> {
  try {
    return await decideAndWalk(group, options);
  } catch (error) {
    // Other next hops may have been served already: their results must not be lost.
    if (options.signal?.aborted !== true) throw error;
    return stopped(group);
  }
}

async function decideAndWalk(group: RecipientGroup, options: DeliverOptions): Promise<HopResult> {
  const demand = demandOf(options);
  const decision = await decide(group, options);
  const first = await walk({ group, decision, demand }, group.recipients, options);
  if (demand === 'report-only') {
    return hopResult(group, decision, first, { recheck: 'not-needed', policyUse: demand });
  }
  if (!wantsRecheck(first, options))
    return hopResult(group, decision, first, { recheck: 'not-needed' });
  const { changed, doubt } = await recheckPolicy(options.engine, decision, options.signal);
  const more = doubt === undefined ? {} : { doubt };
  if (!changed) return hopResult(group, decision, first, { recheck: 'unchanged', ...more });
  const newer = await decide(group, options, { fresh: true });
  const { known: _, ...anew } = options;
  const second = await walk({ group, decision: newer, demand }, first.waiting, anew);
  return hopResult(group, newer, second, { recheck: 'changed', before: first, ...more });
}

/** A newer policy could have let the message through; none ends without that look (RFC 8461 §5.1). */
function wantsRecheck(
  { waiting, attempts, ruledOut, full }: WalkResult,
  { isLast }: DeliverOptions,
): boolean {
  if (waiting.length === 0) return false;
  // It comes back when there is room: this was no attempt.
  if (full.length > 0 && !attempts.some(wasContacted)) return false;
  return isLast === true || ruledOut || attempts.some(failedForSts);
}

function demandOf({ envelope, tlsRequiredNo, enforcement }: DeliverOptions): MessageDemand {
  const demand = messageDemand(envelope, tlsRequiredNo);
  return enforcement === 'watch' && demand === 'policy' ? 'report-only' : demand;
}

async function decide(
  { nextHop, route }: RecipientGroup,
  { engine, firstContactMs, signal }: DeliverOptions,
  more: { readonly fresh?: true } = {},
): Promise<DecisionRecord> {
  return await engine.decide(nextHop, {
    budgetMs: firstContactMs ?? FIRST_CONTACT_MS,
    demand: route && hopDemandOf(route),
    ...(signal === undefined ? {} : { signal }),
    ...more,
  });
}

/** A walk, or the reason why there is none. */
type Walked = WalkResult & { readonly instead?: Instead };
type Instead = { readonly status: 'failed' | 'deferred'; readonly failure: Failure };

async function walk(
  purpose: Purpose,
  recipients: readonly Recipient[],
  options: DeliverOptions,
): Promise<Walked> {
  const { decision, demand } = purpose;
  const { policy } = decision;
  const others = withoutOwn(policy.nextHop.kind === 'domain', policy.hosts, options);
  const hosts = others.map((host) => reachableFrom(host, localAddressOf(purpose, options)));
  const instead = noWalk(purpose, hosts) ?? outOfReach(options);
  if (instead !== undefined) {
    return {
      attempts: [],
      settled: new Map(),
      waiting: recipients,
      faults: [],
      ruledOut: false,
      full: [],
      instead,
    };
  }
  return await walkHosts({
    hosts: walkOrder(hosts, options.random ?? Math.random),
    recipients,
    envelope: options.envelope,
    message: options.message,
    demand,
    sts: decision.evidence.sts,
    open: opener(purpose, options),
  });
}

/** The loop rule comes before every verdict (RFC 8461 §8.4). */
function withoutOwn(
  isDomain: boolean,
  hosts: readonly HostPolicy[],
  { own, config }: DeliverOptions,
): readonly HostPolicy[] {
  if (!isDomain) return hosts;
  return withoutLoops(hosts, own ?? { names: [config.smtp.heloName.toLowerCase()], addresses: [] });
}

function noWalk(
  { group, decision: { policy }, demand }: Purpose,
  hosts: readonly HostPolicy[],
): Instead | undefined {
  // A route that leads nowhere is the operator's mistake: no mail is returned for it.
  const hopeless = group.route === undefined ? 'failed' : 'deferred';
  const failure = policy.failure ?? { code: 'POLICY_NO_MX_HOST', detail: 'no host to try' };
  if (policy.outcome === 'fail') return { status: hopeless, failure };
  if (policy.hosts.length === 0) return { status: 'deferred', failure };
  if (hosts.length === 0) {
    const detail = `MX records of ${nextHopText(policy.nextHop)} lead back to this host`;
    return { status: hopeless, failure: { code: 'POLICY_MAIL_LOOP', detail } };
  }
  // Deferred for another reason than its hosts: what is known is not enough to try any.
  const open = hosts.some((host) => host.requirement.kind !== 'refused');
  const waits = policy.outcome === 'defer' && open && demand !== 'report-only';
  return waits ? { status: 'deferred', failure } : undefined;
}

function outOfReach({ known }: DeliverOptions): Instead | undefined {
  return known === undefined ? undefined : { status: 'deferred', failure: known };
}

/** What a walk is about. */
interface Purpose {
  readonly group: RecipientGroup;
  readonly decision: DecisionRecord;
  readonly demand: MessageDemand;
}

function localAddressOf(
  { group }: Purpose,
  { config }: Pick<DeliverOptions, 'config'>,
): string | undefined {
  return group.route?.localAddress ?? config.smtp.localAddress;
}

function opener(purpose: Purpose, options: DeliverOptions): OpenHost {
  const { group, decision, demand } = purpose;
  const { engine, config, clock, onAttempt, sessions = unpooled } = options;
  const { route } = group;
  const localAddress = localAddressOf(purpose, options);
  const authUser = route?.auth?.user;
  return async (hostPolicy, address, { policyUse, from, whenFull }) =>
    await sessions.lease({
      open: {
        hostPolicy,
        address,
        policyUse,
        ca: engine.ca,
        heloName: route?.heloName ?? config.smtp.heloName,
        opportunisticMinVersion: config.tls.opportunisticMinVersion,
        clock,
        auth: route?.auth,
        ...(route === undefined ? {} : { tlsStart: tlsStartOf(route) }),
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
        ...(options.connect === undefined ? {} : { connect: options.connect }),
        ...(onAttempt === undefined
          ? {}
          : { onAttempt: (event: AttemptEvent) => onAttempt(event, decision) }),
      },
      decision,
      demand,
      ...(authUser === undefined ? {} : { authUser }),
      ...(from === undefined ? {} : { from }),
      ...(whenFull === undefined ? {} : { whenFull }),
    });
}

/** How it came to the last walk. */
interface Course extends Pick<HopReport, 'recheck' | 'policyUse'> {
  /** What the walk under the older policy gave. */
  readonly before?: WalkResult;
  /** Why the look for a newer policy is not good enough to end a message on. */
  readonly doubt?: Failure;
}

function hopResult(
  { nextHop, recipients, route }: RecipientGroup,
  decision: DecisionRecord,
  last: Walked,
  { before, doubt, ...course }: Course,
): HopResult {
  const reports = recipients.map((recipient) => {
    const known = last.settled.get(recipient) ?? before?.settled.get(recipient);
    const report = known ?? { recipient: recipient.address, ...unsettled(decision, last, doubt) };
    const result = route === undefined ? report : sparedByRoute(report, route.name);
    return [recipient, { ...result, nextHop }] as const;
  });
  const attempts = [...(before?.attempts ?? []), ...last.attempts];
  const unsureOf = doubt === undefined ? {} : { doubt };
  return {
    report: { nextHop, decision, attempts, ...course, ...unsureOf, ...fullOf(last) },
    recipients: new Map(reports),
  };
}

function fullOf({ full }: Walked): Pick<HopReport, 'full'> {
  return full.length === 0 ? {} : { full };
}

/** No server spoke for the recipient: why not, and whether waiting can help. */
function unsettled({ policy }: DecisionRecord, last: Walked, doubt: Failure | undefined): Instead {
  const { instead, faults, ruledOut } = last;
  if (instead !== undefined) return instead;
  if (ruledOut && doubt !== undefined) {
    return { status: 'deferred', failure: unsure(`for ${nextHopText(policy.nextHop)}`, doubt) };
  }
  const failure = faults.find(({ resultType }) => resultType !== undefined) ??
    faults[0] ??
    busy(last) ??
    policy.failure ?? {
      code: 'POLICY_NO_HOST_USABLE' as const,
      detail: `no host of ${nextHopText(policy.nextHop)} has an address to try`,
    };
  return { status: ruledOut ? 'failed' : 'deferred', failure };
}

function busy({ full }: Walked): Failure | undefined {
  if (full.length === 0) return undefined;
  const detail = `no room for another session with ${full.join(', ')} at present`;
  return { code: 'POLICY_HOST_BUSY', detail };
}

function stopped({ nextHop, recipients }: RecipientGroup): HopResult {
  const failure: Failure = {
    code: 'POLICY_DELIVERY_STOPPED',
    detail: `delivery to ${nextHopText(nextHop)} was stopped before it ended`,
  };
  const reports = recipients.map((recipient) => {
    const report = { recipient: recipient.address, status: 'deferred', failure, nextHop } as const;
    return [recipient, report] as const;
  });
  return { recipients: new Map(reports) };
}

/** Maps over items, a few at a time, and keeps their order. */
async function inTurns<T, R>(
  items: readonly T[],
  task: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(HOPS_AT_ONCE, items.length) }, worker));
  return results;
}
