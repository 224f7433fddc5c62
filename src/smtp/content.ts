/**
 * Sends message content, by DATA or BDAT, as fast as the other side takes it.
 *
 * @module
 */
import { bdat } from './command.ts';
import { ContentWriter } from './dot-stuffing.ts';
import { deferred, failed, isPositive, refusal } from './fate.ts';
import type { Fate, Step } from './fate.ts';
import type { LineSocket } from './line-socket.ts';
import { hasEightBit } from './message.ts';
import type { Plan } from './plan.ts';
import { printable } from '../printable.ts';
import type { MessageSource, SmtpTimeouts } from './types.ts';

/** Octets in one BDAT chunk at most. */
const BDAT_OCTETS = 262_144;

const MESSAGE_STEP: Step = { name: 'the message', refused: 'SMTP_MESSAGE_REFUSED' };

/** What sending content takes. */
export interface ContentJob {
  readonly line: LineSocket;
  readonly timeouts: SmtpTimeouts;
  readonly message: MessageSource;
  readonly octets: Plan['octets'];
}

/** After 354: the content, the final dot, and what the server says to it. */
export async function sendDotted(job: ContentJob): Promise<Fate> {
  const { line, timeouts } = job;
  const writer = new ContentWriter('dot');
  const wait = { timeoutMs: timeouts.dataBlock, what: 'room for more content' };
  const cut = await eachChunk(job, async (chunk) => {
    for (const piece of writer.write(chunk)) {
      const written = await line.write(piece, wait);
      // Nothing is to be said before the final dot; whoever does has made up its mind.
      if (line.unread) return await earlyAnswer(job);
      if (!written.ok) return deferred(written.failure);
    }
    return undefined;
  });
  if (cut !== undefined) return cut;
  return await sendEnd(job, writer.end());
}

/** Instead of DATA: the content in counted chunks (RFC 3030 §2), each one answered. */
export async function sendCounted(job: ContentJob): Promise<Fate> {
  const writer = new ContentWriter('counted');
  let held: Uint8Array[] = [];
  let octets = 0;
  const cut = await eachChunk(job, async (chunk) => {
    for (const piece of writer.write(chunk)) {
      if (octets + piece.length > BDAT_OCTETS) {
        const refused = await sendChunk(job, Buffer.concat(held));
        if (refused !== undefined) return refused;
        held = [];
        octets = 0;
      }
      held.push(piece);
      octets += piece.length;
    }
    return undefined;
  });
  if (cut !== undefined) return cut;
  const last = Buffer.concat([...held, writer.end()]);
  const { line, timeouts } = job;
  const command = await line.command([bdat(last.length, 'last')], {
    timeoutMs: timeouts.dataBlock,
    what: 'room for BDAT',
  });
  return command.ok ? await sendEnd(job, last) : deferred(command.failure);
}

/** DATA was accepted although no recipient was: the empty message that ends it (RFC 2920 §3.1). */
export async function sendNothing(job: Pick<ContentJob, 'line' | 'timeouts'>): Promise<void> {
  const { line, timeouts } = job;
  const wait = { timeoutMs: timeouts.dataEnd, what: 'the reply to an empty message' };
  const written = await line.write(Buffer.from('.\r\n'), wait);
  if (written.ok) await line.reply(wait);
}

/** The last octets and the final reply: from here on the message may have arrived. */
async function sendEnd({ line, timeouts }: ContentJob, end: Uint8Array): Promise<Fate> {
  if (line.closed !== undefined) return deferred(line.closed);
  const written = await line.write(end, {
    timeoutMs: timeouts.dataBlock,
    what: 'room for the end of the content',
  });
  // The reply may lie there although the connection is gone, so it is asked for in any case.
  const reply = await line.reply({
    timeoutMs: timeouts.dataEnd,
    what: 'the reply to the whole message',
  });
  if (!reply.ok) {
    const { detail } = written.ok ? reply.failure : written.failure;
    return deferred({
      code: 'SMTP_FINAL_REPLY_MISSING',
      detail: `${detail}, after the whole message was sent: it may arrive twice`,
    });
  }
  return fateOfMessage(line, reply.value);
}

function fateOfMessage(line: LineSocket, reply: Parameters<typeof refusal>[2]): Fate {
  if (isPositive(reply)) return { status: 'delivered', reply };
  const fate = refusal(line.label, MESSAGE_STEP, reply);
  if (reply.code < 400 && fate.status !== 'delivered') line.destroy(fate.failure);
  return fate;
}

/** A chunk that is not the last; undefined: go on. */
async function sendChunk(
  { line, timeouts }: ContentJob,
  chunk: Uint8Array,
): Promise<Fate | undefined> {
  const wait = { timeoutMs: timeouts.dataBlock, what: 'the reply to BDAT' };
  const command = await line.command([bdat(chunk.length, 'more')], wait);
  if (!command.ok) return deferred(command.failure);
  const written = await line.write(chunk, wait);
  const reply = await line.reply(wait);
  if (!reply.ok) return deferred(written.ok ? reply.failure : written.failure);
  if (isPositive(reply.value)) return undefined;
  return fateOfMessage(line, reply.value);
}

/** The server answered in the middle of the content: the dialogue cannot go on from there. */
async function earlyAnswer({ line, timeouts }: ContentJob): Promise<Fate> {
  const reply = await line.reply({
    timeoutMs: timeouts.dataBlock,
    what: 'the rest of a reply that came too early',
  });
  if (!reply.ok) return deferred(reply.failure);
  const fate = isPositive(reply.value)
    ? deferred({
        code: 'SMTP_REPLY_UNEXPECTED',
        detail: `${line.label} answered before the end of the content`,
      })
    : refusal(line.label, MESSAGE_STEP, reply.value);
  if (fate.status !== 'delivered') line.destroy(fate.failure);
  return fate;
}

/**
 * Pulls the content. A source that fails drops the connection: an end of data would pass off a
 * torso as the whole message.
 *
 * @returns the fate if sending was cut short
 */
async function eachChunk(
  job: ContentJob,
  send: (chunk: Uint8Array) => Promise<Fate | undefined>,
): Promise<Fate | undefined> {
  const { line, message } = job;
  const iterator =
    Symbol.asyncIterator in message ? message[Symbol.asyncIterator]() : message[Symbol.iterator]();
  let done = false;
  try {
    for (;;) {
      const next = await pull(job, iterator);
      if (next.kind === 'cut') return next.fate;
      if (next.kind === 'end') {
        done = true;
        return undefined;
      }
      const cut = checkOctets(job, next.chunk) ?? (await send(next.chunk));
      if (cut !== undefined) return cut;
      if (line.closed !== undefined) return deferred(line.closed);
    }
  } finally {
    // Not awaited: a source that hangs must not hold up the session.
    if (!done) void letGo(iterator);
  }
}

type SourceIterator = AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

type Pulled =
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'cut'; readonly fate: Fate };

async function pull({ line }: ContentJob, iterator: SourceIterator): Promise<Pulled> {
  try {
    const step = await line.unlessClosed(Promise.resolve(iterator.next()));
    if (step === undefined) return { kind: 'cut', fate: deferred(line.closed!) };
    return step.done === true ? { kind: 'end' } : { kind: 'chunk', chunk: step.value };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    line.destroy({
      code: 'SMTP_MESSAGE_SOURCE_FAILED',
      detail: `the content could not be read on: ${printable(why, 200)}`,
    });
    return { kind: 'cut', fate: deferred(line.closed!) };
  }
}

/** Content beyond ASCII that was not announced may not be sent (RFC 5321 §2.3.1), nor is it converted. */
function checkOctets({ line, octets }: ContentJob, chunk: Uint8Array): Fate | undefined {
  if (octets === 'eight-bit' || !hasEightBit(chunk)) return undefined;
  line.destroy({
    code: 'SMTP_8BITMIME_MISSING',
    detail: `the content has 8-bit octets and ${line.label} was not told, or does not offer 8BITMIME (5.6.3)`,
  });
  return failed(line.closed!);
}

async function letGo(iterator: SourceIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The transaction is over; what the source says on its way out changes nothing.
  }
}
