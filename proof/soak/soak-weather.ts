/**
 * The world of the soak, and what goes wrong in it.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PolicyFault, ZoneMode } from '../../src/lab/types.ts';
import type { World } from '../../src/lab/world.ts';
import type { Random } from '../random.ts';
import { ENFORCED, enforcedDomain, ZONES } from './questions.ts';

/** Sets the zones up. Answers live for seconds, so that they are asked for again and again. */
export function buildSoakWorld(world: World): void {
  const { dns, policyHost, ca } = world;
  const address = world.deadAddress();
  const ttl = 5;
  dns.add({ type: 'A', name: 'mx.soak.test', value: address, ttl });
  for (const zone of [ZONES.plain, ZONES.orphan]) {
    dns.zone(zone, 'insecure');
    dns.add({ type: 'MX', name: `*.${zone}`, preference: 10, exchange: 'mx.soak.test', ttl });
  }
  dns.add({ type: 'TXT', name: `*.${ZONES.orphan}`, value: 'v=STSv1; id=1;', ttl });
  dns.add({ type: 'A', name: `*.${ZONES.orphan}`, value: policyHost.address, ttl });
  dns.zone(ZONES.servfail, 'servfail');
  dns.zone(ZONES.garbage, 'garbage');
  dns.zone(ZONES.silent, 'timeout');
  dns.zone('sts.soak.test', 'insecure');
  const domains = Array.from({ length: ENFORCED }, (_, index) => enforcedDomain(index));
  const certificate = ca.issue(domains.map((domain) => `mta-sts.${domain}`));
  for (const domain of domains) {
    const mx = `mx1.${domain}`;
    const policy = `version: STSv1\r\nmode: enforce\r\nmx: ${mx}\r\nmax_age: 604800\r\n`;
    policyHost.serve(domain, policy, certificate);
    dns.add(
      { type: 'MX', name: domain, preference: 10, exchange: mx, ttl },
      { type: 'A', name: mx, value: address, ttl },
      { type: 'A', name: `mta-sts.${domain}`, value: policyHost.address, ttl },
      { type: 'TXT', name: `_mta-sts.${domain}`, value: 'v=STSv1; id=1;', ttl },
    );
  }
}

const ZONE_FAULTS: readonly ZoneMode[] = ['servfail', 'timeout', 'garbage', 'bogus', 'truncated'];
const HOST_FAULTS: readonly PolicyFault[] = [
  'down',
  'drip',
  'silent',
  'server-error',
  'truncated-body',
];

/** How long each thing lasts, milliseconds. */
const LONGEST_MS = 3_000;

/** Changes the weather at random until the signal; then all is well again. */
export async function weather(options: {
  readonly world: World;
  /** The database that is locked now and then. */
  readonly database: string;
  readonly random: Random;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { world, database, random, signal } = options;
  while (!signal.aborted) {
    await pause(200 + random(LONGEST_MS), signal);
    const end = [zoneFault, hostFault, lock][random(3)]!(world, random, database);
    await pause(200 + random(LONGEST_MS), signal);
    end();
    // Only the questions of a proof that runs for minutes would fill memory.
    world.dns.forget();
  }
}

type End = () => void;

function zoneFault({ dns }: World, random: Random): End {
  const zone = [ZONES.plain, 'sts.soak.test'][random(2)]!;
  dns.zone(zone, ZONE_FAULTS[random(ZONE_FAULTS.length)]!);
  return () => dns.zone(zone, 'insecure');
}

function hostFault({ policyHost }: World, random: Random): End {
  const fault = HOST_FAULTS[random(HOST_FAULTS.length)]!;
  const all = (what: PolicyFault): void => {
    for (let index = 0; index < ENFORCED; index += 1)
      policyHost.setFault(enforcedDomain(index), what);
  };
  all(fault);
  return () => all('none');
}

/** Another program has the file to itself. */
function lock(_world: World, _random: Random, path: string): End {
  const other = new DatabaseSync(path);
  other.exec('pragma busy_timeout = 2000; begin exclusive');
  return () => {
    other.exec('rollback');
    other.close();
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
