/**
 * One connection. `smtp-server` carries it (handshake, SASL, ends and half-ends of sockets); what
 * it would answer to commands and contents is replaced, for it is too kind to both.
 *
 * @module
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { isBase64Word, saslReply } from './auth.ts';
import { addressIn } from './command-address.ts';
import { commandText, isLastOfGroup } from './command-text.ts';
import { ContentIntake } from './content-intake.ts';
import { Dialogue, type Answer } from './dialogue.ts';
import type { Door } from './door.ts';
import { noteRefusal, type Entrance } from './entrance.ts';
import { endWithClient } from './handshake.ts';
import { MAX_COMMAND, type LineResult } from './line-reader.ts';
import { plainAddress } from './networks.ts';
import { GREETING_DELAY_MS, HANDSHAKE_MS } from './patience.ts';
import { REPLIES, type Reply } from './replies.ts';
import { ReplyWriter } from './reply-writer.ts';
import { Standing } from './standing.ts';
import { StrictStream, type StreamState } from './strict-stream.ts';
import type { Transaction } from './transaction.ts';
import type { Login } from './users.ts';
import { Watch } from './watch.ts';

/** What the library calls with the rest of an AUTH exchange. */
type Continue = (command: Buffer, callback: () => void) => void;

/** A connection that keeps to the letter. */
export class StrictConnection extends SMTPConnection {
  readonly #door: Door;
  readonly #entrance: Entrance;
  readonly #standing: Standing;
  readonly #watch: Watch;
  readonly #replies = new ReplyWriter();
  #dialogue: Dialogue;
  /** In the midst of its handshake, on top of the socket in clear. */
  #handshake: Socket | undefined;
  #intake: ContentIntake | undefined;
  #contentStartedAt = 0;
  #errors = 0;
  #busy = false;
  #endsAfterReply = false;

  constructor(door: Door, socket: Socket, entrance: Entrance) {
    super(door, socket, { remoteAddress: plainAddress(socket.remoteAddress) });
    this.#door = door;
    this.#entrance = entrance;
    this.#standing = new Standing(entrance, this.remoteAddress);
    this.#watch = new Watch(entrance.clock);
    this.#dialogue = this.#newDialogue();
    if (socket instanceof TLSSocket) this.#secured(socket);
  }

  /** Inside TLS. */
  get isSecure(): boolean {
    return this.#standing.tls !== undefined;
  }

  /** Whose limits it counts under. */
  get clientKey(): string {
    return this.#standing.key;
  }

  /** The service stops: an idle client is told so now, a busy one after its message. */
  goAway(): void {
    if (this.#busy || this.#intake !== undefined || this._upgrading) return;
    this.#say(REPLIES.shuttingDown);
    void this.#flush();
  }

  /** The time that was left has run out. */
  cutOff(): void {
    if (!this._upgrading) {
      this.#say(REPLIES.shuttingDown);
      void this.#flush();
    }
    this.#destroy();
  }

  // What the library calls.

  /** Greets: whom we trust at once, others after a moment in which a bad client speaks first. */
  override init(): void {
    this._setListeners(() => {
      if (this.#standing.isTrusted) setImmediate(() => this.connectionReady());
      else this.#watch.after(GREETING_DELAY_MS, () => this.connectionReady());
    });
  }

  override connectionReady(): void {
    if (this._closing || this._closed) return;
    this._resetSession();
    this._ready = true;
    this.#replies.add(`220 ${this.#entrance.heloName} ESMTP smtp-sts\r\n`);
    void this.#flush();
  }

  override _createParser(): StrictStream {
    return new StrictStream({
      line: (line) => this.#line(line),
      fault: (kind) => this.#fault(kind),
      pause: (state) => this.#pause(state),
      ended: () => this.#ended(),
    });
  }

  /** Replies of the library's own: SASL, and what it says at an end. */
  override send(code: number, data?: string | string[] | null): void {
    this.#say(saslReply(code, data));
    if (!this.#busy) void this.#flush();
  }

  override _onTimeout(): void {
    // Within a handshake nothing can be said.
    if (this._closing || this._upgrading) this.#destroy();
    else if (this.#busy) this._armTimeout();
    else this.#sendAway(REPLIES.idle);
  }

  override _onClose(): void {
    const isFirst = !this._closed;
    super._onClose();
    if (!isFirst) return;
    this.#watch.off();
    void this.#intake?.abandon();
    this.#intake = undefined;
    this.#entrance.log.debug(
      { event: 'disconnected', client: this.remoteAddress },
      `${this.remoteAddress} is gone`,
    );
  }

  // Commands.

  #line(line: Buffer): Promise<void> | undefined {
    if (!this._ready) return this.#refused(REPLIES.tooSoon);
    this.#watch.off();
    if (this.#entrance.isClosing) return this.#refused(REPLIES.shuttingDown);
    if (this._nextHandler !== false) return this.#continueAuth(this._nextHandler, line);
    const text = commandText(line);
    if (text === undefined) return this.#refused(REPLIES.notUtf8);
    if (isLastOfGroup(text) && this.#parser.hasMore) return this.#refused(REPLIES.outOfStep);
    // RFC 4954 §4 lets an AUTH line be longer.
    if (line.length > MAX_COMMAND && !/^AUTH /i.test(text))
      return this.#refused(REPLIES.lineTooLong);
    return this.#act(this.#dialogue.command(text), text);
  }

  #act(answer: Answer, text: string): Promise<void> | undefined {
    switch (answer.kind) {
      case 'reply':
        this.#say(answer.reply, text);
        return undefined;
      case 'content':
        this.#beginContent(answer.transaction);
        return undefined;
      case 'start-tls':
        this.#startTls();
        return undefined;
      case 'auth':
        return this.#auth(text);
    }
  }

  #fault(kind: Exclude<LineResult['kind'], 'line' | 'partial'>): void {
    if (!this._ready) this.#sendAway(REPLIES.tooSoon);
    else {
      this._nextHandler = false;
      this.#say(kind === 'too-long' ? REPLIES.lineTooLong : REPLIES.bareLineEnd);
    }
  }

  #refused(reply: Reply): undefined {
    this.#say(reply);
    return undefined;
  }

  // Content.

  #beginContent(transaction: Transaction): void {
    this.#say(REPLIES.goAhead);
    this.#watch.off();
    this.#contentStartedAt = this.#entrance.clock.now();
    const intake = new ContentIntake(this.#entrance, transaction, (reply) => {
      this.#intake = undefined;
      this.#watch.off();
      this.#parser.content = undefined;
      this.#say(reply);
      this.#dialogue.mailEnded();
      if (this.#entrance.isClosing && reply.closes !== true) this.#say(REPLIES.shuttingDown);
    });
    this.#intake = intake;
    this.#parser.content = {
      feed: (bytes) => {
        const step = intake.feed(bytes);
        return step.wait === undefined ? step : { ...step, wait: this.#whileBusy(step.wait) };
      },
    };
  }

  // TLS.

  #startTls(): void {
    const clear = this._socket;
    if (clear.destroyed) return;
    this.#say(REPLIES.startTls);
    void this.#flush();
    this.#watch.after(HANDSHAKE_MS, () => this.#destroy());
    // From here on the time of the socket on top counts.
    clear.setTimeout(0);
    this.upgrade(
      () => {},
      () => {
        this.#watch.off();
        this.#handshake = undefined;
        this.#errors = 0;
        this.#nothingHeard();
        this.#secured(this._socket as TLSSocket);
      },
    );
    this.#door.awaitClose(clear);
  }

  /** The only place where the library shows the socket of a handshake. */
  override _armTimeout(socket: Socket = this._socket): void {
    super._armTimeout(socket);
    if (socket === this._socket) return;
    this.#handshake = socket;
    endWithClient(socket);
  }

  /** From the top: a TLS socket must not lose the one below it in the midst of a handshake. */
  #destroy(): void {
    (this.#handshake ?? this._socket).destroy();
  }

  /** What was said before TLS is forgotten (RFC 3207 §4.2). */
  #nothingHeard(): void {
    this._nextHandler = false;
    this.#dialogue = this.#newDialogue();
  }

  #secured(socket: TLSSocket): void {
    const version = socket.getProtocol() ?? 'unknown';
    const { standardName, name } = socket.getCipher();
    this.#standing.tls = { version, cipher: standardName ?? name };
    this.#entrance.tally.handshake(version);
    // There is nothing behind a renegotiation that a client of mail needs.
    socket.disableRenegotiation();
  }

  // AUTH: the mechanisms are the library's.

  #auth(text: string): Promise<void> | undefined {
    const [, , word = '='] = text.split(' ');
    if (!isBase64Word(word)) return this.#refused(REPLIES.authCode);
    const { limits, clock } = this.#entrance;
    if (!limits.mayTryPassword(this.#standing.key, clock.now()))
      return this.#refused(REPLIES.authTooOften);
    return this.#saslStep((done) => this.handler_AUTH(Buffer.from(text), done));
  }

  #continueAuth(next: Continue, line: Buffer): Promise<void> | undefined {
    this._nextHandler = false;
    if (!isBase64Word(line.toString('latin1'))) return this.#refused(REPLIES.authCode);
    return this.#saslStep((done) => next.call(this, line, done));
  }

  #saslStep(step: (done: () => void) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#whileBusy(promise);
    step(resolve);
    return waiting;
  }

  // Replies and patience.

  #say(reply: Reply, command = ''): void {
    if (this._closing || this._closed) return;
    this.#replies.add(reply.wire);
    if (reply.refusal !== undefined) this.#note(reply, reply.refusal, command);
    if (reply.closes === true) {
      void this.#flush();
      this.close();
      return;
    }
    // A temporary refusal is no fault of the client.
    if (reply.code >= 500) this.#countError();
  }

  #note(reply: Reply, reason: NonNullable<Reply['refusal']>, command: string): void {
    noteRefusal(this.#entrance, {
      reason,
      client: this.remoteAddress,
      reply: reply.wire,
      user: this.#login()?.name,
      from: this.#dialogue.from,
      ...addressIn(command),
    });
  }

  #countError(): void {
    this.#errors += 1;
    if (this.#errors >= this.#entrance.ruling.settings.maxErrors) this.#say(REPLIES.tooManyErrors);
  }

  /** Ends the session with a last reply. */
  #sendAway(reply: Reply): void {
    this.#say({ ...reply, closes: true });
  }

  #flush(): Promise<void> | undefined {
    // While a handshake is under way the socket is the clear one: nothing may go out there.
    if (!this._upgrading) return this.#replies.flush(this._socket);
    this.#replies.forget();
    return undefined;
  }

  #pause(state: StreamState): Promise<void> | undefined {
    const drained = this.#flush();
    if (state === 'between') this.#watch.off();
    else if (state !== 'waiting' && !this.#watch.isOn) this.#expect(state);
    return drained;
  }

  /** One octet now and then keeps neither a line nor a content alive. */
  #expect(what: 'in-line' | 'in-content'): void {
    if (what === 'in-line') {
      const { idleTimeoutMs } = this.#entrance.ruling.settings;
      this.#watch.after(idleTimeoutMs, () => this.#sendAway(REPLIES.idle));
      return;
    }
    this.#watch.content(
      () => ({
        startedAt: this.#contentStartedAt,
        received: this.#intake?.received ?? 0,
        isOurs: this.#busy,
      }),
      () => this.#sendAway(REPLIES.slow),
    );
  }

  async #whileBusy(work: Promise<void>): Promise<void> {
    this.#busy = true;
    this._handlerPending = true;
    try {
      await work;
    } catch (error) {
      this.#broke(error as Error);
    } finally {
      this.#busy = false;
      this._handlerPending = false;
      if (this.#endsAfterReply) this.#ended();
    }
  }

  #broke({ message, stack }: Error): void {
    this.#entrance.log.error(
      { event: 'bug', client: this.remoteAddress, message, stack },
      `a bug in the server for messages: ${message}`,
    );
    this.#sendAway(REPLIES.internal);
  }

  /** The client closed its side: what it asked before is answered, half a message is given up. */
  #ended(): void {
    if (this.#busy) {
      this.#endsAfterReply = true;
      return;
    }
    void this.#flush();
    this.close();
  }

  get #parser(): StrictStream {
    return this._parser as StrictStream;
  }

  #login(): Login | undefined {
    // The library has `false` for nobody.
    return (this.session.user as Login | false | undefined) || undefined;
  }

  #newDialogue(): Dialogue {
    return new Dialogue(this.#entrance, () => this.#standing.offers(this.#login()));
  }
}
