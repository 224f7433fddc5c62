/**
 * What the doctor looks at of the relay. The relay itself stands on the same floor, so that its
 * loaders and rules come in as functions.
 *
 * @module
 */
import type { Resolver } from '../dns/types.ts';
import type { Failure, Outcome } from '../failure.ts';

/** The queue in numbers. */
export interface QueueState {
  readonly messages: number;
  readonly waiting: number;
  readonly held: number;
  /** Milliseconds since the Unix epoch; undefined: the queue is empty. */
  readonly oldestAcceptedAt: number | undefined;
  /** Why new mail is put off for want of room; undefined: it is taken. */
  readonly full: Failure | undefined;
}

/** Why nobody can listen at an address; `denied`: this user alone cannot. */
export type ListenFault = 'taken' | 'not-here' | 'denied' | 'failed';

/** Everything of the relay that the doctor looks at. */
export interface RelaySurroundings {
  /** The text of a PEM file, or why it cannot be read. */
  readonly readPem: (path: string) => Outcome<string>;
  /** Loads certificate and key as the service does. */
  readonly loadCertificate: () => Outcome<unknown>;
  /** Loads the users file as the service does. @returns how many users there are */
  readonly countUsers: (path: string) => Promise<Outcome<number>>;
  /** Makes the routes as the service does, with their passwords. */
  readonly loadRoutes: () => Outcome<unknown>;
  /** The open-relay rule for the trusted networks, as if the relay listened there. */
  readonly checkNotOpen: (listen: readonly string[]) => Outcome<unknown>;
  readonly isLoopbackListener: (listen: string) => boolean;
  /** Is there a trusted network that is not only this machine? */
  readonly trustsOthers: boolean;
  readonly trustsLoopback: boolean;
  /** The trusted networks in which somebody outside may be. */
  readonly publicNetworks: readonly string[];
  /** Listens for a moment; undefined: it could. */
  readonly tryListen: (listen: string) => Promise<ListenFault | undefined>;
  readonly dns: Pick<Resolver, 'lookup'>;
  /** The names in the reverse DNS of an address; undefined: DNS does not answer. */
  readonly namesOf: (address: string) => Promise<readonly string[] | undefined>;
  /** The addresses that this machine chooses for connections to the outside, at most one a family. */
  readonly sourceAddresses: () => Promise<readonly string[]>;
  /** Ok without a value where there is no database yet. */
  readonly readQueue: () => Promise<Outcome<QueueState | undefined>>;
}
