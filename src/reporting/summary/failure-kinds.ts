/**
 * Failures of the same domain, type and MX host are one kind: what a person mends at once.
 *
 * @module
 */
import { type Meaning } from './meaning.ts';
import { meaningFor, meaningOf, MEANINGS } from './meanings.ts';
import type { FailureSum } from './rollups.ts';
import { biggestFirst, shares } from './shares.ts';
import type { FailureKind } from './summary-types.ts';

/** Groups sums to kinds, the most frequent first. */
export function failureKinds(sums: readonly FailureSum[]): readonly FailureKind[] {
  const groups = Map.groupBy(sums, ({ domain, type, rawType, mx }) =>
    JSON.stringify([domain, type, rawType, mx]),
  );
  return Array.from(groups.values(), kindOf).sort(biggestFirst(({ sessions }) => sessions));
}

function kindOf(group: readonly FailureSum[]): FailureKind {
  const first = group[0]!;
  const { domain, type, rawType, mx } = first;
  const kind = {
    domain,
    type,
    rawType,
    mxHost: mx,
    sessions: group.reduce((so, { sessions }) => so + sessions, 0),
    firstDay: group.reduce((so, one) => Math.min(so, one.firstDay), first.firstDay),
    lastDay: group.reduce((so, one) => Math.max(so, one.lastDay), first.lastDay),
    senders: shares(group, ({ sender }) => sender),
    reasons: shares(group, ({ reason }) => reason),
  };
  return { ...kind, meaning: meaningFor(domain, commonMeaning(kind)) };
}

/** What the reason that most senders give means; a type has a meaning without one too. */
function commonMeaning({ type, reasons }: Pick<FailureKind, 'type' | 'reasons'>): Meaning {
  const known = reasons.map(({ name }) => meaningOf(type, name));
  return known.find((meaning) => meaning !== MEANINGS[type]) ?? MEANINGS[type];
}
