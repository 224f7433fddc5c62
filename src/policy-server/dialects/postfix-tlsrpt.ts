/**
 * The answer for Postfix 3.10 and newer: the level, and what its TLSRPT client reports.
 *
 * @module
 */
import type { DomainLevel, Reply, StsFacts } from '../types.ts';
import { policyStrings } from './policy-strings.ts';
import { secureText } from './postfix.ts';
import { fits, NO_PATTERN, NOT_FOUND, okReply, soundPatterns, tempReply } from './reply.ts';

/**
 * The reply of the plain dialect and, where an MTA-STS policy has a part in it, the policy: type,
 * domain, patterns and lines. From 3.10.5 the patterns are also the MX filter of `secure`, so there
 * they are those of `match=`.
 *
 * Not sent: `policy_ttl`, which is deprecated; `policy_failure`, which is meant to make the delivery
 * fail, and a policy that could not be renewed still holds; anything beside a DANE level under an
 * enforced policy, of which Postfix reports the TLSA records.
 */
export function postfixTlsrptReply(level: DomainLevel): Reply {
  switch (level.kind) {
    case 'none':
      // `dane` is never weaker than `may`, should TLSA records appear meanwhile.
      return level.sts === undefined ? NOT_FOUND : testingReply('dane', level.sts);
    case 'encrypt':
      return level.sts === undefined ? okReply('encrypt') : testingReply('encrypt', level.sts);
    case 'dane': {
      const isTested = level.sts !== undefined && level.match === undefined;
      return isTested ? testingReply('dane', level.sts) : okReply('dane');
    }
    case 'dane-only':
      return okReply('dane-only');
    case 'secure': {
      const text = secureText(level.match);
      return text === undefined ? NO_PATTERN : withFacts(text, level.sts, level.match);
    }
    case 'temp':
      return tempReply(level.failure);
    default:
      return level satisfies never;
  }
}

/** A policy that only tests must not get in the way, not even by its own faults. */
function testingReply(text: 'dane' | 'encrypt', facts: StsFacts): Reply {
  const reply = withFacts(text, facts, facts.policy.mx);
  return reply.kind === 'ok' ? reply : okReply(text);
}

/**
 * What is too long loses the lines of the policy that only reports need; never a pattern. One line
 * and one pattern are always there: without them Postfix 3.10.0 to 3.10.4 crashes.
 */
function withFacts(text: string, facts: StsFacts, patterns: readonly string[]): Reply {
  const names = soundPatterns(patterns);
  if (names.length === 0) return NO_PATTERN;
  const head = [
    text,
    'policy_type=sts',
    ...domainAttribute(facts.policyDomain),
    ...names.map((name) => `mx_host_pattern=${name}`),
  ].join(' ');
  const brief = ['version: STSv1', `mode: ${facts.policy.mode}`];
  const lines = policyStrings(facts.policy.text);
  const whole = withLines(head, lines.length === 0 ? brief : lines);
  return okReply(fits(whole) ? whole : withLines(head, brief));
}

function withLines(head: string, lines: readonly string[]): string {
  return [head, ...lines.map((line) => `{ policy_string = ${line} }`)].join(' ');
}

/** Postfix refuses the whole answer for a name that is no host name, or nothing but digits. */
function domainAttribute(policyDomain: string): readonly string[] {
  const [name] = soundPatterns([policyDomain]);
  const isSound = name !== undefined && !name.startsWith('*') && /[^\d.]/.test(name);
  return isSound ? [`policy_domain=${name}`] : [];
}
