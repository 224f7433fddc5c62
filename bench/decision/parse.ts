/**
 * How fast records and policies are read and hosts are matched.
 *
 * @module
 */
import { policyAllows } from '../../src/mta-sts/match.ts';
import { readStsPolicy } from '../../src/mta-sts/policy.ts';
import { readStsRecord } from '../../src/mta-sts/record.ts';
import type { StsPolicy } from '../../src/mta-sts/types.ts';
import type { Bench } from '../figure.ts';
import { rateOf } from '../rate.ts';

const RECORD = 'v=STSv1; id=20260101T000000Z;';
const POLICY = [
  'version: STSv1',
  'mode: enforce',
  'mx: mx1.example.com',
  'mx: mx2.example.com',
  'mx: *.mail.example.net',
  'max_age: 604800',
  '',
].join('\r\n');
const HOSTS = ['mx1.example.com', 'a.mail.example.net', 'a.b.mail.example.net', 'mx.example.org'];

/** Reading and matching, in process. */
export const parseBench: Bench = {
  name: 'decision/parse',
  what: 'reading records and policies, matching hosts',
  run: async ({ quick }) => {
    const ms = quick ? 20 : 1000;
    const policy = policyOf(POLICY);
    const host = (turn: number): string => HOSTS[turn % HOSTS.length] ?? '';
    return await Promise.resolve([
      {
        figure: 'records read',
        unit: '/s',
        ours: rateOf(() => readStsRecord(RECORD).problems.length, ms),
      },
      {
        figure: 'policies read',
        unit: '/s',
        ours: rateOf(() => readStsPolicy(POLICY).problems.length, ms),
      },
      {
        figure: 'hosts matched against a policy of 3 patterns',
        unit: '/s',
        ours: rateOf((turn) => Number(policyAllows(policy, host(turn))), ms),
      },
    ]);
  },
};

function policyOf(text: string): StsPolicy {
  const { value } = readStsPolicy(text);
  if (value === undefined) throw new Error('the policy of the benchmark is not valid');
  return value;
}
