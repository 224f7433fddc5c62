/**
 * Policies that senders say they were held to and that we never published.
 *
 * @module
 */
import { dayText } from '../day.ts';
import type { OwnState } from '../summary/own-state-types.ts';
import { originOf } from '../summary/reported-policy.ts';
import type { UtcDay } from '../types.ts';
import { FRESH_DAYS, isOver, type LastDays } from './find.ts';
import type { PolicySeen } from './recent.ts';
import { whoOf } from './short-name.ts';
import { alertKey } from './tell-once.ts';
import type { AlertFacts, Finding } from './types.ts';

/** What is compared. */
export interface ForeignOptions {
  readonly today: UtcDay;
  readonly policies: readonly PolicySeen[];
  readonly lastDays: LastDays;
  /** What we know of the domain; undefined: nothing, then nothing is claimed. */
  readonly stateOf: (domain: string) => OwnState | undefined;
}

/** One finding for each foreign policy that is still in use, whoever names it. Pure. */
export function findForeign(options: ForeignOptions): readonly Finding[] {
  const { today, policies, lastDays, stateOf } = options;
  const live = policies.filter(
    ({ domain, sender, lastDay }) =>
      lastDay >= today - FRESH_DAYS && !isOver(lastDay, lastDays(domain, sender)),
  );
  const groups = Map.groupBy(live, ({ domain, type, strings }) =>
    JSON.stringify([domain, type, strings.map((line) => line.trim()).toSorted()]),
  );
  return Array.from(groups).flatMap(([key, group]) => {
    const { domain, type, strings } = group[0]!;
    const own = stateOf(domain);
    if (own === undefined) return [];
    const lastDay = group.reduce((so, one) => Math.max(so, one.lastDay), 0);
    const origin = originOf({ type, domain, strings, day: lastDay }, own);
    if (origin.kind !== 'foreign') return [];
    const facts = factsOf({ domain, type, text: origin.text, lastDay, group });
    return [
      { key: alertKey('foreign-policy', key), kind: 'foreign-policy' as const, domain, facts },
    ];
  });
}

interface ForeignFacts {
  readonly domain: string;
  readonly type: string;
  readonly text: string;
  readonly lastDay: UtcDay;
  readonly group: readonly PolicySeen[];
}

function factsOf({ domain, type, text, lastDay, group }: ForeignFacts): AlertFacts {
  const senders = Array.from(new Set(group.map(({ sender }) => sender)));
  const firstDay = group.reduce((so, one) => Math.min(so, one.lastDay), lastDay);
  const days =
    firstDay === lastDay ? dayText(lastDay) : `${dayText(firstDay)} to ${dayText(lastDay)}`;
  const verb = senders.length === 1 ? 'was' : 'were';
  const what = type === 'sts' ? 'an MTA-STS policy' : 'a set of TLSA records';
  return {
    title: `${domain}: ${whoOf(senders)} ${verb} held to ${what} that is not ours (${days})`,
    means: `A sender names ${what} for ${domain} that we did not publish, as far as is known here.`,
    todo:
      'If somebody of yours changed it: nothing. Else look who can write to your DNS zone and to the policy host, ' +
      'now: whoever plants a policy can stop or redirect mail.',
    actor: 'we',
    firstDay,
    lastDay,
    senders: senders.slice(0, 10),
    causes: [text],
  };
}
