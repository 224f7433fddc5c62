/**
 * Is a policy that a report names one of ours: the one of now, one of before, or none?
 *
 * @module
 */
import { parseTlsa, tlsaText } from '../../dane/tlsa-text.ts';
import { readStsPolicy } from '../../mta-sts/policy.ts';
import { dateText, startOf } from '../day.ts';
import type { OwnPolicy, OwnState, Seen } from './own-state-types.ts';
import type { UtcDay } from '../types.ts';

/** A policy as a report names it. */
export interface ReportedPolicy {
  readonly type: string;
  /** The policy domain, or the TLSA base domain. */
  readonly domain: string;
  readonly strings: readonly string[];
  /** The last day for which it was reported. */
  readonly day: UtcDay;
}

/** Whose policy it is. */
export type PolicyOrigin =
  /** It is in force, or the report does not say enough to tell. */
  | { readonly kind: 'ours' | 'unknown' }
  | { readonly kind: 'former'; readonly text: string }
  | { readonly kind: 'foreign'; readonly text: string };

/** Compares a reported policy with what we publish and have published. Pure. */
export function originOf(reported: ReportedPolicy, own: OwnState): PolicyOrigin {
  switch (reported.type) {
    case 'sts':
      return stsOrigin(reported, own);
    case 'tlsa':
      return tlsaOrigin(reported, own);
    default:
      return { kind: 'unknown' };
  }
}

const UNKNOWN: PolicyOrigin = { kind: 'unknown' };
const OURS: PolicyOrigin = { kind: 'ours' };

function stsOrigin({ strings, day }: ReportedPolicy, own: OwnState): PolicyOrigin {
  const [newest] = own.policies;
  const lines = strings.map((line) => line.trim()).filter((line) => line !== '');
  // Some senders never say which policy it was.
  if (lines.length === 0 || newest === undefined) return UNKNOWN;
  const key = policyKey(lines.join('\n'));
  const place = own.policies.findIndex(
    ({ value }) => value !== undefined && policyKey(value.text) === key,
  );
  if (place === 0) return OURS;
  const ours = newest.value === undefined ? 'none' : oneLine(newest.value.text);
  if (place > 0) {
    const { value, lastSeen } = own.policies[place]!;
    return { kind: 'former', text: formerText(value!, lastSeen) };
  }
  return {
    kind: 'foreign',
    text: `reported: ${oneLine(lines.join('\n'))}; ours: ${ours} (${sinceText(own.policies)})${doubt(lines, day, own)}`,
  };
}

function formerText({ maxAge }: OwnPolicy, lastSeen: number): string {
  const until = dateText(lastSeen + maxAge * 1000);
  return `the sender still uses the policy that we published until ${dateText(lastSeen)}; its max_age lets it do so until ${until}`;
}

/** A sender may keep a policy for its whole max_age: one of before our memory may well be ours. */
function doubt(lines: readonly string[], day: UtcDay, own: OwnState): string {
  const maxAge = Number(/^max_age:\s*(\d{1,9})$/m.exec(lines.join('\n'))?.[1] ?? 0);
  const memory = own.policies.at(-1)!.firstSeen;
  return memory <= startOf(day) - maxAge * 1000
    ? ''
    : `. What we published before ${dateText(memory)} is not known here: it may be an older one of ours`;
}

/** Equal for texts that mean the same policy; spelling and order of the hosts do not matter. */
function policyKey(text: string): string {
  const policy = readStsPolicy(text).value;
  if (policy === undefined) return `\0${text.toLowerCase()}`;
  return JSON.stringify([policy.mode, policy.maxAge, policy.mx.toSorted()]);
}

function tlsaOrigin({ domain, strings }: ReportedPolicy, own: OwnState): PolicyOrigin {
  const host = own.hosts.find((one) => one.host === domain);
  const [newest] = host?.tlsa ?? [];
  const reported = strings.flatMap(tlsaKey);
  if (host === undefined || newest === undefined || reported.length === 0) return UNKNOWN;
  const isAmong = (records: readonly string[]): boolean =>
    reported.every((record) => records.flatMap(tlsaKey).includes(record));
  const place = host.tlsa.findIndex(({ value }) => isAmong(value));
  if (place === 0) return OURS;
  if (place > 0) {
    const until = dateText(host.tlsa[place]!.lastSeen);
    return { kind: 'former', text: `TLSA records of ${domain} that we published until ${until}` };
  }
  const ours = newest.value.length === 0 ? 'none' : newest.value.join(', ');
  const text = `reported for ${domain}: ${reported.join(', ')}; ours: ${ours} (${sinceText(host.tlsa)})`;
  return { kind: 'foreign', text };
}

function tlsaKey(text: string): readonly string[] {
  const parsed = parseTlsa(text);
  return parsed.ok ? [tlsaText(parsed.value)] : [];
}

/** Since when the newest entry holds, as exactly as is known. */
export function sinceText(history: readonly Seen<unknown>[]): string {
  const [newest, before] = history;
  if (newest === undefined) return 'not known';
  return before === undefined
    ? `since ${dateText(newest.firstSeen)} or longer`
    : `changed on ${dateText(newest.firstSeen)}`;
}

/** Lines of a policy on one line. */
function oneLine(text: string): string {
  return `"${text.trim().split(/\r?\n/).join(' / ')}"`;
}
