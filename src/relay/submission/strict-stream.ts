/**
 * The parser that stands in for the one of `smtp-server`: that one takes a lone LF for a line end.
 *
 * @module
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import type { IntakeStep } from './content-intake.ts';
import { LineReader, type LineResult } from './line-reader.ts';

const NOTHING = Buffer.alloc(0);

/** Who acts on what was parsed. */
export interface StreamUser {
  /** One command without its line end. Nothing is read on before the promise resolves; it never rejects. */
  line(line: Buffer): Promise<void> | undefined;
  /** A line that is none. */
  fault(kind: Exclude<LineResult['kind'], 'line' | 'partial'>): void;
  /** All that came is used, or something must be waited for: replies may go out. */
  pause(state: StreamState): Promise<void> | undefined;
  /** The client will send nothing more. */
  ended(): void;
}

/** What the parser is in the midst of. */
export type StreamState = 'between' | 'in-line' | 'in-content' | 'waiting';

/** Whoever takes octets that are no commands. */
export interface ContentTaker {
  feed(bytes: Buffer): IntakeStep;
}

/** Splits what a client sends into commands and contents, one at a time. */
export class StrictStream extends SMTPStream {
  readonly #user: StreamUser;
  readonly #lines = new LineReader();
  #content: ContentTaker | undefined;
  #bytes: Buffer = NOTHING;
  #at = 0;
  #next: () => void = () => {};

  constructor(user: StreamUser) {
    super();
    this.#user = user;
  }

  /** Has the client sent more than what was acted on? */
  get hasMore(): boolean {
    return this.#at < this.#bytes.length || this.writableLength > this.#bytes.length;
  }

  /** What follows is content; `undefined`: commands again. */
  set content(taker: ContentTaker | undefined) {
    this.#content = taker;
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding | 'buffer',
    next: (error?: Error | null) => void,
  ): void {
    this.#bytes = chunk;
    this.#at = 0;
    this.#next = next;
    this.#run();
  }

  /** Half a line at the end of a connection is no command. */
  override _flushData(): void {
    this.#user.ended();
  }

  #run(): void {
    while (!this.isClosed && this.#at < this.#bytes.length) {
      const wait = this.#content === undefined ? this.#readLine() : this.#feed(this.#content);
      if (wait !== undefined) {
        void this.#resume(wait);
        return;
      }
    }
    this.#bytes = NOTHING;
    this.#at = 0;
    const drained = this.isClosed ? undefined : this.#user.pause(this.#state());
    if (drained === undefined) this.#next();
    else void drained.then(this.#next);
  }

  async #resume(wait: Promise<void>): Promise<void> {
    void this.#user.pause('waiting');
    await wait;
    this.#run();
  }

  #readLine(): Promise<void> | undefined {
    const result = this.#lines.read(this.#bytes, this.#at);
    this.#at = result.next;
    switch (result.kind) {
      case 'line':
        return this.#user.line(result.line);
      case 'bare-end':
      case 'too-long':
        this.#user.fault(result.kind);
        return undefined;
      case 'partial':
        return undefined;
    }
  }

  #feed(content: ContentTaker): Promise<void> | undefined {
    const rest = this.#at === 0 ? this.#bytes : this.#bytes.subarray(this.#at);
    const { used, wait } = content.feed(rest);
    this.#at += used;
    return wait;
  }

  #state(): StreamState {
    if (this.#content !== undefined) return 'in-content';
    return this.#lines.isInside ? 'in-line' : 'between';
  }
}
