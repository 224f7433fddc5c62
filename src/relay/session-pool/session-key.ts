/**
 * Which messages may share a session: the same host and address, asked for the same, by the same
 * rules. Whatever could change what a session must show stands in the key (STS-5-R2).
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { DecisionRecord, HostPolicy } from '../../tls-policy/types.ts';
import type { SessionWish } from './types.ts';

/** Makes keys; remembers what does not change from message to message. */
export type SessionKeys = (wish: SessionWish) => string;

/**
 * Decisions are kept and used for many messages: the long part of a key is made once for each.
 * Nothing is held here longer than the decision itself.
 */
export function createSessionKeys(): SessionKeys {
  const policies = new WeakMap<DecisionRecord, string>();
  const hosts = new WeakMap<HostPolicy, Map<string, string>>();
  return (wish) => {
    const { open, decision, demand, authUser } = wish;
    const policy = remembered(policies, decision, policyMark);
    const byPolicy = hosts.get(open.hostPolicy) ?? new Map<string, string>();
    hosts.set(open.hostPolicy, byPolicy);
    const host = byPolicy.get(policy) ?? digest(hostPart(open.hostPolicy, policy));
    byPolicy.set(policy, host);
    const ours = `${open.heloName} ${open.localAddress ?? ''} ${authUser ?? ''}`;
    const how = `${demand} ${open.policyUse ?? 'follow'} ${open.opportunisticMinVersion ?? ''}`;
    return `${host} ${open.address} ${how} ${ours}`;
  };
}

function remembered<K extends object>(
  kept: WeakMap<K, string>,
  key: K,
  make: (key: K) => string,
): string {
  const known = kept.get(key) ?? make(key);
  kept.set(key, known);
  return known;
}

/** Id and text of the policy in force: a new text under an old id is another policy too. */
function policyMark({ evidence: { sts, override } }: DecisionRecord): string {
  const pinned = override === undefined ? '' : JSON.stringify(override);
  if (sts?.kind !== 'policy') return `none ${pinned}`;
  const { id, policy } = sts.active;
  return `${id} ${digest(policy.text)} ${pinned}`;
}

/** The requirement holds policy domain, mode, TLSA records and reference names. */
function hostPart(hostPolicy: HostPolicy, policy: string): string {
  const { host, port, servername, requirement, demand, level } = hostPolicy;
  const shown = [requirement, demand ?? null, level];
  return JSON.stringify([host, port, servername ?? null, ...shown, policy]);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
