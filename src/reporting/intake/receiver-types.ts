/**
 * What the places where reports come in have in common.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { Failure } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import type { ReportTurnedAway } from '../../metrics/reporting-types.ts';
import type { Intake } from './types.ts';

/** What a receiver stands on. */
export interface ReceiverOptions {
  readonly intake: Intake;
  /** Asked each time: settings change while it runs. */
  readonly settings: () => ReportReceiveSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: ReceiverMetrics;
}

/** What is counted before the intake is asked; it counts the rest itself. */
export interface ReceiverMetrics {
  atTheDoor(way: 'https' | 'smtp' | 'maildir', why: ReportTurnedAway): void;
}

/** A receiver cannot start as the settings want it. */
export class ReceiverRefused extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}
