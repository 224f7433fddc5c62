/**
 * One alert for a thing that one sender reports, another once several do, and no more.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { AlertFacts, AlertKind, Finding } from './types.ts';

/** What is told already, and who is known. */
export interface Standing {
  /** Of the open alert with the key. */
  readonly factsOf: (key: string) => AlertFacts | undefined;
  readonly hasHabit: (sender: string) => boolean;
}

/** A thing that senders report. */
export interface Reported<T extends { readonly sender: string }> {
  readonly kind: AlertKind;
  readonly domain: string;
  /** What it is, besides its kind. */
  readonly parts: readonly string[];
  /** One for each sender. */
  readonly sightings: readonly T[];
  readonly facts: (sightings: readonly T[]) => AlertFacts;
}

/** The same for the same things, of bounded length. */
export function alertKey(kind: AlertKind, ...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `${kind}:${digest.slice(0, 40)}`;
}

/**
 * While an alert about several senders is open, more of them change nothing: with one exception.
 * Where strangers alone opened it, somebody who reports daily is heard once more: else two domains
 * that cost nothing could keep any true failure quiet.
 */
export function tellOnce<T extends { readonly sender: string }>(
  reported: Reported<T>,
  { factsOf, hasHabit }: Standing,
): readonly Finding[] {
  const { kind, domain, parts, sightings, facts } = reported;
  const keyOne = ({ sender }: T): string => alertKey(kind, ...parts, 'one', sender);
  const keySeveral = alertKey(kind, ...parts, 'several');
  const finding = (key: string, of: readonly T[]): Finding => {
    return { key, kind, domain, facts: facts(of) };
  };
  const isTold = (one: T): boolean => factsOf(keyOne(one)) !== undefined;
  const told = sightings.filter(isTold).map((one) => finding(keyOne(one), [one]));
  const others = sightings.filter((one) => !isTold(one));
  if (others.length === 0) return told;
  const open = factsOf(keySeveral);
  if (open === undefined && sightings.length === 1) {
    return [finding(keyOne(others[0]!), others)];
  }
  const several = finding(keySeveral, sightings);
  const byStrangers = open !== undefined && !open.senders.some(hasHabit);
  if (!byStrangers || !others.some(({ sender }) => hasHabit(sender))) return [...told, several];
  const keyKnown = alertKey(kind, ...parts, 'several', 'known');
  return [...told, several, finding(keyKnown, sightings)];
}
