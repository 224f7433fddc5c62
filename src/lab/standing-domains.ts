/**
 * The domains of the lab that stands for people to try things against.
 *
 * @module
 */
import type { DomainPlan } from './lab-domain.ts';
import type { World } from './world.ts';

/** A domain and what it is there to show. */
export interface StandingDomain extends DomainPlan {
  /** One short sentence. */
  readonly shows: string;
}

/** In the order in which they are listed. */
export const STANDING_DOMAINS: readonly StandingDomain[] = [
  { name: 'good.test', shows: 'MTA-STS enforce, everything right', sts: { mode: 'enforce' } },
  { name: 'testing.test', shows: 'MTA-STS testing', sts: { mode: 'testing' } },
  { name: 'none.test', shows: 'MTA-STS none: the way out', sts: { mode: 'none' } },
  { name: 'plain.test', shows: 'no TLS policy at all' },
  {
    name: 'two.test',
    shows: 'enforce with two MX hosts, one of them broken',
    mx: [{ certificate: 'expired' }, {}],
    sts: { mode: 'enforce' },
  },
  {
    name: 'stripped.test',
    shows: 'enforce, and somebody strips STARTTLS',
    mx: [{ fault: 'strip-starttls' }],
    sts: { mode: 'enforce' },
  },
  {
    name: 'expired.test',
    shows: 'enforce, and the MX certificate has expired',
    mx: [{ certificate: 'expired' }],
    sts: { mode: 'enforce' },
  },
  {
    name: 'mismatch.test',
    shows: 'enforce, and no MX host is in the policy',
    sts: { mode: 'enforce', mx: ['other.mismatch.test'] },
  },
  {
    name: 'broken-policy.test',
    shows: 'a record, but the policy host answers 404',
    sts: { mode: 'enforce', fault: 'not-found' },
  },
  {
    name: 'bad-record.test',
    shows: 'two _mta-sts records',
    sts: { mode: 'enforce' },
    stsRecords: ['v=STSv1; id=1;', 'v=STSv1; id=2;'],
  },
  { name: 'dane.test', shows: 'DANE-EE', zone: 'secure', mx: [{ tlsa: ['ee'] }] },
  { name: 'dane-ta.test', shows: 'DANE-TA', zone: 'secure', mx: [{ tlsa: ['ta-cert'] }] },
  {
    name: 'dane-bad.test',
    shows: 'DANE with a record that matches nothing',
    zone: 'secure',
    mx: [{ tlsa: ['wrong'] }],
  },
  {
    name: 'dane-unusable.test',
    shows: 'DANE with an unusable record: encrypt',
    zone: 'secure',
    mx: [{ tlsa: ['pkix-ee'] }],
  },
  {
    name: 'dane-sts.test',
    shows: 'DANE and MTA-STS enforce',
    zone: 'secure',
    mx: [{ tlsa: ['ee'] }],
    sts: { mode: 'enforce' },
  },
  { name: 'bogus.test', shows: 'DNSSEC broken: nothing can be believed', zone: 'bogus' },
  { name: 'null.test', shows: 'null MX: takes no mail', mx: 'null' },
  { name: 'implicit.test', shows: 'no MX record: the domain is the host', mx: 'implicit' },
  {
    name: 'alias.test',
    shows: 'a CNAME to good.test',
    mx: 'none',
    records: [{ type: 'CNAME', name: 'alias.test', value: 'good.test' }],
  },
  { name: 'bücher.test', shows: 'an internationalised domain', sts: { mode: 'enforce' } },
  {
    name: 'sub.example-wildcard.test',
    shows: 'an enforced wildcard pattern',
    mx: [{ host: 'mail.example-wildcard.test' }],
    sts: { mode: 'enforce', mx: ['*.example-wildcard.test'] },
  },
  { name: 'greylist.test', shows: 'the host says "later"', mx: [{ fault: 'greylist' }] },
];

/** Where the domains of the lab want their TLS reports. */
export const REPORTS_GO_TO = 'tls-reports@good.test';

const WITHOUT_REPORTS: readonly string[] = ['plain.test', 'null.test', 'alias.test'];

/** Names a resolver proves itself with: signed, unsigned, and signed wrongly. */
export const SELF_TEST_NAMES = {
  signed: 'signed.self-test.test',
  unsigned: 'unsigned.self-test-unsigned.test',
  bogus: 'bogus.self-test-bogus.test',
} as const;

/** Builds them all, and one on IPv6 where there is any. */
export async function raiseStandingDomains(world: World): Promise<readonly StandingDomain[]> {
  const { dns } = world;
  dns.zone('self-test.test', 'secure');
  dns.zone('self-test-unsigned.test', 'insecure');
  dns.zone('self-test-bogus.test', 'bogus');
  for (const name of Object.values(SELF_TEST_NAMES)) {
    dns.add({ type: 'A', name, value: '127.0.0.1' });
  }
  const ipv6: StandingDomain = {
    name: 'v6.test',
    shows: 'an MX host on IPv6 alone',
    mx: [{ ipv6: true }],
    sts: { mode: 'enforce' },
  };
  const plans = world.ipv6 ? [...STANDING_DOMAINS, ipv6] : STANDING_DOMAINS;
  await Promise.all(plans.map((plan) => world.domain(wantingReports(plan))));
  return plans;
}

/** Every domain that takes mail under some policy asks for TLS reports (RFC 8460 §3). */
function wantingReports(plan: StandingDomain): DomainPlan {
  if (WITHOUT_REPORTS.includes(plan.name)) return plan;
  const record = {
    type: 'TXT',
    name: `_smtp._tls.${plan.name}`,
    value: `v=TLSRPTv1; rua=mailto:${REPORTS_GO_TO}`,
  } as const;
  return { ...plan, records: [...(plan.records ?? []), record] };
}
