/**
 * One walk through a Maildir: every message that nobody has read is taken in, and flagged as read
 * once its report is in the archive. Nothing is ever deleted.
 *
 * @module
 */
import { constants } from 'node:fs';
import { lstat, open, rename } from 'node:fs/promises';
import { printable } from '../../printable.ts';
import { type Listed, listUnread, pathOf, type Place, placeText } from './maildir-list.ts';
import { asRead } from './maildir-name.ts';
import { FOR_GOOD, type MaildirMemory } from './maildir-memory.ts';
import type { ReceiverOptions } from './receiver-types.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import { dayOf, endOf } from '../day.ts';

const HOUR_MS = 3_600_000;
/**
 * So many that wait, one after the other, mean that the archive does not answer. One alone means
 * nothing: it may be the DNS of its sender, and nobody's mail may hold up that of others.
 */
const ENOUGH_LATER = 10;
/** Messages under way: some may wait for DNS. */
const AT_ONCE = 8;

/** What a walk stands on. */
export interface ScanOptions extends ReceiverOptions {
  readonly path: string;
  readonly memory: MaildirMemory;
  readonly signal: AbortSignal;
}

/** What a walk found. */
export interface ScanResult {
  /** Messages that were read. */
  readonly read: number;
  /** Of those: flagged as dealt with. */
  readonly done: number;
  /** `later`: it ended early, the archive does not take anything now. */
  readonly end: 'whole' | 'later' | 'stopped';
}

/** @throws what the system says where the folders cannot be read */
export async function scanMaildir(options: ScanOptions): Promise<ScanResult> {
  const { path, memory, clock, signal } = options;
  const listed = await listUnread(path, memory);
  const taking: Taking = { ...options, given: new Set() };
  const walk: Walk = { read: 0, done: 0, laterInARow: 0 };
  const underWay = new Set<Promise<void>>();
  const note = (step: Step): void => {
    if (step !== 'gone') walk.read += 1;
    if (step === 'done') walk.done += 1;
    if (step !== 'unproven') walk.laterInARow = step === 'later' ? walk.laterInARow + 1 : 0;
  };
  const end = (): ScanResult['end'] | undefined => {
    if (signal.aborted) return 'stopped';
    return walk.laterInARow >= ENOUGH_LATER ? 'later' : undefined;
  };
  try {
    for (const place of listed) {
      if (end() !== undefined) break;
      if (memory.isLeft(place.key, clock.now())) continue;
      const { maxBytes } = options.settings();
      const file = await readFile(pathOf(path, place), maxBytes);
      const taken: Promise<void> = takeIn(place, file, taking)
        .then(note)
        .finally(() => underWay.delete(taken));
      underWay.add(taken);
      if (underWay.size >= AT_ONCE) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
  return { read: walk.read, done: walk.done, end: end() ?? 'whole' };
}

interface Walk {
  read: number;
  done: number;
  laterInARow: number;
}

interface Taking extends ScanOptions {
  /** Names in `cur` that this walk has given to messages. */
  readonly given: Set<string>;
}

/** `unproven`: it waits for the key of its sender, which says nothing of the archive. */
type Step = 'done' | 'left' | 'later' | 'unproven' | 'gone';

async function takeIn(place: Listed, file: FileReading, options: Taking): Promise<Step> {
  const { intake, clock } = options;
  switch (file.kind) {
    case 'gone':
      return 'gone';
    case 'wrong':
      // It may be mended; asking once an hour costs nothing.
      return leave(place, { until: clock.now() + HOUR_MS, why: file.why, level: 'warn' }, options);
    case 'too-large': {
      options.metrics?.atTheDoor('maildir', 'too-large');
      const why = `it has ${file.octets} octets, more than reporting.receive.max_size`;
      return leave(place, { until: FOR_GOOD, why, level: 'warn' }, options);
    }
    case 'read':
      return await settle(place, verdictOf(await intake.message(file.bytes, 'maildir')), options);
  }
}

async function settle(place: Listed, verdict: Verdict, options: Taking): Promise<Step> {
  const { clock } = options;
  switch (verdict.kind) {
    case 'kept':
    case 'known':
      return await flag(place, options);
    case 'later':
      if (options.memory.leaveForAWhile(place.key, clock.now())) {
        tell(place, { why: whyOf(verdict), level: 'info' }, options);
      }
      return verdict.failure.code === 'REPORT_INTAKE_KEY_UNKNOWN' ? 'unproven' : 'later';
    case 'over-quota': {
      const until = endOf(dayOf(clock.now()));
      return leave(place, { until, why: whyOf(verdict), level: 'info' }, options);
    }
    case 'foreign':
    case 'refused':
      return leave(place, { until: FOR_GOOD, why: whyOf(verdict), level: 'info' }, options);
    case 'not-a-report':
      return leave(place, { until: FOR_GOOD, why: whyOf(verdict), level: 'debug' }, options);
  }
}

function whyOf({ failure }: Extract<Verdict, { readonly failure: unknown }>): string {
  return `${failure.detail} (${failure.code})`;
}

interface Reason {
  readonly why: string;
  readonly level: 'debug' | 'info' | 'warn';
}

interface Leaving extends Reason {
  readonly until: number;
}

/** It stays as it is, for whoever reads the mailbox; the log tells of it once. */
function leave(place: Listed, { until, ...reason }: Leaving, options: ScanOptions): Step {
  if (options.memory.leave(place.key, until)) tell(place, reason, options);
  return 'left';
}

function tell(place: Place, { why, level }: Reason, { log }: ScanOptions): void {
  const file = printable(placeText(place));
  log[level]({ event: 'maildir-left', file }, `${file} is left in the Maildir: ${why}`);
}

/**
 * Only now, for the archive has it: a crash before this makes the message be read again, and the
 * archive knows it.
 *
 * Renamed, but never over another message: `rename` would replace it, so its name is looked for
 * before. To link and unlink would need no look, but shows the message twice for a moment, and mail
 * servers that see that remove one of the two, maybe the one that we leave.
 */
async function flag(place: Listed, options: Taking): Promise<Step> {
  const { path, given, clock } = options;
  const read: Place = { folder: 'cur', name: asRead(place.name) };
  try {
    // Of this walk's own: another message is on its way to that name.
    const isGiven = given.has(read.name);
    given.add(read.name);
    if (isGiven || (await isThere(pathOf(path, read)))) {
      const why = `its report is in the archive, but another message has the name ${printable(placeText(read))}: rename one of them`;
      return leave(place, { until: clock.now() + HOUR_MS, why, level: 'warn' }, options);
    }
    await rename(pathOf(path, place), pathOf(path, read));
    return 'done';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A mail program has moved it: the next walk finds it under its new name.
    if (code === 'ENOENT') return 'gone';
    const why = `the report is in the archive, but the message cannot be flagged: ${message}`;
    return leave(place, { until: FOR_GOOD, why, level: 'warn' }, options);
  }
}

async function isThere(path: string | Buffer): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

type FileReading =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large'; readonly octets: number }
  | { readonly kind: 'wrong'; readonly why: string }
  | { readonly kind: 'gone' };

/** A link or a pipe in a Maildir is no message: neither is followed, neither is waited for. */
async function readFile(path: string | Buffer, maxBytes: number): Promise<FileReading> {
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) return { kind: 'wrong', why: 'it is no file' };
    if (stat.size > maxBytes) return { kind: 'too-large', octets: stat.size };
    return { kind: 'read', bytes: await file.readFile() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'gone' };
    if (code === 'ELOOP') return { kind: 'wrong', why: 'it is a link' };
    return { kind: 'wrong', why: `it cannot be read: ${message}` };
  }
}
