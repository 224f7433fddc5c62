/**
 * A small internet on loopback: DNS, a policy host, MX hosts each with an address of its own.
 * No rights are needed, nothing outside 127.0.0.0/8 (and ::1) is touched.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { buildDomain } from './lab-domain.ts';
import type { DomainPlan, LabDomain } from './lab-domain.ts';
import { startLabDns } from './lab-dns.ts';
import { startLabMx } from './mx-host.ts';
import { createLabCa } from './pki/ca.ts';
import { startLabPolicyHost } from './policy-host.ts';
import type { LabCa, LabDns, LabMx, LabMxOptions, LabPolicyHost } from './types.ts';

/** Ports; each default is a free one. */
export interface WorldOptions {
  readonly smtpPort?: number;
  readonly httpsPort?: number;
  readonly dnsPort?: number;
}

/** The world. Domains may be added while it runs. */
export interface World {
  readonly ca: LabCa;
  /** The root as a PEM file: what `--ca-file` wants. Removed by `close`. */
  readonly caFile: string;
  readonly dns: LabDns;
  readonly policyHost: LabPolicyHost;
  /** The same for every MX host. */
  readonly smtpPort: number;
  /** Can ::1 be used? */
  readonly ipv6: boolean;
  /** By name. */
  readonly domains: ReadonlyMap<string, LabDomain>;
  domain(plan: DomainPlan): Promise<LabDomain>;
  /** A host that belongs to nobody: mallory's. */
  host(options: Omit<LabMxOptions, 'address' | 'port'>, family?: 'ipv4' | 'ipv6'): Promise<LabMx>;
  /** An address of this world at which nobody listens. */
  deadAddress(): string;
  close(): Promise<void>;
}

/** Addresses tried before a host gives up. */
const ATTEMPTS = 20;

/** Starts an empty world. Rejects if a port that was asked for is taken. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const nextAddress = addresses();
  const ca = createLabCa();
  const policyAddress = nextAddress();
  const smtpPort = options.smtpPort ?? (await freePort([policyAddress]));
  const [dns, policyHost] = await startBoth(
    startLabDns({ port: options.dnsPort ?? 0 }),
    startLabPolicyHost({ ca, address: policyAddress, port: options.httpsPort ?? 0 }),
  );
  const ipv6 = await isUsable('::1');
  const folder = await mkdtemp(join(tmpdir(), 'smtp-sts-lab-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, ca.rootPem);
  const hosts: LabMx[] = [];
  const domains = new Map<string, LabDomain>();

  const host: World['host'] = async (mx, family = 'ipv4') => {
    const started =
      family === 'ipv6'
        ? await startLabMx({ ...mx, address: '::1', port: smtpPort })
        : await startSomewhere(mx, smtpPort, nextAddress);
    hosts.push(started);
    return started;
  };
  return {
    ca,
    caFile,
    dns,
    policyHost,
    smtpPort,
    ipv6,
    domains,
    host,
    deadAddress: nextAddress,
    async domain(plan) {
      const built = await buildDomain(plan, { ca, dns, policyHost, smtpPort, startHost: host });
      domains.set(built.name, built);
      return built;
    },
    async close() {
      await Promise.all([dns.close(), policyHost.close(), ...hosts.map((mx) => mx.close())]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Closable {
  close(): Promise<void>;
}

/** Both or none: what has started is closed again if the other has not. */
async function startBoth<A extends Closable, B extends Closable>(
  first: Promise<A>,
  second: Promise<B>,
): Promise<readonly [A, B]> {
  const [one, other] = await Promise.allSettled([first, second]);
  if (one.status === 'fulfilled' && other.status === 'fulfilled') return [one.value, other.value];
  if (one.status === 'fulfilled') await one.value.close();
  if (other.status === 'fulfilled') await other.value.close();
  throw one.status === 'rejected' ? one.reason : (other as PromiseRejectedResult).reason;
}

/** Another address if somebody listens at this one. */
async function startSomewhere(
  options: Omit<LabMxOptions, 'address' | 'port'>,
  port: number,
  nextAddress: () => string,
): Promise<LabMx> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startLabMx({ ...options, address: nextAddress(), port });
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** 127.x.y.z one after another, from a random place: worlds beside each other seldom meet. */
function addresses(): () => string {
  const [LAST, PER_BLOCK] = [254, 253];
  let next = Math.floor(Math.random() * 200 * 254 * PER_BLOCK) + 254 * PER_BLOCK;
  return () => {
    next += 1;
    const z = (next % PER_BLOCK) + 1;
    const y = Math.floor(next / PER_BLOCK) % (LAST + 1);
    const x = 1 + (Math.floor(next / PER_BLOCK / (LAST + 1)) % (LAST - 1));
    return `127.${x}.${y}.${z}`;
  };
}

async function isUsable(address: string): Promise<boolean> {
  try {
    await freePort([address]);
    return true;
  } catch {
    return false;
  }
}
