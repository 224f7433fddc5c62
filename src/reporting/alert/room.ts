/**
 * How many alerts may be open: a bound for each sender, so that none takes the place of others.
 *
 * @module
 */
import type { BookedAlert } from './book.ts';
import type { Habits } from './habits.ts';
import { shortName } from './short-name.ts';
import { alertKey } from './tell-once.ts';
import type { AlertFacts, AlertKind, Finding } from './types.ts';

/** Alerts about one domain that one sender may have open; what is more is told in one. */
export const MOST_OF_SENDER: Readonly<Record<AlertKind, number>> = {
  failure: 10,
  rate: 3,
  silent: 3,
  'foreign-policy': 3,
};

/**
 * Alerts about one domain that are open: of senders that report again and again, and of all others.
 * Where they are used up, each that reports again and again still has one of each kind, and one for
 * all that it says beyond: however many there are, none is made silent by others.
 */
const MOST_OPEN = { known: 50, strangers: 25 } as const;

/** What is to be told, and what stands already. */
export interface RoomOptions {
  readonly domain: string;
  /** All about the domain. */
  readonly news: readonly Finding[];
  readonly open: readonly BookedAlert[];
  readonly habits: Habits;
}

/** What is told. */
export interface Room {
  readonly taken: readonly Finding[];
  /** One finding for all that one sender says beyond its bound; one for what is beyond that of the domain. */
  readonly collective: readonly Finding[];
}

/** Senders take turns, those with a habit first; each begins with what failed most. Pure. */
export function withinRoom({ domain, news, open, habits }: RoomOptions): Room {
  const ledger = createLedger(habits);
  for (const { kind, facts } of open) {
    if (facts.more === undefined) ledger.charge(kind, ledger.payer(kind, facts));
  }
  const taken: Finding[] = [];
  const left = new Map<string, { readonly sender: string; readonly of: Finding[] }>();
  for (const finding of inTurns(news, ledger, habits)) {
    const { kind, facts } = finding;
    const sender = ledger.payer(kind, facts);
    const isFull = ledger.isFull(kind, sender);
    if (!isFull && ledger.hasRoom(kind, sender)) {
      ledger.charge(kind, sender);
      taken.push(finding);
      continue;
    }
    const bearer = isFull || habits.hasHabit(sender) ? sender : '';
    const key = alertKey(kind, 'more', domain, bearer);
    const rest = left.get(key) ?? { sender: bearer, of: [] };
    rest.of.push(finding);
    left.set(key, rest);
  }
  const collective = Array.from(left, ([key, { sender, of }]): Finding => {
    return { key, kind: of[0]!.kind, domain, facts: moreFacts(domain, sender, of) };
  });
  return { taken, collective };
}

interface Ledger {
  /** Whose an alert is: of one that several report, the sender that has most room. */
  payer(kind: AlertKind, facts: AlertFacts): string;
  isFull(kind: AlertKind, sender: string): boolean;
  hasRoom(kind: AlertKind, sender: string): boolean;
  charge(kind: AlertKind, sender: string): void;
}

function createLedger({ hasHabit }: Habits): Ledger {
  const counts = new Map<string, number>();
  const totals = { known: 0, strangers: 0 };
  const nameOf = (kind: AlertKind, sender: string): string => `${kind} ${sender}`;
  const countOf = (kind: AlertKind, sender: string): number =>
    counts.get(nameOf(kind, sender)) ?? 0;
  const isFull = (kind: AlertKind, sender: string): boolean =>
    countOf(kind, sender) >= MOST_OF_SENDER[kind];
  const groupOf = (sender: string): keyof typeof MOST_OPEN =>
    hasHabit(sender) ? 'known' : 'strangers';
  return {
    payer: (kind, { senders }) =>
      senders.toSorted(
        (a, b) =>
          Number(isFull(kind, a)) - Number(isFull(kind, b)) ||
          Number(hasHabit(b)) - Number(hasHabit(a)) ||
          countOf(kind, a) - countOf(kind, b),
      )[0] ?? '',
    isFull,
    hasRoom: (kind, sender) =>
      totals[groupOf(sender)] < MOST_OPEN[groupOf(sender)] ||
      (hasHabit(sender) && countOf(kind, sender) === 0),
    charge: (kind, sender) => {
      counts.set(nameOf(kind, sender), countOf(kind, sender) + 1);
      totals[groupOf(sender)] += 1;
    },
  };
}

function inTurns(
  news: readonly Finding[],
  ledger: Ledger,
  { hasHabit }: Habits,
): readonly Finding[] {
  const bySender = Map.groupBy(news, ({ kind, facts }) => ledger.payer(kind, facts));
  const senders = Array.from(bySender.keys());
  const queues = [...senders.filter(hasHabit), ...senders.filter((one) => !hasHabit(one))]
    .map((sender) => bySender.get(sender)!)
    .map((of) => of.toSorted((a, b) => failedIn(b.facts) - failedIn(a.facts)));
  const longest = queues.reduce((so, { length }) => Math.max(so, length), 0);
  return Array.from({ length: longest }, (_, turn) =>
    queues.flatMap((of) => of[turn] ?? []),
  ).flat();
}

function failedIn({ failures, sessions = 0 }: AlertFacts): number {
  return failures ?? sessions;
}

const WHAT: Readonly<Record<AlertKind, string>> = {
  failure: 'more kinds of failure',
  rate: 'more failure rates',
  silent: 'more senders that fell silent',
  'foreign-policy': 'more policies that are not yours',
};

function moreFacts(domain: string, sender: string, of: readonly Finding[]): AlertFacts {
  const senders = Array.from(new Set(of.flatMap(({ facts }) => facts.senders)));
  const who = sender === '' ? `${senders.length} senders` : shortName(sender);
  const days = of.map(({ facts }) => facts);
  return {
    title: `${domain}: ${of.length} ${WHAT[of[0]!.kind]}, reported by ${who}`,
    means:
      'There is more than is told one by one. A sender that makes up failures looks like this.',
    todo:
      `Look at \`smtp-sts report summary --domain ${domain} --all\`. A sender that is not to be believed ` +
      'can be named in reporting.receive.ignore_senders.',
    actor: 'unclear',
    firstDay: days.reduce((so, { firstDay }) => Math.min(so, firstDay), days[0]!.firstDay),
    lastDay: days.reduce((so, { lastDay }) => Math.max(so, lastDay), 0),
    senders: sender === '' ? senders.slice(0, 10) : [sender],
    causes: [],
    sessions: days.reduce((so, facts) => so + failedIn(facts), 0),
    more: of.length,
  };
}
