/**
 * Connects to every address of every MX host, sees the handshake, judges it, and leaves without
 * a word about any message.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { type AttemptEvent } from '../tls-policy/attempt-event.ts';
import { openSession } from '../tls-policy/session.ts';
import type { HostPolicy, TlsPolicy } from '../tls-policy/types.ts';
import { certificateText } from '../tls/certificate-text.ts';

/** What one address showed. */
export interface ProbedAddress {
  readonly kind: AttemptEvent['outcome'];
  readonly address: string;
  readonly event: AttemptEvent;
  /** The leaf certificate in one line; absent without a handshake. */
  readonly certificate?: string;
}

/** What one MX host showed. */
export interface HostProbe {
  readonly hostPolicy: HostPolicy;
  /** Empty for a host that is refused unseen or has no address. */
  readonly connections: readonly ProbedAddress[];
}

/** What probing needs. */
export interface ProbeOptions {
  readonly policy: TlsPolicy;
  readonly config: Config;
  readonly ca: readonly string[] | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Shorter than a delivery's waits (RFC 5321 §4.5.3.2): somebody is sitting in front of it. */
const PROBE_TIMEOUTS = {
  connect: 10_000,
  greeting: 15_000,
  ehlo: 15_000,
  startTls: 15_000,
  quit: 2000,
};

/** Probes all hosts at once; the addresses of one host one after another. */
export async function probeHosts(options: ProbeOptions): Promise<readonly HostProbe[]> {
  return await Promise.all(
    options.policy.hosts.map(async (hostPolicy) => await probeHost(hostPolicy, options)),
  );
}

async function probeHost(hostPolicy: HostPolicy, options: ProbeOptions): Promise<HostProbe> {
  const connections: ProbedAddress[] = [];
  if (hostPolicy.requirement.kind === 'refused') return { hostPolicy, connections };
  for (const address of hostPolicy.addresses) {
    connections.push(await probeAddress(hostPolicy, address, options));
  }
  return { hostPolicy, connections };
}

async function probeAddress(
  hostPolicy: HostPolicy,
  address: string,
  options: ProbeOptions,
): Promise<ProbedAddress> {
  const { config, ca, clock, signal } = options;
  const { localAddress } = config.smtp;
  const attempt = await openSession({
    hostPolicy,
    address,
    ca,
    heloName: config.smtp.heloName,
    opportunisticMinVersion: config.tls.opportunisticMinVersion,
    clock,
    timeouts: PROBE_TIMEOUTS,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(signal === undefined ? {} : { signal }),
  });
  const leaf = attempt.kind === 'ready' ? attempt.session.peer?.chain[0] : undefined;
  if (attempt.kind === 'ready') await attempt.session.quit();
  return {
    kind: attempt.kind,
    address,
    event: attempt.event,
    ...(leaf === undefined ? {} : { certificate: certificateText(leaf) }),
  };
}
