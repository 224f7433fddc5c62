/**
 * May MTAs be sent here yet? Alive is not ready: before the policies are in memory every domain
 * would be a first contact.
 *
 * @module
 */
import type { SelfTestResult } from '../dns/self-test.ts';
import type { StsStats } from '../mta-sts/types.ts';

/** What readiness rests on. */
export interface Footing {
  readonly policies: Pick<StsStats, 'loaded' | 'storeUp'>;
  /** The newest self-test of the resolver; undefined while the first one runs. */
  readonly selfTest: SelfTestResult | undefined;
  /** Has any question to the resolver been answered since the start? */
  readonly resolverAnswered: boolean;
}

/**
 * Why it is not ready; empty: it is. A database that goes away later is no reason: answers come
 * from memory. Nor is a resolver that does not validate: DANE is off, MTA-STS works.
 */
export function notReady({ policies, selfTest, resolverAnswered }: Footing): readonly string[] {
  return [...storeReasons(policies), ...resolverReasons(selfTest, resolverAnswered)];
}

function storeReasons({ loaded, storeUp }: Footing['policies']): readonly string[] {
  if (loaded) return [];
  return [
    storeUp
      ? 'the stored policies are being loaded'
      : 'the stored policies cannot be loaded: the database does not answer',
  ];
}

function resolverReasons(
  selfTest: SelfTestResult | undefined,
  answered: boolean,
): readonly string[] {
  if (answered) return [];
  if (selfTest === undefined) return ['the resolver has not answered yet'];
  switch (selfTest.conclusion) {
    case 'unreachable':
      return [`the resolver does not answer: ${selfTest.reason}`];
    // With no name to test with nobody knows; the first message will tell.
    case 'untested':
    case 'validating':
    case 'not-validating':
      return [];
  }
}
