/**
 * What all connections of the server share. The settings in it change with a reload.
 *
 * @module
 */
import type { SecureContext } from 'node:tls';
import type { Clock } from '../../clock.ts';
import type { RelaySettings } from '../../config/types.ts';
import type { Log } from '../../log/log.ts';
import type { RelayRefusal } from '../../metrics/relay-types.ts';
import type { Queue } from '../queue/types.ts';
import type { ClientLimits } from './client-limits.ts';
import type { ContentBudget } from './content-budget.ts';
import type { TrustedNetworks } from './networks.ts';
import type { SubmissionMetrics } from './types.ts';
import type { Users } from './users.ts';

/** Everything that comes from the settings. */
export interface Ruling {
  readonly settings: RelaySettings;
  readonly networks: TrustedNetworks;
  readonly users: Users | undefined;
  readonly certificate: SecureContext | undefined;
}

/** Shared by the connections of one server. */
export interface Entrance {
  /** Replaced as a whole. */
  ruling: Ruling;
  /** No more commands are taken. */
  isClosing: boolean;
  readonly heloName: string;
  readonly queue: Pick<Queue, 'open'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: SubmissionMetrics;
  readonly limits: ClientLimits;
  readonly budget: ContentBudget;
  readonly tally: Tally;
  readonly dateText: (now: number) => string;
}

/** Numbers since the start. */
export class Tally {
  accepted = 0;
  authFailures = 0;
  readonly #refused = new Map<RelayRefusal, number>();
  readonly #versions = new Map<string, number>();

  refused(reason: RelayRefusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  handshake(version: string): void {
    this.#versions.set(version, (this.#versions.get(version) ?? 0) + 1);
  }

  refusals(): Readonly<Partial<Record<RelayRefusal, number>>> {
    return Object.fromEntries(this.#refused);
  }

  versions(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#versions);
  }
}

/** One refusal: counted, and logged with the reply that was given. */
export function noteRefusal(
  entrance: Pick<Entrance, 'log' | 'metrics' | 'tally'>,
  refusal: {
    readonly reason: RelayRefusal;
    readonly client: string;
    readonly reply: string;
    readonly user?: string | undefined;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    /** In the log alone: it may name files of ours. */
    readonly detail?: string | undefined;
  },
): void {
  entrance.tally.refused(refusal.reason);
  entrance.metrics.refused(refusal.reason);
  const reply = refusal.reply.trimEnd();
  entrance.log.info(
    { event: 'refused', ...refusal, reply },
    `${refusal.client} was told: ${reply}`,
  );
}
