/**
 * Sends the messages that wait, each until it is accepted, but no longer than a day.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import type { ReportAlertMessageTable } from '../../store/alert-tables.ts';
import type { Store } from '../../store/types.ts';
import type { SendMail, SendResult } from '../types.ts';
import { alertMail } from './alert-mail.ts';
import type { AlertEvent, AlertMetrics, PostWebhook } from './types.ts';
import { webhookJson } from './webhook-json.ts';

/** With what messages are sent. */
export interface DeliverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: AlertMetrics;
  /** `From` of mails; '' where there is none. */
  readonly from: string;
  readonly sendMail: SendMail;
  readonly postWebhook: PostWebhook;
  readonly signal: AbortSignal;
}

const MINUTE = 60_000;
/** Waits between attempts; the last one again and again. */
const WAITS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];
const GIVE_UP_AFTER = 24 * 60 * MINUTE;
/** For this long a message that is being sent is left alone by other nodes. */
const CLAIM = 10 * MINUTE;
const MOST_AT_ONCE = 50;

/** Sends what is due. */
export async function deliverAlerts(options: DeliverOptions): Promise<void> {
  const { store, clock, signal } = options;
  const due = await store.db
    .selectFrom('report_alert_message')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('next_at', '<=', clock.now())
    .orderBy('next_at')
    .orderBy('id')
    .limit(MOST_AT_ONCE)
    .execute();
  for (const message of due) {
    if (signal.aborted) return;
    if (!(await claim(options, message))) continue;
    const result = await sendOne(options, message);
    // Called off by us: the next start tries again.
    if (signal.aborted && result.kind !== 'accepted') return;
    await note(options, message, result);
  }
}

/** A crash between sending and noting sends once more, with the same id, and never more. */
async function claim(
  { store, clock }: DeliverOptions,
  { id, next_at: nextAt, attempts }: ReportAlertMessageTable,
): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable('report_alert_message')
    .set({ next_at: clock.now() + CLAIM, attempts: attempts + 1 })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where('next_at', '=', nextAt)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function sendOne(
  { from, sendMail, postWebhook, signal }: DeliverOptions,
  message: ReportAlertMessageTable,
): Promise<SendResult> {
  const { id, channel, target } = message;
  const events = JSON.parse(message.events) as readonly AlertEvent[];
  try {
    switch (channel) {
      case 'mail': {
        if (from === '') return later('ALERT_NO_SENDER', 'no address to send alerts from');
        const mail = alertMail({ id, from, to: target, events, date: message.created_at });
        return await sendMail(mail, signal);
      }
      case 'webhook':
        return await postWebhook(target, webhookJson({ id, event: events[0]! }), signal);
    }
  } catch (error) {
    return later('ALERT_NOT_SENT', printable((error as Error).message));
  }
}

function later(code: 'ALERT_NO_SENDER' | 'ALERT_NOT_SENT', detail: string): SendResult {
  return { kind: 'later', failure: { code, detail } };
}

async function note(
  { store, clock, log, metrics }: DeliverOptions,
  { id, channel, attempts, created_at: createdAt }: ReportAlertMessageTable,
  result: SendResult,
): Promise<void> {
  const update = store.db.updateTable('report_alert_message').where('id', '=', id);
  if (result.kind === 'accepted') {
    await update.set({ state: 'sent', last_text: printable(result.text) }).execute();
    metrics?.message(channel, 'sent');
    return;
  }
  const now = clock.now();
  const text = `${printable(result.failure.detail)} (${result.failure.code})`;
  const wait = result.retryAfterMs ?? WAITS[Math.min(attempts, WAITS.length - 1)]!;
  const isOver = now + wait > createdAt + GIVE_UP_AFTER;
  await update
    .set({ state: isOver ? 'given-up' : 'waiting', next_at: now + wait, last_text: text })
    .execute();
  metrics?.message(channel, isOver ? 'given-up' : 'later');
  const code = isOver ? 'ALERT_GIVEN_UP' : 'ALERT_NOT_SENT';
  log.error(
    { event: isOver ? 'alert-given-up' : 'alert-not-sent', code, channel, attempt: attempts + 1 },
    `an alert could not be sent by ${channel}: ${text}`,
  );
}
