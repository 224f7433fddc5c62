/**
 * What is asked in the soak, and what may be answered.
 *
 * @module
 */
import type { Random } from '../random.ts';

/** Above it nothing has been asked: every number below is a domain of its own. */
export const MOST_DOMAINS = 1_000_000;

/** Domains with an enforced policy, held in the cache from the start. */
export const ENFORCED = 60;

/** The zones in which any name is a mail domain. */
export const ZONES = {
  /** No policy. */
  plain: 'plain.soak.test',
  /** A record, and a policy host that knows nothing of it. */
  orphan: 'orphan.soak.test',
  servfail: 'servfail.soak.test',
  garbage: 'garbage.soak.test',
  silent: 'silent.soak.test',
} as const;

/** The name of an enforced domain. */
export function enforcedDomain(index: number): string {
  return `e${index}.sts.soak.test`;
}

/** A request, and which replies to it are right. */
export interface Question {
  /** `map key` */
  readonly payload: string;
  /** What is wrong with the reply; undefined: nothing. */
  readonly wrong: (reply: string) => string | undefined;
}

const MAPS = ['postfix', 'postfix-tlsrpt', 'QUERY', 'QUERYwithTLSRPT', 'sts', 'exim', 'nobody'];

/** Keys that are no domains: no DNS, and the answer at once. */
const NONSENSE = [
  '.soak.test',
  '.test',
  '[192.0.2.1]',
  '[IPv6:2001:db8::1]',
  '192.0.2.1',
  '',
  'a b',
];

/** The silent one costs its client the whole wait for DNS: seldom. */
const BROKEN = [ZONES.servfail, ZONES.servfail, ZONES.garbage, ZONES.garbage, ZONES.silent];

/** Asks at random; `newest` counts the domains that have been asked so far. */
export interface Questioner {
  next(): Question;
  readonly newest: number;
}

/** Makes one. */
export function createQuestioner(random: Random): Questioner {
  let newest = 0;
  /** Half of them for the first time, half again. */
  const numberOf = (): number => {
    if (newest > 0 && random(2) === 0) return random(newest);
    if (newest < MOST_DOMAINS) newest += 1;
    return newest - 1;
  };
  const question = (): Question => {
    const dice = random(100);
    if (dice < 45) return enforced(random);
    if (dice < 85) return unenforced(`d${numberOf()}.${ZONES.plain}`, random);
    if (dice < 90) return unenforced(`d${numberOf()}.${ZONES.orphan}`, random);
    if (dice < 95) return nonsense(random);
    return temporary(`d${numberOf()}.${BROKEN[random(BROKEN.length)]!}`, random);
  };
  return {
    next: question,
    get newest() {
      return newest;
    },
  };
}

function enforced(random: Random): Question {
  const domain = enforcedDomain(random(ENFORCED));
  const map = [...MAPS, 'requiretls'][random(MAPS.length + 1)]!;
  const right =
    map === 'requiretls' ? /^OK enforce$/ : new RegExp(`^OK secure match=mx1\\.${domain}\\b`);
  return {
    payload: `${map} ${spelled(domain, random)}`,
    wrong: (reply) =>
      right.test(reply) || isTemp(reply) ? undefined : `${domain} (${map}) became "${reply}"`,
  };
}

/** Capitals and a trailing dot change nothing. */
function spelled(domain: string, random: Random): string {
  return [domain, domain, domain.toUpperCase(), `${domain}.`][random(4)]!;
}

function unenforced(domain: string, random: Random): Question {
  return {
    payload: `${MAPS[random(MAPS.length)]!} ${domain}`,
    wrong: (reply) =>
      reply === 'NOTFOUND ' || isTemp(reply) ? undefined : `${domain}: "${reply}"`,
  };
}

function temporary(domain: string, random: Random): Question {
  return {
    payload: `${MAPS[random(MAPS.length)]!} ${domain}`,
    wrong: (reply) => (isTemp(reply) ? undefined : `${domain}: "${reply}"`),
  };
}

function nonsense(random: Random): Question {
  const key = NONSENSE[random(NONSENSE.length)]!;
  return {
    payload: `${MAPS[random(MAPS.length)]!} ${key}`,
    wrong: (reply) => (reply === 'NOTFOUND ' ? undefined : `"${key}": "${reply}"`),
  };
}

function isTemp(reply: string): boolean {
  return reply.startsWith('TEMP ');
}
