/**
 * STS policies that a test sets by hand.
 *
 * @module
 */
import type { StsPolicies, StsStatus } from '../mta-sts/types.ts';
import { noSts } from './evidence.fixture.ts';

/** The three questions that decisions ask, and what was asked. */
export interface FakePolicies extends Pick<StsPolicies, 'lookup' | 'peek' | 'recheck'> {
  /** What `lookup` and `peek` say. */
  readonly now: Map<string, StsStatus>;
  /** What `recheck` finds; from then on it is what the others say. */
  readonly atSource: Map<string, StsStatus>;
  /** `lookup D mx1,mx2`, `recheck D`. */
  readonly asked: string[];
}

/** No domain has a policy until the test says so. */
export function fakePolicies(): FakePolicies {
  const now = new Map<string, StsStatus>();
  const atSource = new Map<string, StsStatus>();
  const asked: string[] = [];
  return {
    now,
    atSource,
    asked,
    async lookup(domain, options) {
      asked.push(`lookup ${domain} ${options?.mxHosts?.join(',') ?? ''}`.trim());
      return await Promise.resolve(now.get(domain) ?? noSts());
    },
    peek: (domain) => now.get(domain),
    async recheck(domain) {
      asked.push(`recheck ${domain}`);
      const found = atSource.get(domain);
      if (found !== undefined) now.set(domain, found);
      return await Promise.resolve(now.get(domain) ?? noSts());
    },
  };
}
