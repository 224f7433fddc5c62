/**
 * Does the resolver validate? Shown by names whose answers must be secure, insecure and refused.
 *
 * @module
 */
import type { Answer, Resolver } from './types.ts';

/** Names to test with; an empty or absent one is not tested. */
export interface SelfTestNames {
  /** In a zone that is signed rightly. */
  readonly signed?: string;
  /** In a zone that is not signed. */
  readonly unsigned?: string;
  /** In a zone that is signed wrongly on purpose. */
  readonly bogus?: string;
}

/** What an answer turned out to be. `absent`: no such name, and nobody vouches for that. */
export type SelfTestOutcome = 'secure' | 'insecure' | 'absent' | 'bogus' | 'failed' | 'unreachable';

/** One name of the test. */
export interface SelfTestStep {
  readonly test: keyof SelfTestNames;
  readonly name: string;
  readonly expected: 'secure' | 'insecure' | 'bogus';
  readonly got: SelfTestOutcome;
  readonly passed: boolean;
  /** The failure's words, if there was one. */
  readonly detail?: string;
}

/** What the test shows. */
export interface SelfTestResult {
  /**
   * `validating`: a signed name was secure and nothing spoke against it.
   * `not-validating`: DNSSEC protects nothing, or everything fails it.
   * `untested`: no name to test with. `unreachable`: no answer that would show it.
   */
  readonly conclusion: 'validating' | 'not-validating' | 'untested' | 'unreachable';
  /** One sentence for a person. */
  readonly reason: string;
  readonly steps: readonly SelfTestStep[];
  /** Milliseconds since the Unix epoch: when the last answer came; absent if nothing was asked. */
  readonly finishedAt?: number;
}

/** What the test needs. */
export interface SelfTestOptions {
  readonly resolver: Resolver;
  readonly names: SelfTestNames;
  readonly signal?: AbortSignal;
}

const EXPECTED = { signed: 'secure', unsigned: 'insecure', bogus: 'bogus' } as const;
const TESTS = ['signed', 'unsigned', 'bogus'] as const;

/** Asks for each name afresh (RFC 7672 §2.1.1) and draws the conclusion. Never rejects. */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  const { resolver, names, signal } = options;
  const tests = TESTS.filter((test) => (names[test] ?? '') !== '');
  const asked = await Promise.all(
    tests.map(async (test) => {
      const name = names[test]!;
      const lookup = { fresh: true, ...(signal === undefined ? {} : { signal }) };
      const answer = await resolver.lookup(name, 'A', lookup);
      return { step: stepOf(test, name, answer), at: answer.receivedAt };
    }),
  );
  const steps = asked.map(({ step }) => step);
  const finished = asked.length === 0 ? {} : { finishedAt: Math.max(...asked.map(({ at }) => at)) };
  return { ...conclude(steps), steps, ...finished };
}

function stepOf(test: keyof SelfTestNames, name: string, answer: Answer<'A'>): SelfTestStep {
  const expected = EXPECTED[test];
  const got = outcomeOf(answer);
  // A validating resolver need not say why it refuses: SERVFAIL is what it must give (RFC 4035 §5.5).
  const passed = got === expected || (expected === 'bogus' && got === 'failed');
  const detail = answer.kind === 'failure' ? { detail: answer.failure.detail } : {};
  return { test, name, expected, got, passed, ...detail };
}

function outcomeOf(answer: Answer<'A'>): SelfTestOutcome {
  if (answer.kind !== 'failure') {
    // A network with its own view of DNS may not know the name: that shows nothing.
    return answer.kind === 'nxdomain' && answer.security === 'insecure'
      ? 'absent'
      : answer.security;
  }
  const { code } = answer.failure;
  if (code === 'DNS_BOGUS') return 'bogus';
  return code === 'DNS_SERVFAIL' ? 'failed' : 'unreachable';
}

type Conclusion = Pick<SelfTestResult, 'conclusion' | 'reason'>;

/** The order matters: what proves a resolver wrong counts before what proves it right. */
function conclude(steps: readonly SelfTestStep[]): Conclusion {
  const [signed, unsigned, bogus] = TESTS.map((test) => steps.find((step) => step.test === test));
  if (bogus?.got === 'secure' || bogus?.got === 'insecure') {
    return notValidating(`${bogus.name} must fail validation, but was answered`);
  }
  if (unsigned?.got === 'secure') {
    return notValidating(`${unsigned.name} is unsigned, but was marked as validated`);
  }
  if (signed === undefined) return withoutSigned(steps);
  switch (signed.got) {
    case 'insecure':
      return notValidating(
        `${signed.name} is signed, but its answer was not marked as validated (AD) by a resolver that is trusted`,
      );
    case 'bogus':
      return notValidating(
        `${signed.name} is signed rightly, but the resolver finds it invalid: check its clock and its trust anchor`,
      );
    case 'absent':
      return { conclusion: 'untested', reason: `${signed.name} does not exist for this resolver` };
    case 'failed':
    case 'unreachable':
      return { conclusion: 'unreachable', reason: `no answer for ${signed.name}` };
    case 'secure':
      return validating(signed, bogus);
    default:
      return signed.got satisfies never;
  }
}

function validating(signed: SelfTestStep, bogus: SelfTestStep | undefined): Conclusion {
  const rejected = bogus?.passed === true ? `, ${bogus.name} was rejected` : '';
  return { conclusion: 'validating', reason: `${signed.name} was validated${rejected}` };
}

/** That something fails or is insecure does not show that anything is ever validated. */
function withoutSigned(steps: readonly SelfTestStep[]): Conclusion {
  const silent = steps.length > 0 && steps.every((step) => step.got === 'unreachable');
  if (silent) return { conclusion: 'unreachable', reason: 'no resolver answered' };
  return { conclusion: 'untested', reason: 'no signed name to test with is configured' };
}

function notValidating(reason: string): Conclusion {
  return { conclusion: 'not-validating', reason };
}
