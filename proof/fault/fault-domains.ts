/**
 * The domains of the fault proof: what they publish, and what is done to them.
 *
 * @module
 */
import type { LabDomain, PolicyPlan } from '../../src/lab/lab-domain.ts';
import { tlsaRecord } from '../../src/lab/tlsa-of.ts';
import type { LabRecord, PolicyFault, ZoneMode } from '../../src/lab/types.ts';
import type { StsStatus } from '../../src/mta-sts/types.ts';
import type { World } from '../../src/lab/world.ts';
import type { Random } from '../random.ts';

/** A domain of the proof. */
export interface FaultDomain {
  readonly name: string;
  /** Its host has TLSA records in a signed zone: it must never be reached without DANE or a policy. */
  readonly dane: boolean;
  readonly lab: LabDomain;
  /** The text that its policy host has. */
  text: string;
  version: number;
  fault: PolicyFault;
  /** Requests for its policy before the round. */
  seen: number;
  /** The policy as it stood after the round of its last fetch. */
  fetched: StsStatus | undefined;
}

const DAY_S = 86_400;

const DNS_CUTS: readonly ZoneMode[] = ['servfail', 'timeout', 'garbage', 'bogus', 'truncated'];

const HTTPS_CUTS: readonly PolicyFault[] = [
  'down',
  'redirect',
  'not-found',
  'server-error',
  'html',
  'oversize',
  'drip',
  'silent',
  'truncated-body',
  'gzip-bomb',
];

/** Sets up `count` domains: with a policy alone, with DANE as well, and every fourth with DANE alone. */
export async function faultDomains(world: World, count: number): Promise<readonly FaultDomain[]> {
  const domains: FaultDomain[] = [];
  for (let index = 0; index < count; index += 1) domains.push(await faultDomain(world, index));
  return domains;
}

async function faultDomain(world: World, index: number): Promise<FaultDomain> {
  const name = `d${index}.fault.test`;
  const dane = index % 2 === 1;
  const lab = await world.domain({
    name,
    zone: dane ? 'secure' : 'insecure',
    mx: 'none',
    records: hostRecords(world, name, dane),
  });
  return { name, dane, lab, text: '', version: 0, fault: 'none', seen: 0, fetched: undefined };
}

/** Has the domain an MTA-STS policy? */
export function hasPolicy({ name }: Pick<FaultDomain, 'name'>): boolean {
  return Number(/^d(\d+)/.exec(name)?.[1]) % 4 !== 3;
}

/** Nobody connects to the host: it needs an address and records alone. */
function hostRecords(world: World, name: string, dane: boolean): readonly LabRecord[] {
  const host = `mx1.${name}`;
  const records: LabRecord[] = [
    { type: 'MX', name, preference: 10, exchange: host },
    { type: 'A', name: host, value: world.deadAddress() },
  ];
  if (!dane) return records;
  const certificate = world.ca.issue([host]);
  const tlsa = tlsaRecord('ee', { host, port: world.smtpPort, certificate, ca: world.ca });
  return [...records, tlsa];
}

/** Publishes a new version: mostly enforced, of any life; seldom with the id of the one before. */
export function publish(domain: FaultDomain, random: Random): void {
  domain.version += 1;
  const mode = (['enforce', 'enforce', 'enforce', 'testing', 'none'] as const)[random(5)]!;
  const maxAge = (1 + random(14)) * DAY_S;
  domain.text = [
    'version: STSv1',
    `mode: ${mode}`,
    `mx: mx1.${domain.name}`,
    `max_age: ${maxAge}`,
    `x-version: ${domain.version}`,
    '',
  ].join('\r\n');
  const sameId = domain.version > 1 && random(4) === 0;
  const id = String(sameId ? domain.version - 1 : domain.version);
  domain.lab.publish({ mode, text: domain.text, id } satisfies PolicyPlan);
}

/** Cuts the domain's DNS and HTTPS at random, or makes them whole; a word on what was done. */
export function cutNetwork(world: World, domain: FaultDomain, random: Random): string {
  const { name, dane } = domain;
  const { dns, policyHost, smtpPort } = world;
  const tlsa = `_${smtpPort}._tcp.mx1.${name}`;
  const places = [name, `_mta-sts.${name}`, `mta-sts.${name}`, `mx1.${name}`, tlsa];
  for (const place of places) dns.override(place, undefined);
  dns.zone(name, dane ? 'secure' : 'insecure');
  const done: string[] = [];
  if (random(2) === 0) {
    const mode = DNS_CUTS[random(DNS_CUTS.length)]!;
    const place = places[random(places.length + 1)];
    if (place !== undefined) dns.override(place, mode);
    // A zone that only cuts its answers would count as unsigned.
    else if (mode !== 'truncated') dns.zone(name, mode);
    done.push(`DNS ${mode} at ${place ?? 'all of it'}`);
  }
  domain.fault =
    hasPolicy(domain) && random(2) === 0 ? HTTPS_CUTS[random(HTTPS_CUTS.length)]! : 'none';
  if (hasPolicy(domain)) policyHost.setFault(name, domain.fault);
  if (domain.fault !== 'none') done.push(`HTTPS ${domain.fault}`);
  return done.join(', ');
}

/** The requests for its policy that its host has seen. */
export function requestsFor(world: World, { name }: FaultDomain): number {
  return world.policyHost.requests.filter(({ sni }) => sni === `mta-sts.${name}`).length;
}
