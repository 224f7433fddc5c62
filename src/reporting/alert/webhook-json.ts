/**
 * An alert as JSON for a webhook. The format is an interface: fields are added, never changed.
 *
 * @module
 */
import { jsonLine } from '../../json.ts';
import { dayText } from '../day.ts';
import { alertLines } from './alert-text.ts';
import type { AlertEvent } from './types.ts';

/** One alert event. Texts may hold what strangers wrote; control characters are escaped. */
export function webhookJson({ id: messageId, event: of }: WebhookMessage): string {
  const { event, id, kind, domain, openedAt, closedAt, facts } = of;
  const { firstDay, lastDay, ...rest } = facts;
  return jsonLine({
    version: 1,
    messageId,
    event,
    alertId: id,
    kind,
    domain,
    openedAt: new Date(openedAt).toISOString(),
    ...(closedAt === undefined ? {} : { closedAt: new Date(closedAt).toISOString() }),
    ...rest,
    firstDay: dayText(firstDay),
    lastDay: dayText(lastDay),
    // What chat services show; they read `<`, `>` and `&` as mark-up.
    text: alertLines(of, 'every-letter')
      .join('\n')
      .replaceAll(/[&<>]/g, (sign) => ENTITY[sign]!),
  });
}

/** A message to a webhook. */
export interface WebhookMessage {
  /** The same at each attempt, so that a receiver can drop the second one. */
  readonly id: string;
  readonly event: AlertEvent;
}

const ENTITY: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
