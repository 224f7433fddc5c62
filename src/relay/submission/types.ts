/**
 * The server that takes messages, as the rest of the relay sees it.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { RelaySettings } from '../../config/types.ts';
import type { Failure, Outcome } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import type { RelayMetrics, RelayRefusal } from '../../metrics/relay-types.ts';
import type { Queue } from '../queue/types.ts';

/** What is counted here. */
export type SubmissionMetrics = Pick<
  RelayMetrics,
  'accepted' | 'refused' | 'authFailed' | 'committed' | 'watchConnections'
>;

/** What the server works with. */
export interface SubmissionOptions {
  readonly settings: RelaySettings;
  /** Our own name: in the greeting, in `Received`, in added Message-IDs. */
  readonly heloName: string;
  readonly queue: Pick<Queue, 'open'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: SubmissionMetrics;
  /** Octets that contents under way may hold in memory together; clients wait beyond. Default 128 MiB. */
  readonly contentBudget?: number;
}

/** Numbers since the start, unless they are said to be of now. */
export interface SubmissionStats {
  /** Now. */
  readonly connections: number;
  /** Of these, inside TLS. */
  readonly secure: number;
  readonly accepted: number;
  readonly refused: Readonly<Partial<Record<RelayRefusal, number>>>;
  readonly authFailures: number;
  /** Octets that contents under way hold in memory now. */
  readonly contentHeld: number;
  /** Handshakes by protocol version. */
  readonly tlsVersions: Readonly<Record<string, number>>;
}

/** The running server. */
export interface Submission {
  /** Where it listens, as `address:port` with the real port: those of `listen`, then those of `listenTls`. */
  readonly addresses: readonly string[];
  /**
   * Takes new settings, certificates and users for every command from now on. All or nothing:
   * on a failure the old ones stay. Addresses only change with a restart.
   */
  reload(settings: RelaySettings): Promise<Outcome<undefined>>;
  stats(): SubmissionStats;
  /** Takes no more connections, lets messages under way end for `graceMs` milliseconds, then ends everything. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** The server cannot or must not start. */
export class SubmissionRefused extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.detail} (${failure.code})`);
    this.failure = failure;
  }
}
