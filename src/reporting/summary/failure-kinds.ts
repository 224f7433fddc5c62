/**
 * Failures of the same domain, type and MX host are one kind: what a person mends at once.
 *
 * @module
 */
import { type Meaning } from './meaning.ts';
import { commonMeaning, meaningFor, MEANINGS, SAY_ALL } from './meanings.ts';
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
  return { ...kind, meaning: commonMeaning(type, group) };
}

/** Kinds of one result type that mean the same, wherever they are: what is to be done is the same too. */
export interface KindGroup {
  /** Of their own domain where they have one in common; else it speaks of DOMAIN. */
  readonly meaning: Meaning;
  readonly sessions: number;
  /** The most frequent first. */
  readonly kinds: readonly [FailureKind, ...(readonly FailureKind[])];
}

/** Groups kinds that stand in falling order, the most failed sessions first. */
export function kindGroups(kinds: readonly FailureKind[]): readonly KindGroup[] {
  const numbers = new Map<Meaning, number>();
  const numberOf = (kind: FailureKind): number => {
    const meaning = SAY_ALL.has(kind.type) ? MEANINGS[kind.type] : kind.meaning;
    const number = numbers.get(meaning) ?? numbers.size;
    numbers.set(meaning, number);
    return number;
  };
  const groups = Map.groupBy(kinds, (kind) =>
    JSON.stringify([kind.type, kind.rawType, numberOf(kind)]),
  );
  return Array.from(groups.values(), ([first, ...others]): KindGroup => {
    return {
      meaning: groupMeaning([first!, ...others]),
      sessions: others.reduce((so, { sessions }) => so + sessions, first!.sessions),
      kinds: [first!, ...others],
    };
  }).sort(biggestFirst(({ sessions }) => sessions));
}

function groupMeaning(kinds: readonly [FailureKind, ...(readonly FailureKind[])]): Meaning {
  const { domain, type } = kinds[0];
  const [meaning = MEANINGS[type], ...others] = new Set(kinds.map(({ meaning: one }) => one));
  const shared = others.length === 0 ? meaning : MEANINGS[type];
  return kinds.every((kind) => kind.domain === domain) ? meaningFor(domain, shared) : shared;
}
