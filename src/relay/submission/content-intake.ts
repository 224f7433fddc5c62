/**
 * One content on its way from the client into the queue. A small message costs one write; a big
 * one is handed on in parts, and the client waits while the queue does.
 *
 * @module
 */
import { PART_OCTETS } from '../queue/sink.ts';
import type { MessageSink } from '../queue/types.ts';
import { ContentScanner } from './content-scanner.ts';
import type { Entrance } from './entrance.ts';
import { lookAtHeader, MAX_LOOK, type HeaderLook } from './header-look.ts';
import { refuseCommit, storeMessage } from './message-store.ts';
import { missingFields, receivedField } from './received.ts';
import { REPLIES, type Reply } from './replies.ts';
import type { Transaction } from './transaction.ts';

/** Octets that are gathered before they are written. */
const PART = 65_536;
/** Pieces that are gathered: a client that sends octet by octet must not make us keep thousands of them. */
const MAX_PIECES = 32;
/** RFC 5321 §4.5.3.1.6: 1,000 octets with their end. Exim and Sendmail refuse or cut more. */
export const MAX_TEXT_LINE = 998;

/** What became of the octets that came. */
export interface IntakeStep {
  /** How many belong to this content. */
  readonly used: number;
  /** Nothing more is to be fed before it resolves. */
  readonly wait?: Promise<void> | undefined;
}

/** Called once, with the reply to the content. */
export type Decide = (reply: Reply) => void;

/** Takes the octets after `354`. */
export class ContentIntake {
  readonly #entrance: Entrance;
  readonly #transaction: Transaction;
  readonly #decide: Decide;
  readonly #scanner: ContentScanner;
  #pieces: Buffer[] = [];
  #gathered = 0;
  #sink: MessageSink | undefined;
  #look: HeaderLook | undefined;
  #received = 0;
  /** Octets that the sink has and may not have written yet. */
  #inSink = 0;
  /** Octets of the budget that are this content's. */
  #held = 0;
  /** What it will be answered, although its end has not come. */
  #refusal: Reply | undefined;
  #over = false;
  #writing = false;

  constructor(entrance: Entrance, transaction: Transaction, decide: Decide) {
    this.#entrance = entrance;
    this.#transaction = transaction;
    this.#decide = decide;
    this.#scanner = new ContentScanner({
      maxLine: MAX_TEXT_LINE,
      take: (piece) => {
        this.#pieces.push(piece);
        this.#gathered += piece.length;
      },
    });
  }

  /** The reply was given, or will never be. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Octets that came so far. */
  get received(): number {
    return this.#received;
  }

  feed(bytes: Buffer): IntakeStep {
    const used = this.#scanner.feed(bytes);
    this.#received += used;
    if (this.#scanner.ended) return { used, wait: this.#end() };
    if (this.#isRefused()) return { used, wait: this.#passOver() };
    this.#account();
    if (this.#gathered >= PART) return { used, wait: this.#writePart() };
    this.#joinMany();
    return this.#entrance.budget.isOver ? { used, wait: this.#awaitRoom() } : { used };
  }

  /** The client went away, or is sent away: nothing of the message remains. */
  async abandon(): Promise<void> {
    this.#over = true;
    this.#drop();
    // Whoever writes sees afterwards that it was in vain.
    if (!this.#writing) await this.#abortSink();
  }

  /** Octets of a message that will be refused. */
  #passOver(): Promise<void> | undefined {
    this.#drop();
    const { maxMessageBytes } = this.#entrance.ruling.settings;
    // Who goes on for as long again does not listen.
    if (this.#received > 2 * maxMessageBytes + PART) {
      return this.#refuse({ ...this.#verdict(), closes: true });
    }
    return this.#sink === undefined ? undefined : this.#abortSink();
  }

  #isRefused(): boolean {
    const isFaulty = this.#refusal !== undefined || this.#scanner.fault !== undefined;
    return isFaulty || this.#isTooBig();
  }

  #isTooBig(): boolean {
    return this.#scanner.size > this.#entrance.ruling.settings.maxMessageBytes;
  }

  #verdict(): Reply {
    switch (this.#scanner.fault) {
      case 'smuggling':
        return REPLIES.smuggling;
      case 'bare':
        return REPLIES.bareInContent;
      case 'nul':
        return REPLIES.nulInContent;
      case 'long':
        return REPLIES.longInContent;
      case undefined:
        return this.#refusal ?? REPLIES.tooBig;
    }
  }

  /**
   * Pieces are views of what the socket read, which is nearly all theirs: to keep them costs no
   * copy before the one in which they are written.
   */
  #joinMany(): void {
    if (this.#pieces.length > MAX_PIECES) {
      this.#pieces = [Buffer.concat(this.#pieces, this.#gathered)];
    }
  }

  #drop(): void {
    this.#pieces = [];
    this.#gathered = 0;
    this.#account();
  }

  /** What this content holds counts, wherever it is. */
  #account(): void {
    const held = this.#over ? 0 : this.#gathered + this.#inSink;
    if (held === this.#held) return;
    const more = held - this.#held;
    this.#held = held;
    this.#entrance.budget.change(more);
  }

  /** Nothing is read on meanwhile. */
  async #awaitRoom(): Promise<void> {
    if ((await this.#entrance.budget.room()) || this.#over) return;
    await this.#refuse(REPLIES.noRoom);
  }

  async #end(): Promise<void> {
    if (this.#isRefused()) return await this.#refuse(this.#verdict());
    this.#account();
    try {
      if (!(await this.#write())) return;
      const sink = this.#sink!;
      // From here on it is the queue's: nobody takes back what may be on disk already.
      this.#sink = undefined;
      const reply = await storeMessage(this.#entrance, {
        sink,
        transaction: this.#transaction,
        look: this.#look!,
        size: this.#scanner.size,
      });
      this.#finish(reply);
    } catch (error) {
      await this.#refuse(refuseCommit(this.#entrance, this.#transaction.client, error));
    }
  }

  async #writePart(): Promise<void> {
    try {
      if ((await this.#write()) && this.#entrance.budget.isOver) await this.#awaitRoom();
    } catch (error) {
      await this.#refuse(refuseCommit(this.#entrance, this.#transaction.client, error));
    }
  }

  /** @returns false where it was in vain: the header forbids the message, or the client has gone */
  async #write(): Promise<boolean> {
    const first = this.#look === undefined;
    const pieces = this.#pieces;
    const gathered = this.#gathered;
    this.#inSink += gathered;
    this.#drop();
    if (first && !this.#lookAt(pieces, gathered)) {
      await this.#refuse(REPLIES.looping);
      return false;
    }
    this.#sink ??= this.#entrance.queue.open();
    if (first) pieces.unshift(this.#prefix(this.#sink.id));
    if (first || gathered > 0) await this.#writeOut(this.#sink, joined(pieces));
    if (!this.#over) return true;
    await this.#abortSink();
    return false;
  }

  async #writeOut(sink: MessageSink, part: Buffer): Promise<void> {
    this.#writing = true;
    try {
      await sink.write(part);
    } finally {
      this.#writing = false;
      // It writes whole parts of its own.
      this.#inSink %= PART_OCTETS;
      this.#account();
    }
  }

  /** The first part holds the whole header, or as much of it as is looked at. */
  #lookAt(pieces: readonly Buffer[], gathered: number): boolean {
    const end = Math.min(this.#scanner.bodyStart ?? MAX_LOOK, MAX_LOOK, gathered);
    this.#look = lookAtHeader(beginning(pieces, end));
    return this.#look.received <= this.#entrance.ruling.settings.maxHops;
  }

  #prefix(id: string): Buffer {
    const { client, sender, recipients, clientName, extended } = this.#transaction;
    const { heloName, clock, dateText } = this.#entrance;
    const date = dateText(clock.now());
    const received = receivedField({
      id,
      heloName,
      clientName,
      clientAddress: client.address,
      extended,
      authenticated: client.user !== undefined,
      tls: client.tls,
      requireTls: sender.requireTls === true,
      smtpUtf8: sender.smtpUtf8 === true,
      onlyRecipient: recipients.length === 1 ? recipients[0]!.address : undefined,
      date,
    });
    const ownMessageId = `<${id}@${heloName}>`;
    const { hasDate, messageId } = this.#look!;
    // A header that did not end within what was looked at may have them further below.
    const isKnown = this.#scanner.bodyStart !== undefined || this.#scanner.ended;
    const added = isKnown ? missingFields({ hasDate, messageId, date, ownMessageId }) : '';
    if (messageId === '' && isKnown) this.#look = { ...this.#look!, messageId: ownMessageId };
    return Buffer.from(received + added);
  }

  /** Said at the end of the content, unless the session ends with it: what is left of it are no commands. */
  async #refuse(reply: Reply): Promise<void> {
    this.#refusal ??= reply;
    this.#drop();
    await this.#abortSink();
    if (this.#scanner.ended || reply.closes === true) this.#finish(reply);
  }

  #finish(reply: Reply): void {
    if (this.#over) return;
    this.#over = true;
    this.#account();
    this.#decide(reply);
  }

  async #abortSink(): Promise<void> {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#inSink = 0;
    this.#account();
    try {
      await sink?.abort();
    } catch (error) {
      const { message } = error as Error;
      this.#entrance.log.warn(
        { event: 'abort-failed', message },
        `a message that was given up could not be taken out of the queue's store: ${message}`,
      );
    }
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** Of a header in one piece no copy is made. */
function beginning(pieces: readonly Buffer[], end: number): Buffer {
  const [first] = pieces;
  return first !== undefined && first.length >= end
    ? first.subarray(0, end)
    : Buffer.concat(pieces, end);
}
