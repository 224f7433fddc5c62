/**
 * The answer for Postfix 3.10 and newer: the level, and what its TLSRPT client reports.
 *
 * @module
 */
import type { DomainLevel, Reply, StsFacts } from '../types.ts';
import { secureText } from './postfix.ts';
import { fits, NO_PATTERN, NOT_FOUND, okReply, soundPatterns, tempReply } from './reply.ts';
import { policyStrings } from './policy-strings.ts';

/**
 * The reply of the plain dialect and, where an MTA-STS policy has a part in it, the policy: type,
 * domain, patterns and lines. From 3.10.5 the patterns are also the MX filter of `secure`, so there
 * they are those of `match=`. `dane-only` takes no attribute.
 */
export function postfixTlsrptReply(level: DomainLevel): Reply {
  switch (level.kind) {
    case 'none':
    case 'dane':
      // `dane` is never weaker than `may`, should TLSA records appear meanwhile.
      if (level.sts !== undefined) return withFacts('dane', level.sts, level.sts.policy.mx);
      return level.kind === 'none' ? NOT_FOUND : okReply('dane');
    case 'encrypt':
      return level.sts === undefined
        ? okReply('encrypt')
        : withFacts('encrypt', level.sts, level.sts.policy.mx);
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

/** What is too long loses its policy lines, which only reports need; never a pattern. */
function withFacts(text: string, facts: StsFacts, patterns: readonly string[]): Reply {
  const filter = [
    text,
    'policy_type=sts',
    ...domainAttribute(facts.policyDomain),
    ...soundPatterns(patterns).map((pattern) => `mx_host_pattern=${pattern}`),
    ...failureAttribute(facts),
  ].join(' ');
  const lines = policyStrings(facts.policy.text);
  const whole = [filter, ...lines.map((line) => `{ policy_string = ${line} }`)].join(' ');
  return okReply(fits(whole) ? whole : filter);
}

/** Postfix refuses the whole answer for a name that is no host name. */
function domainAttribute(policyDomain: string): readonly string[] {
  const [name] = soundPatterns([policyDomain]);
  const isSound = name !== undefined && !name.startsWith('*') && /[^\d.]/.test(name);
  return isSound ? [`policy_domain=${name}`] : [];
}

function failureAttribute(_facts: StsFacts): readonly string[] {
  return [];
}
