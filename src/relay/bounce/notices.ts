/**
 * Writes what an author is told: one notification for all recipients in the same plight.
 *
 * @module
 */
import type { NoticeOptions, Notices } from './types.ts';

/** What to queue and what to log. */
export function notificationsFor({ recipients }: NoticeOptions): Notices {
  const dropped = recipients.map(({ address }) => ({ recipient: address, why: 'not written' }));
  return { notifications: [], dropped };
}
