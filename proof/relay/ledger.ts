/**
 * Books of what was handed in, what was promised, and what arrived.
 *
 * @module
 */
import { AUTHORS, digestOf, type Letter, letterOfAuthor, readLetter } from './letters.ts';

/** How far a letter came on its way in. */
export type Entry =
  /** Its end was never sent. */
  | 'begun'
  /** Its end was sent; no reply came. */
  | 'in-doubt'
  | 'accepted'
  /** 4xx or 5xx. */
  | 'refused';

interface Arrival {
  readonly begunAt: number;
  readonly endedAt: number;
}

interface Account {
  readonly recipients: readonly string[];
  readonly digest: string;
  entry: Entry;
  readonly arrivals: Map<string, Arrival[]>;
  /** Recipients of which the author was told that they were not reached. */
  readonly bounced: Map<string, Arrival[]>;
}

/** What arrived at a sink. */
export interface Delivery extends Arrival {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly content: string;
}

/** The balance. */
export interface Balance {
  readonly offered: number;
  readonly accepted: number;
  readonly refused: number;
  readonly inDoubt: number;
  /** Recipients of accepted letters that were reached. */
  readonly delivered: number;
  readonly bounced: number;
  /** Recipients reached, or bounces sent, more than once, each in flight at a disturbance. */
  readonly duplicates: number;
  /** The longest time between the answer to one that came twice and the disturbance, milliseconds. */
  readonly longestGapMs: number;
  /** Recipients that dead processes had in hand: those are what may come twice. */
  readonly inFlight: number;
  /** One line each: a promise that was broken. */
  readonly lost: readonly string[];
  /** One line each: twice for no reason. */
  readonly unexplained: readonly string[];
}

/** What happened, when, and to which deliveries. */
export type Disturbance =
  /** A kill: the addresses that the database says the dead process still had in hand. */
  | { readonly at: number; readonly held: ReadonlySet<string> }
  /** Where nobody can be asked: what went on then, or was answered so shortly before. Milliseconds. */
  | { readonly at: number; readonly settlingMs: number };

/** The books. */
export interface Ledger {
  offer(letter: Letter): void;
  enter(letter: Letter, entry: Entry): void;
  /** Something that may make the relay forget what just went out. */
  disturb(disturbance: Disturbance): void;
  arrive(delivery: Delivery): void;
  /** When a letter arrived for the first time, as `performance.now()` has it. */
  arrivedAt(letter: Letter): number | undefined;
  /** Has its author been told that it failed? */
  hasBounced(letter: Letter): boolean;
  /** Recipients of accepted letters of which nothing was heard yet. */
  missing(): number;
  balance(options?: { readonly refusedMayArrive?: boolean }): Balance;
}

/** Opens the books. */
export function createLedger(): Ledger {
  const accounts = new Map<number, Account>();
  const disturbances: Disturbance[] = [];
  const strange: string[] = [];

  const arriveOne = (account: Account, kind: 'arrivals' | 'bounced', to: string, at: Arrival) => {
    const known = account[kind].get(to);
    if (known === undefined) account[kind].set(to, [at]);
    else known.push(at);
  };

  const takeBounce = (delivery: Delivery): void => {
    const author = letterOfAuthor(delivery.recipients[0] ?? '');
    const account = accounts.get(author);
    if (account === undefined) {
      strange.push(`a notification to ${delivery.recipients.join(', ')}, who wrote nothing`);
      return;
    }
    const text = delivery.content;
    if (!/^Action: failed/im.test(text)) return;
    for (const [, to = ''] of text.matchAll(/^Final-Recipient: *rfc822; *(\S+)/gim)) {
      if (account.recipients.includes(to)) arriveOne(account, 'bounced', to, delivery);
      else strange.push(`letter ${author}: a notification about ${to}, who is no recipient`);
    }
  };

  /** The disturbance for which a delivery may come again, if there was one before it did. */
  const excuseOf = (address: string, earlier: Arrival, later: Arrival): Disturbance | undefined =>
    disturbances.find((one) => {
      if (earlier.begunAt > one.at || one.at > later.endedAt) return false;
      return 'held' in one ? one.held.has(address) : one.at <= earlier.endedAt + one.settlingMs;
    });

  return {
    offer(letter) {
      accounts.set(letter.number, {
        recipients: letter.recipients,
        digest: digestOf(letter.content),
        entry: 'begun',
        arrivals: new Map(),
        bounced: new Map(),
      });
    },
    enter(letter, entry) {
      const account = accounts.get(letter.number);
      if (account !== undefined) account.entry = entry;
    },
    disturb(disturbance) {
      disturbances.push(disturbance);
    },
    arrive(delivery) {
      if (delivery.from === '') {
        takeBounce(delivery);
        return;
      }
      const { number, digest } = readLetter(delivery.content);
      const account = accounts.get(number);
      if (account === undefined) {
        strange.push(`something arrived that nobody sent: ${delivery.content.slice(0, 60)}`);
        return;
      }
      if (digest !== account.digest) strange.push(`letter ${number} is not what was sent`);
      for (const to of delivery.recipients) {
        if (account.recipients.includes(to)) arriveOne(account, 'arrivals', to, delivery);
        else strange.push(`letter ${number} was delivered to ${to}, who is no recipient`);
      }
    },
    arrivedAt({ number }) {
      const all = [...(accounts.get(number)?.arrivals.values() ?? [])].flat();
      return all.length === 0 ? undefined : Math.min(...all.map(({ endedAt }) => endedAt));
    },
    hasBounced: ({ number }) => (accounts.get(number)?.bounced.size ?? 0) > 0,
    missing() {
      let missing = 0;
      for (const account of accounts.values()) {
        if (account.entry === 'accepted') missing += unheard(account).length;
      }
      return missing;
    },
    balance({ refusedMayArrive = false } = {}) {
      const lost = [...strange];
      const unexplained: string[] = [];
      const counts = { begun: 0, 'in-doubt': 0, accepted: 0, refused: 0 };
      let [delivered, bounced, duplicates, longestGapMs] = [0, 0, 0, 0];
      for (const [number, account] of accounts) {
        counts[account.entry] += 1;
        delivered += account.arrivals.size;
        bounced += account.bounced.size;
        const wrong = wrongWith(account, refusedMayArrive);
        if (wrong !== undefined) lost.push(`letter ${number}: ${wrong}`);
        for (const { address, times } of deliveriesOf(number, account)) {
          for (const [index, later] of times.entries()) {
            const earlier = times[index - 1];
            if (earlier === undefined) continue;
            duplicates += 1;
            const excuse = excuseOf(address, earlier, later);
            if (excuse === undefined) unexplained.push(`letter ${number} came twice to ${address}`);
            else longestGapMs = Math.max(longestGapMs, excuse.at - earlier.endedAt);
          }
        }
      }
      return {
        offered: accounts.size,
        accepted: counts.accepted,
        refused: counts.refused,
        inDoubt: counts['in-doubt'],
        delivered,
        bounced,
        duplicates,
        longestGapMs,
        inFlight: disturbances.reduce((sum, one) => sum + ('held' in one ? one.held.size : 0), 0),
        lost,
        unexplained,
      };
    },
  };
}

/** All that came for a letter, under the address by which the relay's queue knows it. */
function deliveriesOf(
  number: number,
  { arrivals, bounced }: Account,
): readonly { readonly address: string; readonly times: readonly Arrival[] }[] {
  const author = `letter-${number}@${AUTHORS}`;
  return [
    ...Array.from(arrivals, ([address, times]) => ({ address, times })),
    ...Array.from(bounced.values(), (times) => ({ address: author, times })),
  ];
}

/** Recipients who were neither reached nor reported to the author. */
function unheard({ recipients, arrivals, bounced }: Account): readonly string[] {
  return recipients.filter((to) => !arrivals.has(to) && !bounced.has(to));
}

function wrongWith(account: Account, refusedMayArrive: boolean): string | undefined {
  const { entry, arrivals, bounced } = account;
  const missing = unheard(account);
  const came = arrivals.size > 0 || bounced.size > 0;
  switch (entry) {
    case 'accepted':
      return missing.length > 0 ? `accepted, and nothing of ${missing.join(', ')}` : undefined;
    case 'in-doubt':
      // Who hears no reply does not know; but the relay does, and it is all or nothing.
      return came && missing.length > 0 ? `half: nothing of ${missing.join(', ')}` : undefined;
    case 'refused':
      if (came && !refusedMayArrive) return 'refused, and yet it arrived';
      return came && missing.length > 0 ? `half: nothing of ${missing.join(', ')}` : undefined;
    case 'begun':
      return came ? 'its end was never sent, and yet it arrived' : undefined;
    default:
      return entry satisfies never;
  }
}
