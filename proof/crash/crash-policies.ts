/**
 * What both sides of the crash proof agree on: the domains, and the policy of each version.
 *
 * @module
 */
import { systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config/load-config.ts';
import { fail, ok } from '../../src/failure.ts';
import { silentLog } from '../../src/log/log.ts';
import { createStsPolicies } from '../../src/mta-sts/policies.ts';
import { readStsPolicy } from '../../src/mta-sts/policy.ts';
import type { StsPolicies, StsPolicy } from '../../src/mta-sts/types.ts';
import type { Store } from '../../src/store/types.ts';

/** Few, so that rows are written over while the process is killed. */
export const CRASH_DOMAINS: readonly string[] = Array.from(
  { length: 40 },
  (_, index) => `d${index}.crash.test`,
);

/** What a domain publishes: its newest version, or nothing because the network is down. */
export type Publisher = (domain: string) => number | 'down';

/** The policy of a version: the version can be read back from it. */
export function policyOf(domain: string, version: number): StsPolicy {
  const { value } = readStsPolicy(
    `version: STSv1\nmode: enforce\nmx: v${version}.${domain}\nmax_age: 604800\n`,
  );
  if (value === undefined) throw new Error('the policy of the proof is not valid');
  return value;
}

/** A policy cache over the store, with publishers instead of a network. */
export function policiesOver(store: Store, publisher: Publisher): StsPolicies {
  const { value: config } = readConfig('');
  if (config === undefined) throw new Error('the default settings are not valid');
  return createStsPolicies({
    resolver: { lookup: () => Promise.reject(new Error('no DNS here')) },
    fetcher: { fetch: () => Promise.reject(new Error('no HTTPS here')) },
    network: networkOf(publisher),
    store,
    clock: systemClock,
    log: silentLog,
    settings: config.mtaSts,
  });
}

type Network = NonNullable<Parameters<typeof createStsPolicies>[0]['network']>;

function networkOf(publisher: Publisher): Network {
  return {
    discover: async (domain) => {
      const version = publisher(domain);
      if (version === 'down') {
        const failure = { code: 'DNS_SERVFAIL', detail: 'the network is down' } as const;
        return await Promise.resolve({ kind: 'failed', failure });
      }
      const record = { id: String(version), extensions: [] };
      return await Promise.resolve({ kind: 'record', record, text: `v=STSv1; id=${version};` });
    },
    fetch: async (domain) => {
      const version = publisher(domain);
      return await Promise.resolve(
        version === 'down'
          ? fail('DNS_SERVFAIL', 'the network is down')
          : ok({ policy: policyOf(domain, version) }),
      );
    },
  };
}
