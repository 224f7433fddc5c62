/**
 * One connection of an MTA, without the socket: requests in, replies out, in the order in which
 * they were asked, however long each takes.
 *
 * @module
 */
import { type NetstringFault, NetstringReader } from './netstring.ts';

/** The other side of a conversation: the socket. */
export interface Line {
  /**
   * Sends octets, one in each character (latin1). False: nothing more is sent until
   * {@link Conversation.drained}.
   */
  send(octets: string): boolean;
  /** Reads no more octets for now. */
  hold(): void;
  /** Reads on. */
  more(): void;
  /** Everything is answered and nothing more will be asked. */
  end(): void;
  /** What came is no netstring. */
  broken(fault: NetstringFault): void;
}

/** What a conversation stands on. */
export interface ConversationOptions {
  /** The reply to a request, with its framing, an octet in each character; never rejects. */
  readonly reply: (request: string) => string | Promise<string>;
  readonly line: Line;
}

/** A reply that is due: under way, or ready and waiting for one before it. */
interface Due {
  octets: string | undefined;
}

/** Replies due at once in one connection; further requests wait unread. */
const MAX_DUE = 128;
/** Octets that are put together into one write. */
const MAX_BATCH = 65_536;

/** The state of one connection. */
export class Conversation {
  readonly #reply: ConversationOptions['reply'];
  readonly #line: Line;
  readonly #reader = new NetstringReader();
  /** In the order of the requests. */
  readonly #due: Due[] = [];
  /** What goes out with the next write. */
  #batch = '';
  #flushing = false;
  /** `open`: more may be asked. `closing`: what was asked is answered, then the end. */
  #state: 'open' | 'closing' | 'over' = 'open';
  /** The socket takes no more for now. */
  #full = false;
  #held = false;

  constructor({ reply, line }: ConversationOptions) {
    this.#reply = reply;
    this.#line = line;
  }

  /** Replies that are not sent yet. */
  get due(): number {
    return this.#due.length;
  }

  /** Takes octets as they come. They must not change afterwards. */
  receive(octets: Buffer): void {
    if (this.#state === 'over') return;
    this.#reader.push(octets);
    this.#answerAll();
  }

  /** The socket takes octets again. */
  drained(): void {
    this.#full = false;
    this.#answerAll();
  }

  /** Nothing more will be asked: answers what was asked whole, then ends. */
  finish(): void {
    if (this.#state === 'open') this.#state = 'closing';
    this.#endIfDone();
  }

  /** Gives every reply that is still under way this one instead, and ends. */
  cutShort(octets: string): void {
    for (const due of this.#due) due.octets ??= octets;
    this.#sendReady();
    this.finish();
  }

  /** The connection is gone: nothing is sent any more. */
  abandon(): void {
    this.#state = 'over';
    this.#due.length = 0;
    this.#batch = '';
  }

  #answerAll(): void {
    while (this.#state !== 'over' && this.#hasRoom()) {
      const request = this.#reader.next();
      if (request === undefined) break;
      this.#answer(this.#reply(request));
    }
    this.#flush();
    if (this.#reader.fault !== undefined && this.#due.length === 0 && this.#state !== 'over') {
      this.#state = 'over';
      this.#line.broken(this.#reader.fault);
      return;
    }
    this.#endIfDone();
    this.#regulate();
  }

  #hasRoom(): boolean {
    return !this.#full && this.#due.length < MAX_DUE;
  }

  /** Who asks faster than it reads, or than DNS answers, is read no faster. */
  #regulate(): void {
    if (this.#state !== 'open' || this.#held === !this.#hasRoom()) return;
    this.#held = !this.#held;
    if (this.#held) this.#line.hold();
    else this.#line.more();
  }

  #answer(reply: string | Promise<string>): void {
    if (typeof reply !== 'string') {
      const due: Due = { octets: undefined };
      this.#due.push(due);
      void reply.then((octets) => this.#ready(due, octets));
      return;
    }
    if (this.#due.length > 0) this.#due.push({ octets: reply });
    else this.#put(reply);
  }

  #ready(due: Due, octets: string): void {
    due.octets ??= octets;
    if (this.#due[0] !== due || this.#flushing) return;
    // Replies that become ready together go out together.
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#sendReady();
      this.#answerAll();
    });
  }

  /** Sends the replies that nothing before them holds back. */
  #sendReady(): void {
    let count = 0;
    for (const { octets } of this.#due) {
      if (octets === undefined) break;
      this.#put(octets);
      count += 1;
    }
    this.#due.splice(0, count);
    this.#flush();
  }

  #put(octets: string): void {
    this.#batch += octets;
    if (this.#batch.length >= MAX_BATCH) this.#flush();
  }

  #flush(): void {
    const octets = this.#batch;
    if (octets === '') return;
    this.#batch = '';
    if (!this.#line.send(octets)) this.#full = true;
  }

  #endIfDone(): void {
    if (this.#state !== 'closing' || this.#due.length > 0) return;
    // Requests that were read and wait for the socket are still to be answered.
    if (this.#full) return;
    this.#state = 'over';
    this.#line.end();
  }
}
