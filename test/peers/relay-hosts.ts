/**
 * What a real mail server that takes messages of the relay is like, host by host: each has an address,
 * a domain with an enforced policy or DANE, and one peculiarity.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TlsaKind, tlsaRecord } from '../../src/lab/tlsa-of.ts';
import type { CertificateKind } from '../../src/lab/types.ts';
import type { World } from '../../src/lab/world.ts';

/** The peculiarities. */
export const HOST_KINDS = [
  'good',
  'expired',
  'no-tls',
  /** Answers 450 until it is told to stop. */
  'greylist',
  /** Answers 552. */
  'full',
  /** Takes messages of {@link SMALL} octets at most. */
  'small',
  /** Knows hardly any extension. */
  'bare',
  /** A certificate of its own making, that a TLSA record vouches for. */
  'dane',
  /** The same, and the record is about another one. */
  'dane-other',
  /** TLS 1.2 at most, and it asks for our certificate. */
  'tls-1.2',
  /** Hangs up on who says nothing for a second. */
  'hasty',
  /** Takes {@link FEW} recipients of a message. */
  'few',
] as const;
export type HostKind = (typeof HOST_KINDS)[number];

/** Octets. */
export const SMALL = 10_000;
/** Recipients. */
export const FEW = 10;

/** One of them. */
export interface PeerHost {
  readonly kind: HostKind;
  readonly domain: string;
  readonly address: string;
  /** Key and certificate in one file. */
  readonly pem: string;
}

/** Makes their names, certificates and policies; nobody listens yet. */
export async function preparePeerHosts(world: World, folder: string): Promise<readonly PeerHost[]> {
  const hosts = HOST_KINDS.map((kind, index): PeerHost => {
    const address = `127.0.1.${index + 1}`;
    return { kind, domain: `${kind}.peer.test`, address, pem: join(folder, `${address}.pem`) };
  });
  for (const host of hosts) await prepare(host, world);
  return hosts;
}

const CERTIFICATES: Readonly<Partial<Record<HostKind, CertificateKind>>> = {
  expired: 'expired',
  dane: 'self-signed',
  'dane-other': 'self-signed',
};
const TLSA: Readonly<Partial<Record<HostKind, TlsaKind>>> = { dane: 'ee', 'dane-other': 'wrong' };

async function prepare({ kind, domain, address, pem }: PeerHost, world: World): Promise<void> {
  const { ca } = world;
  const host = `mx.${domain}`;
  const certificate = ca.issue([host], CERTIFICATES[kind]);
  writeFileSync(pem, `${certificate.key}\n${certificate.chain}`, { mode: 0o644 });
  const tlsa = TLSA[kind];
  await world.domain({
    name: domain,
    zone: tlsa === undefined ? 'insecure' : 'secure',
    mx: 'none',
    records: [
      { type: 'MX', name: domain, preference: 10, exchange: host },
      { type: 'A', name: host, value: address },
      ...(tlsa === undefined ? [] : [tlsaRecord(tlsa, { host, port: 25, certificate, ca })]),
    ],
    ...(tlsa === undefined ? { sts: { mode: 'enforce', mx: [host] } } : {}),
  });
}

/** The mail server, both as a client of the relay and as a receiver. */
export interface RelayMta {
  /** Where it takes messages of people, for the relay, on loopback. */
  readonly port: number;
  /** The message with this text in it, as it lies in a mailbox; undefined: there is none. */
  stored(text: string): Buffer | undefined;
  /** The host that greylists has seen enough. */
  endGreylisting(): void;
  log(): string;
}

/** The ways in which it hands messages to the relay; the local part of the sender says which. */
export const WAYS = ['plain', 'tls', 'sasl', 'wrapped'] as const;
export type Way = (typeof WAYS)[number];

/** Where the relay is: STARTTLS, and TLS from the first octet. */
export const RELAY_PORTS = { startTls: 2526, tls: 2527 } as const;

/** What it is started with. */
export interface RelayMtaStart {
  readonly folder: string;
  readonly caFile: string;
  readonly hosts: readonly PeerHost[];
}
