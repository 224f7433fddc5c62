/**
 * What may have become of a policy in a round, and what may not.
 *
 * @module
 */
import type { ActivePolicy, StsStatus } from '../../src/mta-sts/types.ts';
import type { DecisionRecord } from '../../src/tls-policy/types.ts';

/** One domain before and after a round. Times by the engine's clock, milliseconds. */
export interface DomainRound {
  readonly before: StsStatus | undefined;
  /**
   * The policy as it stood after its last fetch. A clock that went forward and came back may end its
   * life and begin it again, but never beyond what the fetch gave it.
   */
  readonly fetched: StsStatus | undefined;
  readonly after: StsStatus | undefined;
  /** Now. */
  readonly now: number;
  /** The earliest time that the clock showed in the round. */
  readonly earliest: number;
  /** The policy that the policy host gave away whole in this round; undefined: it did not. */
  readonly given: string | undefined;
}

/** A clock that goes back by less than this does not shorten a life. */
const TOLERANCE_MS = 300_000;

/** What is wrong with it; undefined: nothing. */
export function faultOf(round: DomainRound): string | undefined {
  const { now, given } = round;
  const before = activeOf(round.before);
  const fetched = activeOf(round.fetched) ?? before;
  const after = activeOf(round.after);
  if (after === undefined) return before === undefined ? undefined : lossOf(before, round);
  if (after.expiresAt > now + after.policy.maxAge * 1_000 + TOLERANCE_MS) {
    return `${modeOf(after)}, fetched ${at(after.fetchedAt)}, holds until ${at(after.expiresAt)}, longer than its max_age from now (${at(now)})`;
  }
  if (given !== undefined && sameText(after.policy.text, given)) return undefined;
  if (fetched === undefined) return `${modeOf(after)} came from nowhere`;
  if (!sameText(fetched.policy.text, after.policy.text)) {
    return `${modeOf(fetched)} was replaced by ${modeOf(after)} without a fetch`;
  }
  if (after.expiresAt > fetched.expiresAt) {
    return `${modeOf(after)} was extended from ${at(fetched.expiresAt)} to ${at(after.expiresAt)} without a fetch`;
  }
  if (before === undefined) return undefined;
  return now <= endOf(before, round) && after.expiresAt < endOf(before, round)
    ? `the life of ${modeOf(after)} was cut from ${at(before.expiresAt)} to ${at(after.expiresAt)}`
    : undefined;
}

function lossOf(before: ActivePolicy, round: DomainRound): string | undefined {
  const end = endOf(before, round);
  return round.now <= end ? `${modeOf(before)}, good until ${at(end)}, is gone` : undefined;
}

/** The earliest end that a clock that went back may give it: a whole life from then. */
function endOf({ expiresAt, fetchedAt }: ActivePolicy, { earliest }: DomainRound): number {
  return Math.min(expiresAt, earliest + (expiresAt - fetchedAt));
}

/**
 * What is wrong with a decision on a domain whose hosts must never be reached without being
 * checked; undefined: nothing.
 */
export function relaxationOf({ policy }: Pick<DecisionRecord, 'policy'>): string | undefined {
  if (policy.outcome === 'fail') return 'the message would be returned';
  for (const { host, requirement, why } of policy.hosts) {
    const { kind } = requirement;
    if (kind === 'opportunistic' || kind === 'encrypt') return `${host} became ${kind}: ${why}`;
  }
  return undefined;
}

/** The policy in force; one that stands in the table and cannot be read counts as none. */
export function activeOf(status: StsStatus | undefined): ActivePolicy | undefined {
  return status?.kind === 'policy' ? status.active : undefined;
}

function sameText(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** The table and the network may end lines differently. */
function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

function modeOf({ policy, id }: ActivePolicy): string {
  return `the policy (${policy.mode}, id ${id})`;
}

function at(time: number): string {
  return new Date(time).toISOString();
}
