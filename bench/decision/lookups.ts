/**
 * How fast the resolver asks: on the wire, and from its cache.
 *
 * @module
 */
import { createResolver } from '../../src/dns/resolver.ts';
import type { Bench } from '../figure.ts';
import { parallelRate } from '../rate.ts';
import { domainName, startLabProcess } from './lab-process.ts';

const DOMAINS = 200;
const WIDTH = 64;

/** Against the lab's DNS in another process. */
export const lookupBench: Bench = {
  name: 'decision/lookups',
  what: 'DNS look-ups over UDP on loopback, and from the cache',
  run: async ({ quick }) => {
    const lab = await startLabProcess(quick ? 10 : DOMAINS);
    const domains = quick ? 10 : DOMAINS;
    const total = quick ? 100 : 20_000;
    const resolver = createResolver({ resolvers: [lab.dns], trusted: true });
    const rate = async (fresh: boolean): Promise<number> =>
      await parallelRate({
        total,
        width: WIDTH,
        task: async (turn) => {
          const answer = await resolver.lookup(domainName(turn % domains), 'MX', { fresh });
          if (answer.kind !== 'records') throw new Error(`no answer: ${answer.kind}`);
        },
      });
    try {
      const wire = await rate(true);
      const cached = await rate(false);
      return [
        { figure: 'look-ups over UDP', unit: '/s', ours: wire },
        { figure: 'look-ups from the cache', unit: '/s', ours: cached },
      ];
    } finally {
      resolver.close();
      await lab.close();
    }
  },
};
