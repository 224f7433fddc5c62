/**
 * The book of alerts: what is open, what was, and the messages that tell of it. An alert and its
 * messages are written in one transaction, so that each opening is told once by however many nodes.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { ReportAlertTable } from '../../store/alert-tables.ts';
import type { Schema, Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';
import type { AlertEvent, AlertFacts, Finding } from './types.ts';

/** An alert as it stands in the book. */
export interface BookedAlert extends AlertEvent {
  readonly key: string;
  /** The newest day that speaks for it. */
  readonly lastDay: UtcDay;
}

/** Where messages go. */
export interface AlertTargets {
  readonly mailTo: readonly string[];
  /** Empty: none. */
  readonly webhook: string;
}

/** Alerts that are open. */
export async function openAlerts(store: Store): Promise<readonly BookedAlert[]> {
  const rows = await store.db
    .selectFrom('report_alert')
    .selectAll()
    .where('closed_at', 'is', null)
    .orderBy('opened_at')
    .execute();
  return rows.map(bookedOf);
}

/** All alerts, the newest first. */
export async function allAlerts(store: Store, limit: number): Promise<readonly BookedAlert[]> {
  const rows = await store.db
    .selectFrom('report_alert')
    .selectAll()
    .orderBy('opened_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(bookedOf);
}

/** The newest day for which an alert of the key has ever spoken; 0: there was none. */
export async function lastDayOfKey(store: Store, key: string): Promise<UtcDay> {
  const row = await store.db
    .selectFrom('report_alert')
    .select(({ fn }) => fn.max('last_day').as('last_day'))
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.last_day ?? 0;
}

/** What changes. */
export interface BookChange {
  readonly store: Store;
  readonly now: number;
  readonly opened: readonly Finding[];
  readonly closed: readonly BookedAlert[];
  /** Open ones that newer days speak for. */
  readonly goOn: readonly { readonly id: string; readonly lastDay: UtcDay }[];
  readonly targets: AlertTargets;
}

/** Writes changes and messages. @returns the events that this call has brought about */
export async function writeBook(change: BookChange): Promise<readonly AlertEvent[]> {
  const { store, now, opened, closed, goOn, targets } = change;
  if (opened.length + closed.length + goOn.length === 0) return [];
  return await store.db.transaction().execute(async (transaction) => {
    const events: AlertEvent[] = [];
    for (const finding of opened) {
      const event = await open(transaction, finding, now);
      if (event !== undefined) events.push(event);
    }
    for (const alert of closed) {
      const event = await close(transaction, alert, now);
      if (event !== undefined) events.push(event);
    }
    for (const { id, lastDay } of goOn) {
      await transaction
        .updateTable('report_alert')
        .set({ last_day: lastDay })
        .where('id', '=', id)
        .where('last_day', '<', lastDay)
        .execute();
    }
    await writeMessages(transaction, { events, targets, now });
    return events;
  });
}

async function open(
  transaction: Transaction<Schema>,
  { key, kind, domain, facts }: Finding,
  now: number,
): Promise<AlertEvent | undefined> {
  const id = randomUUID();
  const row = { id, key, kind, domain, opened_at: now, closed_at: null, last_day: facts.lastDay };
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('report_alert')
    .values({ ...row, facts: JSON.stringify(facts) })
    .onConflict((conflict) => conflict.column('key').where('closed_at', 'is', null).doNothing())
    .executeTakeFirst();
  // Another node was quicker: it tells.
  if ((numInsertedOrUpdatedRows ?? 0n) === 0n) return undefined;
  return { event: 'opened', id, kind, domain, openedAt: now, facts };
}

async function close(
  transaction: Transaction<Schema>,
  { id, kind, domain, openedAt, facts }: BookedAlert,
  now: number,
): Promise<AlertEvent | undefined> {
  const { numUpdatedRows } = await transaction
    .updateTable('report_alert')
    .set({ closed_at: now })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return undefined;
  return { event: 'closed', id, kind, domain, openedAt, closedAt: now, facts };
}

interface Telling {
  readonly events: readonly AlertEvent[];
  readonly targets: AlertTargets;
  readonly now: number;
}

/** One mail for all that was found at once, so that a bad night fills no mailbox; the webhook gets each. */
async function writeMessages(
  transaction: Transaction<Schema>,
  { events, targets, now }: Telling,
): Promise<void> {
  if (events.length === 0) return;
  const mails = targets.mailTo.map((target) => ({ channel: 'mail' as const, target, of: events }));
  const posts = (targets.webhook === '' ? [] : events).map((event) => {
    return { channel: 'webhook' as const, target: targets.webhook, of: [event] };
  });
  for (const [index, { channel, target, of }] of [...mails, ...posts].entries()) {
    await transaction
      .insertInto('report_alert_message')
      .values({
        id: `${now}.${String(index).padStart(6, '0')}.${randomUUID()}`,
        channel,
        target,
        events: JSON.stringify(of),
        created_at: now,
        state: 'waiting',
        attempts: 0,
        next_at: now,
        last_text: null,
      })
      .execute();
  }
}

/** Forgets what is over since before `closedBefore`, and messages from before `sentBefore`. */
export async function pruneBook(
  store: Store,
  closedBefore: number,
  sentBefore: number,
): Promise<void> {
  await store.db.deleteFrom('report_alert').where('closed_at', '<', closedBefore).execute();
  await store.db
    .deleteFrom('report_alert_message')
    .where('state', '<>', 'waiting')
    .where('created_at', '<', sentBefore)
    .execute();
}

function bookedOf(row: ReportAlertTable): BookedAlert {
  return {
    event: row.closed_at === null ? 'opened' : 'closed',
    id: row.id,
    key: row.key,
    kind: row.kind,
    domain: row.domain,
    openedAt: row.opened_at,
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at }),
    lastDay: row.last_day,
    facts: JSON.parse(row.facts) as AlertFacts,
  };
}
