/**
 * The words of the alerts.
 *
 * @module
 */
import type { ResultType } from '../../failure.ts';
import type { ReportAlertTable } from '../../store/alert-tables.ts';
import type { Actor } from '../summary/meaning.ts';
import type { SendResult, UtcDay } from '../types.ts';

/**
 * What an alert is about. `failure`: a kind of failure that was not there before. `rate`: too many
 * failed sessions on a day. `silent`: a reporter that reported daily and does not any more.
 * `foreign-policy`: a sender was held to a policy that is not ours.
 */
export type AlertKind = ReportAlertTable['kind'];

/** What was found; texts may come from strangers: they are escaped wherever they are shown. */
export interface AlertFacts {
  /** One line. */
  readonly title: string;
  readonly means: string;
  readonly todo: string;
  readonly actor: Actor;
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
  readonly senders: readonly string[];
  /** What a comparison with our own policy, hosts and certificates shows, and explains it. */
  readonly causes: readonly string[];
  /** What it shows that speaks against it: it may be over, or the sender wrong. */
  readonly against?: readonly string[];
  /** What could not be looked at. */
  readonly unseen?: readonly string[];
  readonly resultType?: ResultType | 'unknown';
  readonly mxHost?: string;
  readonly reasons?: readonly string[];
  readonly sessions?: number;
  readonly failures?: number;
  /** Findings that are told in this one alert; absent: it is one by itself. */
  readonly more?: number;
  /** None of the senders has ever reported before, as far as the last weeks show. */
  readonly firstReport?: boolean;
}

/** Something that is a reason for an alert now. */
export interface Finding {
  /** The same whenever it is found again. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly domain: string;
  readonly facts: AlertFacts;
}

/** Something to tell. */
export interface AlertEvent {
  readonly event: 'opened' | 'closed';
  /** Of the alert. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly domain: string;
  /** Milliseconds since the Unix epoch. */
  readonly openedAt: number;
  readonly closedAt?: number;
  readonly facts: AlertFacts;
}

/** POSTs JSON to the webhook once, now. 2xx alone is `accepted`. */
export type PostWebhook = (url: string, json: string, signal?: AbortSignal) => Promise<SendResult>;

/** What is counted; all labels are from closed sets. */
export interface AlertMetrics {
  event(kind: AlertKind, event: AlertEvent['event']): void;
  message(channel: 'mail' | 'webhook', outcome: 'sent' | 'later' | 'given-up'): void;
}
