/**
 * Does mail leave the queue, and is there room for more?
 *
 * @module
 */
import type { QueueState } from './doctor-relay-types.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

const CHECK = 'relay queue';
const HOUR_MS = 3_600_000;
/** By then every attempt of the usual schedule but the slow ones has been made. */
const OLD_MS = 4 * HOUR_MS;
/** More wait only where something is wrong, or very much is sent. */
const MANY = 10_000;

/** Looks at the queue. Where there is no database yet, there is none to look at. */
export async function queueFindings({ relay, clock }: Surroundings): Promise<readonly Finding[]> {
  const read = await relay.readQueue();
  if (!read.ok) {
    const { code, detail } = read.failure;
    return [warning(CHECK, `not read: ${detail} (${code})`, 'mend the store, as said there')];
  }
  if (read.value === undefined) return [fine(CHECK, 'empty: there is no database yet')];
  return [numbersFinding(read.value, clock.now()), ...roomFindings(read.value)];
}

function numbersFinding(state: QueueState, now: number): Finding {
  const { messages, waiting, held, oldestAcceptedAt } = state;
  if (oldestAcceptedAt === undefined) return fine(CHECK, 'empty');
  const age = Math.max(0, now - oldestAcceptedAt);
  const what =
    `${messages} ${messages === 1 ? 'message' : 'messages'}, ${waiting} deliveries wait, ${held} are held; ` +
    `the oldest came ${ageText(age)} ago`;
  if (age <= OLD_MS && waiting <= MANY) return fine(CHECK, what);
  const release = held > 0 ? '; what is held leaves after `smtp-sts queue release`' : '';
  return warning(CHECK, what, `\`smtp-sts queue\` says what waits, and why${release}`);
}

function roomFindings({ full }: QueueState): readonly Finding[] {
  if (full === undefined) return [];
  const { code, detail } = full;
  return [
    failing(
      'relay disk',
      `new mail is put off: ${detail} (${code})`,
      'make room on that disk, or move the database to a larger one',
    ),
  ];
}

function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(ms / HOUR_MS);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
