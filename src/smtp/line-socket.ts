/**
 * A socket that speaks in lines: commands out, replies in, each wait bounded by the clock.
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import type { Failure, Outcome } from '../failure.ts';
import { ok } from '../failure.ts';
import { printable } from '../printable.ts';
import { ReplyParser, replyText } from './reply.ts';
import type { Reply, SmtpConnectOptions } from './types.ts';

/** What a line socket needs besides its socket. */
export interface LineSocketOptions {
  readonly clock: Clock;
  /** Names the server in failures: `mx1.example.test [192.0.2.1]:25`. */
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: SmtpConnectOptions['onLine'] | undefined;
}

/** One wait: how long, and what for, in words that end up in a failure. */
export interface Wait {
  readonly timeoutMs: number;
  /** E.g. `the reply to MAIL`. */
  readonly what: string;
}

/** A line that only the server may see. */
export interface Secret {
  readonly text: string;
  /** What a transcript shows instead. */
  readonly shown: string;
  /** A reply that repeats one of these is not shown either. */
  readonly secrets: readonly string[];
}

/**
 * The driver under the dialogue. It reads at once whatever comes (bounded by the parser), so that
 * neither side of a pipelined group waits for the other. After a failure it is closed for good.
 */
export class LineSocket {
  readonly label: string;
  readonly #socket: Socket;
  readonly #options: LineSocketOptions;
  readonly #parser: ReplyParser;
  readonly #wakeUps = new Set<() => void>();
  #closed: Failure | undefined;
  /** The dialogue is out of step: nothing that came may count as an answer. */
  #deaf = false;
  #detached = false;
  /** Kept from the event: Node.js leaves `errored` empty for TLS alerts after the handshake. */
  #error: Error | undefined;
  /** What was said in secret and may come back. */
  #secrets: readonly string[] = [];

  constructor(socket: Socket, options: LineSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.label = options.label;
    const { onLine } = options;
    this.#parser = new ReplyParser(onLine && ((line) => onLine('received', this.#shown(line))));
    socket.on('readable', this.#onReadable);
    socket.on('drain', this.#wake);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
    socket.on('error', this.#onError);
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal?.aborted === true) this.#onAbort();
    // What came before we listened makes no event of its own, nor does an end.
    this.#onReadable();
    if (socket.destroyed || socket.readableEnded) this.#onEnd();
  }

  /** Why it is closed; undefined while it is open. */
  get closed(): Failure | undefined {
    return this.#closed;
  }

  /** What the operating system or TLS said, if that closed it. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Has anything come that nobody asked for or has read? */
  get unread(): boolean {
    return !this.#deaf && (this.#parser.unread || this.#socket.readableLength > 0);
  }

  /** Waits for the next reply. The limit counts for the whole reply, however slowly it drips. */
  async reply(wait: Wait): Promise<Outcome<Reply>> {
    await this.#until(() => this.#parser.ready, wait);
    const taken = this.#deaf ? undefined : this.#parser.take();
    if (taken === undefined) return { ok: false, failure: this.#closed! };
    if (!taken.ok) {
      const { code, detail } = taken.failure;
      return this.#close({ code, detail: `${this.label}: ${detail}` });
    }
    if (taken.value.code === 421) {
      this.#close({
        code: 'SMTP_SERVER_CLOSING',
        detail: `${this.label} is closing the connection: ${replyText(taken.value)}`,
      });
    }
    return taken;
  }

  /** Writes commands as one group, each ended by CRLF. */
  async command(lines: readonly string[], wait: Wait): Promise<Outcome<void>> {
    const unasked = await this.#refuseUnasked();
    if (!unasked.ok) return unasked;
    for (const line of lines) this.#options.onLine?.('sent', printable(line, 2048));
    return await this.write(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), wait);
  }

  /** One command and its reply. */
  async ask(line: string, wait: Wait): Promise<Outcome<Reply>> {
    const written = await this.command([line], wait);
    return written.ok ? await this.reply(wait) : written;
  }

  /** The same for a line of which transcripts must not know. */
  async askSecretly({ text, shown, secrets }: Secret, wait: Wait): Promise<Outcome<Reply>> {
    const unasked = await this.#refuseUnasked();
    if (!unasked.ok) return unasked;
    this.#secrets = secrets;
    this.#options.onLine?.('sent', shown);
    const written = await this.write(Buffer.from(`${text}\r\n`), wait);
    return written.ok ? await this.reply(wait) : written;
  }

  /** Writes octets and waits until there is room for more. */
  async write(bytes: Uint8Array, wait: Wait): Promise<Outcome<void>> {
    if (this.#closed !== undefined) return { ok: false, failure: this.#closed };
    if (!this.#socket.write(bytes)) {
      await this.#until(() => !this.#socket.writableNeedDrain, wait);
    }
    return this.#closed === undefined ? ok(undefined) : { ok: false, failure: this.#closed };
  }

  /** Settles with the promise's value, or with undefined once the socket is closed. */
  async unlessClosed<T>(promise: Promise<T>): Promise<T | undefined> {
    let onClose: () => void = () => undefined;
    const closed = new Promise<undefined>((resolve) => {
      onClose = () => {
        if (this.#closed !== undefined) resolve(undefined);
      };
      this.#wakeUps.add(onClose);
      onClose();
    });
    try {
      return await Promise.race([promise, closed]);
    } finally {
      this.#wakeUps.delete(onClose);
    }
  }

  /** Lets go of the socket, for TLS to take it over. Nothing may be unread. */
  detach(): Socket {
    this.#letGo();
    this.#detached = true;
    this.#closed = {
      code: 'SMTP_CONNECTION_LOST',
      detail: `the clear-text side of ${this.label} is over`,
    };
    return this.#socket;
  }

  /** Closes at once; what was waited for fails with `SMTP_ABORTED` unless another reason is given. */
  destroy(reason?: Failure): void {
    // Whoever took the socket over has nothing of its own to destroy until the handshake is done.
    if (this.#detached) this.#socket.destroy();
    this.#close(
      reason ?? { code: 'SMTP_ABORTED', detail: `the session with ${this.label} was closed` },
    );
  }

  /** Closes once everything written has left, or after `timeoutMs`. */
  finish(timeoutMs: number): void {
    const socket = this.#socket;
    if (this.#closed !== undefined) return;
    this.#closed = { code: 'SMTP_ABORTED', detail: `the session with ${this.label} is over` };
    this.#letGo();
    const timer = this.#options.clock.after(timeoutMs, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => timer.cancel());
    socket.destroySoon();
    this.#wake();
  }

  /** Waits until `ready`, a close or the limit, whichever comes first. */
  async #until(ready: () => boolean, wait: Wait): Promise<void> {
    if (ready() || this.#closed !== undefined) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      let timer: Timer | undefined = undefined;
      const check = (): void => {
        // What came before the end still counts, so `ready` is asked first.
        if (!ready() && this.#closed === undefined) return;
        timer?.cancel();
        this.#wakeUps.delete(check);
        resolve();
      };
      this.#wakeUps.add(check);
      timer = clock.after(wait.timeoutMs, () => this.#close(timeoutOf(this.label, wait)));
    });
  }

  /** A reply nobody asked for: a goodbye (421) is understood, all else ends the session. */
  async #refuseUnasked(): Promise<Outcome<void>> {
    if (this.#closed !== undefined) return { ok: false, failure: this.#closed };
    if (!this.unread) return ok(undefined);
    this.#deaf = true;
    const next = this.#parser.take();
    const said = next?.ok === true ? replyText(next.value) : 'something that is no whole reply';
    return this.#close(
      next?.ok === true && next.value.code === 421
        ? {
            code: 'SMTP_SERVER_CLOSING',
            detail: `${this.label} has closed the connection: ${said}`,
          }
        : { code: 'SMTP_REPLY_UNSOLICITED', detail: `${this.label} said, unasked: ${said}` },
    );
  }

  #close(failure: Failure): Outcome<never> {
    if (this.#closed === undefined) {
      this.#closed = failure;
      this.#letGo();
      // A late ECONNRESET of a socket that is done with is nobody's business.
      this.#socket.on('error', () => undefined);
      this.#socket.destroy();
    }
    this.#wake();
    return { ok: false, failure: this.#closed };
  }

  #letGo(): void {
    const socket = this.#socket;
    socket.off('readable', this.#onReadable);
    socket.off('drain', this.#wake);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onEnd);
    socket.off('error', this.#onError);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }

  #shown(line: string): string {
    const repeats = this.#secrets.some((secret) => line.includes(secret));
    return repeats ? `${line.slice(0, 4)}***` : line;
  }

  readonly #wake = (): void => {
    for (const wakeUp of this.#wakeUps) wakeUp();
  };

  readonly #onReadable = (): void => {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk === null) break;
      this.#parser.push(chunk);
    }
    this.#wake();
  };

  readonly #onEnd = (): void => {
    this.#onReadable();
    const error = this.#error ?? this.#socket.errored;
    const code = systemCode(error) ?? error?.name;
    const why = code === undefined ? 'closed the connection' : `broke off (${code})`;
    this.#close({ code: 'SMTP_CONNECTION_LOST', detail: `${this.label} ${why}` });
  };

  readonly #onError = (error: Error): void => {
    this.#error = error;
    this.#onEnd();
  };

  readonly #onAbort = (): void => {
    this.#close({ code: 'SMTP_ABORTED', detail: `the session with ${this.label} was stopped` });
  };
}

/** What the system or OpenSSL calls an error, e.g. `ECONNRESET`; undefined for others. */
export function systemCode(error: Error | null | undefined): string | undefined {
  if (error == null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function timeoutOf(label: string, wait: Wait): Failure {
  const seconds = Math.round(wait.timeoutMs / 1000);
  return { code: 'SMTP_TIMEOUT', detail: `${label}: waited ${seconds} s for ${wait.what}` };
}
