/**
 * The dispatcher as its users see it: it takes jobs out of the queue and delivers them.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import type { Log } from '../../log/log.ts';
import type { Metrics } from '../../metrics/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { Engine } from '../../tls-policy/engine-types.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { NoticeOptions, Notices } from '../bounce/types.ts';
import type { DeliverOptions } from '../deliver.ts';
import type { OwnIdentity } from '../mx-walk-order.ts';
import type { Queue } from '../queue/types.ts';
import type { Routes } from '../routes/types.ts';
import type { PoolNumbers } from '../session-pool/types.ts';

/** What of the configuration counts here. */
export type DispatchConfig = Pick<Config, 'smtp' | 'tls' | 'relay'> & {
  readonly mtaSts: Pick<Config['mtaSts'], 'firstContactRelayMs'>;
};

/** What a dispatcher stands on. */
export interface DispatcherOptions {
  readonly queue: Queue;
  readonly engine: Pick<Engine, 'decide' | 'policies' | 'ca'>;
  readonly config: DispatchConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'relay'>;
  /** Writes notifications. */
  readonly notify: (options: NoticeOptions) => Notices;
  /** Absent: all mail goes to its own MX. */
  readonly routes?: Routes;
  /** This machine, as MX records may name it; asked at each change of settings. Default: the EHLO name alone. */
  readonly own?: (config: DispatchConfig) => OwnIdentity;
  /** Called for each session that was opened or refused: what TLS reports are made of. */
  readonly onAttempt?: (event: AttemptEvent, decision: DecisionRecord) => void;
  /** Replaces the delivery's own in tests. */
  readonly delivery?: Pick<DeliverOptions, 'connect' | 'timeouts' | 'random'>;
}

/** The dispatcher in numbers. */
export interface DispatchNumbers {
  /** Jobs that were taken: under way, waiting for room, or waiting to be written back. */
  readonly taken: number;
  /** Deliveries under way. */
  readonly inFlight: number;
  /** Next hops that are known at present. */
  readonly hops: number;
  /** Those that are left alone for a while because nobody there answers. */
  readonly hopsBackingOff: number;
  /** Those that wait for a place at a host that is full. */
  readonly hopsInLine: number;
  readonly sessions: PoolNumbers;
}

/** Delivers what is queued. */
export interface Dispatcher {
  /** Begins: offers itself to the queue for fresh jobs, and looks for those that are due. */
  start(): void;
  /** Something may be due: to this destination, which is then tried at once, or anywhere. */
  wake(destination?: string): void;
  /**
   * Goes on by other settings; what is under way ends under the old ones. Hops that are left alone
   * are tried at once: their fault may be what was mended.
   *
   * @param routes absent: there are none any more
   */
  reload(config: DispatchConfig, routes?: Routes): void;
  /**
   * No new deliveries. Those under way may end within `relay.shutdown_timeout`; the rest is broken
   * off and given back. Resolves when nothing is taken any more.
   */
  stop(): Promise<void>;
  stats(): DispatchNumbers;
}
