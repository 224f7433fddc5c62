/**
 * Walks the hosts of a policy, and the addresses of each, until every recipient is settled or
 * nothing is left to try.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { Envelope, MessageSource, Recipient, RecipientResult } from '../smtp/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import type { OpenSessionOptions } from '../tls-policy/session.ts';
import type { HostPolicy } from '../tls-policy/types.ts';
import { better, isLacking, postponed } from './lacking.ts';
import { hostFault, isLastingFault, sessionFault, type MessageDemand } from './require-tls.ts';
import {
  isFull,
  type HostFull,
  type SessionLease,
  type SessionWish,
} from './session-pool/types.ts';
import { isStale, sendTo, watched } from './transaction.ts';
import type { RecipientReport } from './types.ts';

/** How a session is wanted. */
export interface OpenHow {
  readonly policyUse: NonNullable<OpenSessionOptions['policyUse']>;
  readonly from?: SessionWish['from'];
  readonly whenFull?: SessionWish['whenFull'];
}

/** Gives a session with one address of a host, under the message's own demand; or says it is full. */
export type OpenHost = (
  hostPolicy: HostPolicy,
  address: string,
  how: OpenHow,
) => Promise<SessionLease | HostFull>;

/** What a walk needs. */
export interface WalkOptions {
  /** In the order to try. */
  readonly hosts: readonly HostPolicy[];
  readonly recipients: readonly Recipient[];
  readonly envelope: Envelope;
  /** Read anew for every transaction. */
  readonly message: MessageSource;
  readonly demand: MessageDemand;
  /** What the decision knew of the domain's policy. */
  readonly sts: StsStatus | undefined;
  readonly open: OpenHost;
}

/** What a walk came to. */
export interface WalkResult {
  readonly attempts: readonly AttemptEvent[];
  /** The state of every recipient for which a server spoke. */
  readonly settled: ReadonlyMap<Recipient, RecipientReport>;
  /** Recipients that are worth another try. */
  readonly waiting: readonly Recipient[];
  /** Why the hosts were no good, in order. */
  readonly faults: readonly Failure[];
  /**
   * Every host was tried and ruled out by REQUIRETLS, and not by a fault that may pass. Not yet the
   * end of the message: there may be a newer policy.
   */
  readonly ruledOut: boolean;
  /** Hosts of the best that are left, as `address:port`, that had no room for another session. */
  readonly full: readonly string[];
}

/** Addresses of one host that are tried: at least two (RFC 5321 §5.1), and not without end. */
export const ADDRESSES_PER_HOST = 4;
/** Connections in one walk. */
export const CONNECTIONS_PER_WALK = 20;
/** A session that lay idle is answered on at once, or is dead. Milliseconds. */
const FIRST_REPLY_MS = 30_000;

/** The walk while it goes on. */
interface State {
  readonly options: WalkOptions;
  readonly attempts: AttemptEvent[];
  readonly settled: Map<Recipient, RecipientReport>;
  readonly faults: Failure[];
  waiting: readonly Recipient[];
  connections: number;
  /** Something was left untried for want of connections. */
  cutShort: boolean;
  /** Addresses of the present preference that had no room. */
  full: readonly Full[];
}

interface Full {
  readonly host: HostPolicy;
  readonly address: string;
  readonly key: string;
}

/**
 * Tries hosts in order. A host that is refused, or whose session shows too little, counts as
 * unreachable and the next one is tried (RFC 8461 §5.1, §8.4; RFC 7672 §2.2). A recipient that a
 * server defers is tried at the next host, and so is one whose message needs what the server lacks;
 * one that it rejects is not (RFC 5321 §4.2.1).
 *
 * A host without room is passed over for its equals alone: a worse one is for when it is down.
 */
export async function walkHosts(options: WalkOptions): Promise<WalkResult> {
  const state: State = {
    options,
    attempts: [],
    settled: new Map(),
    faults: [],
    waiting: options.recipients,
    connections: 0,
    cutShort: false,
    full: [],
  };
  for (const equals of byPreference(options.hosts)) {
    for (const host of equals) if (!isOver(state)) await tryHost(state, host);
    if (isOver(state)) break;
    await tryFull(state);
    if (state.full.length > 0) break;
  }
  const { attempts, settled, faults } = state;
  const full = isOver(state) ? [] : state.full.map(({ key }) => key);
  const cutShort = state.cutShort || full.length > 0;
  const allLasting = faults.length > 0 && faults.every(isLastingFault);
  const waiting = stillWaiting(state, cutShort || !faults.every(isLastingFault));
  const ruledOut = settled.size === 0 && allLasting && !cutShort;
  return { attempts, settled, waiting, faults, ruledOut, full };
}

/** Who lacked a fit host has none, where all were reached. */
function stillWaiting({ waiting, settled }: State, hasMore: boolean): readonly Recipient[] {
  return waiting.filter((recipient) => {
    const report = settled.get(recipient);
    if (report === undefined || !isLacking(report)) return true;
    if (hasMore) settled.set(recipient, postponed(report));
    return hasMore;
  });
}

function isOver({ waiting, faults }: State): boolean {
  return waiting.length === 0 || faults.some(endsWalk);
}

function byPreference(hosts: readonly HostPolicy[]): readonly (readonly HostPolicy[])[] {
  const groups = Map.groupBy(hosts, ({ preference }) => preference);
  return [...groups.values()];
}

/**
 * What has been tried is not to be tried again for want of room: who has been somewhere stays until
 * there is some. Who has not can come back at no cost.
 */
async function tryFull(state: State): Promise<void> {
  if (!state.attempts.some(wasContacted)) return;
  for (const each of state.full) {
    if (isOver(state)) return;
    const others = state.full.filter((other) => other !== each);
    state.full = others;
    await tryAddress(state, each, 'stay');
    if (state.full.length > others.length) return;
  }
}

/** Not only refused unseen. */
export function wasContacted({ address }: AttemptEvent): boolean {
  return address !== undefined;
}

async function tryHost(state: State, host: HostPolicy): Promise<void> {
  const { demand } = state.options;
  const refused = host.requirement.kind === 'refused' && demand !== 'report-only';
  const fault =
    demand === 'require-tls' && !refused ? hostFault(host, state.options.sts) : undefined;
  if (fault !== undefined) {
    state.faults.push(fault);
    return;
  }
  // A refused host is passed through the same door, so that its refusal is recorded; once is enough.
  const addresses = refused ? [host.addresses[0] ?? ''] : host.addresses;
  for (const address of addresses.slice(0, ADDRESSES_PER_HOST)) {
    if (state.connections >= CONNECTIONS_PER_WALK) {
      state.cutShort = true;
      return;
    }
    if (!refused) state.connections += 1;
    if (await tryAddress(state, { host, address })) return;
    if (state.faults.some(endsWalk)) return;
  }
}

/** The same password at the next server is as wrong, and enough of them lock an account. */
function endsWalk({ code }: Failure): boolean {
  return code === 'ROUTE_AUTH_REFUSED';
}

/** What came of a session. */
type Used =
  /** The host has spoken: its other addresses would say the same. */
  | 'spoken'
  /** Nothing could be sent. */
  | 'silent'
  /** It was a kept one, and dead before anything of the message was sent. */
  | 'stale';

/** True where the host has spoken. */
async function tryAddress(
  state: State,
  { host, address }: Pick<Full, 'host' | 'address'>,
  whenFull: NonNullable<OpenHow['whenFull']> = 'leave',
): Promise<boolean> {
  const policyUse = state.options.demand === 'report-only' ? 'report-only' : 'follow';
  const { open } = state.options;
  const leased = await open(host, address, { policyUse, whenFull });
  if (isFull(leased)) {
    state.full = [...state.full, { host, address, key: leased.full }];
    return false;
  }
  const used = await useSession(state, host, leased);
  if (used !== 'stale') return used === 'spoken';
  // That a server hung up on a session without work says nothing of the host.
  const fresh = await open(host, address, { policyUse, from: 'fresh', whenFull: 'stay' });
  if (isFull(fresh)) {
    state.full = [...state.full, { host, address, key: fresh.full }];
    return false;
  }
  return (await useSession(state, host, fresh)) === 'spoken';
}

async function useSession(state: State, host: HostPolicy, lease: SessionLease): Promise<Used> {
  const { attempt } = lease;
  if (attempt.kind !== 'ready') {
    state.attempts.push(attempt.event);
    state.faults.push(attempt.failure);
    await lease.release();
    return 'silent';
  }
  try {
    return await sendOver(state, host, { ...lease, attempt });
  } finally {
    await lease.release();
  }
}

async function sendOver(
  state: State,
  host: HostPolicy,
  { attempt, reused }: SessionLease & { readonly attempt: { readonly kind: 'ready' } },
): Promise<Used> {
  const { demand, sts, envelope } = state.options;
  const { session, verdict, event } = attempt;
  const fault = sessionFault(host.host, verdict, session.capabilities);
  if (demand === 'require-tls' && fault !== undefined) {
    state.attempts.push(event);
    state.faults.push(fault);
    return 'silent';
  }
  const qualifies = (): boolean => fault === undefined && hostFault(host, sts) === undefined;
  const requireTls = demand === 'require-tls' || (demand === 'prefer-tls' && qualifies());
  const message = watched(state.options.message);
  const sent = await sendTo(session, { ...envelope, requireTls }, state.waiting, message.source, {
    firstReplyMs: reused ? FIRST_REPLY_MS : undefined,
  });
  if (reused && !message.begun() && !session.usable && [...sent.values()].every(isStale))
    return 'stale';
  state.attempts.push(event);
  settle(state, sent, {
    host: host.host,
    address: session.address,
    verdict,
    reused,
    speaksDsn: session.capabilities.dsn,
  });
  return sent.size > 0 ? 'spoken' : 'silent';
}

function settle(
  state: State,
  results: ReadonlyMap<Recipient, RecipientResult>,
  via: Pick<RecipientReport, 'host' | 'address' | 'verdict' | 'reused' | 'speaksDsn'>,
): void {
  state.waiting = state.waiting.filter((recipient) => {
    const result = results.get(recipient);
    if (result === undefined) return true;
    state.settled.set(recipient, better(state.settled.get(recipient), { ...result, ...via }));
    return result.status === 'deferred' || isLacking(result);
  });
}
