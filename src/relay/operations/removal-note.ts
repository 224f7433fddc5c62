/**
 * What a command took out of the queue or changed in it, told to the running service: its log is where people look
 * for a message that is no longer there.
 *
 * @module
 */
import { z } from 'zod';
import type { Log } from '../../log/log.ts';
import type { RelayMetrics } from '../../metrics/relay-types.ts';

const count = z.number().int().nonnegative();

const NOTE = z
  .object({
    how: z.enum(['drop', 'bounce', 'hold', 'release', 'retry']),
    by: z.string(),
    jobs: z
      .array(
        z
          .object({
            messageId: z.string(),
            destination: z.string(),
            recipients: count,
            notifications: count,
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

/** Jobs that are gone or changed: who did it, and how many were told. */
export type RemovalNote = z.infer<typeof NOTE>;

/** A job that is gone. */
export type RemovedJob = RemovalNote['jobs'][number];

/** A note as it came over the control socket; undefined where it is none. */
export function readRemovalNote(value: unknown): RemovalNote | undefined {
  return NOTE.safeParse(value).data;
}

/** Words for what stays queued. */
const CHANGED: Readonly<Partial<Record<RemovalNote['how'], string>>> = {
  hold: 'held',
  release: 'released',
  retry: 'to be tried now',
};

/** Writes a line for each job, and counts the notifications that the command queued. */
export function noteRemoval(
  { how, by, jobs }: RemovalNote,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<RelayMetrics, 'bounced'> },
): void {
  const changed = CHANGED[how];
  for (const { messageId: id, destination, recipients, notifications } of jobs) {
    if (changed !== undefined) {
      log.info({ event: 'changed', how, id, destination, by }, `${changed}, says ${by}`);
      continue;
    }
    const fields = { event: 'removed', how, id, destination, recipients, notifications, by };
    log.warn(fields, lineOf(how, { by, notifications }));
    for (let told = 0; told < notifications; told += 1) metrics.bounced('failed');
  }
}

function lineOf(
  how: RemovalNote['how'],
  { by, notifications }: { readonly by: string; readonly notifications: number },
): string {
  if (how === 'drop') return `dropped by ${by}, and nobody is told`;
  return notifications > 0
    ? `returned to the author by ${by}`
    : `given up by ${by}, and nobody is told`;
}
