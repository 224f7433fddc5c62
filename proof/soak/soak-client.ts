/**
 * A client as they are: it pipelines, hangs up half-way or altogether, and sends in pieces.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_REPLY, NetstringReader, writeNetstring } from '../../src/policy-server/netstring.ts';
import type { Random } from '../random.ts';
import type { Question } from './questions.ts';

/** What came of one connection. */
export interface Visit {
  /** Questions whose answers were waited for. */
  readonly asked: number;
  /** Of those, without an answer in time. */
  readonly unanswered: number;
  /** Answers to nothing. */
  readonly surplus: number;
  readonly wrong: readonly string[];
}

/** How to visit. */
export interface VisitOptions {
  readonly port: number;
  readonly random: Random;
  readonly next: () => Question;
  /** How long the answers to one batch may take, milliseconds. */
  readonly patienceMs: number;
}

const DEEPEST = 32;
const MOST_BATCHES = 8;
const NOTHING: Visit = { asked: 0, unanswered: 0, surplus: 0, wrong: [] };

/** One connection, from its beginning to its end. */
export async function visit(options: VisitOptions): Promise<Visit> {
  const { port, random } = options;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  const session = new Session(socket, options);
  try {
    const batches = 1 + random(MOST_BATCHES);
    for (let batch = 1; batch <= batches; batch += 1) {
      if (random(20) === 0) return session.leave();
      await session.ask(batch === batches && random(2) === 0);
      if (session.broken) break;
    }
    return session.result();
  } finally {
    socket.destroy();
  }
}

class Session {
  readonly #socket: Socket;
  readonly #options: VisitOptions;
  readonly #reader = new NetstringReader(MAX_REPLY);
  readonly #due: Question[] = [];
  readonly #wrong: string[] = [];
  #asked = 0;
  #unanswered = 0;
  #surplus = 0;
  #progress: () => void = () => undefined;
  #ended = false;

  constructor(socket: Socket, options: VisitOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (octets: Buffer) => this.#receive(octets));
    const end = (): void => {
      this.#ended = true;
      this.#progress();
    };
    socket.on('end', end);
    socket.on('close', end);
  }

  get broken(): boolean {
    return this.#ended || this.#unanswered > 0;
  }

  result(): Visit {
    return {
      asked: this.#asked,
      unanswered: this.#unanswered,
      surplus: this.#surplus,
      wrong: this.#wrong,
    };
  }

  /** Asks, and is gone before the answer. */
  leave(): Visit {
    const { next } = this.#options;
    this.#socket.write(Buffer.concat([next(), next()].map(framed)));
    this.#socket.resetAndDestroy();
    return { ...NOTHING, ...this.result() };
  }

  /** A batch, and its answers; `last`: no more will be asked, which the server learns at once. */
  async ask(last: boolean): Promise<void> {
    const { random, next } = this.#options;
    const questions = Array.from({ length: 1 + random(DEEPEST) }, next);
    this.#due.push(...questions);
    this.#asked += questions.length;
    const octets = Buffer.concat(questions.map(framed));
    if (random(4) === 0) {
      const cut = random(octets.length);
      this.#socket.write(octets.subarray(0, cut));
      await sleep(random(5));
      this.#socket.write(octets.subarray(cut));
    } else {
      this.#socket.write(octets);
    }
    if (last) this.#socket.end();
    await this.#answers(last);
  }

  async #answers(last: boolean): Promise<void> {
    const late = AbortSignal.timeout(this.#options.patienceMs);
    const isDone = (): boolean => this.#ended || (this.#due.length === 0 && !last);
    while (!isDone() && !late.aborted) {
      const aborted = once(late, 'abort').catch(() => undefined);
      const progress = new Promise<void>((resolve) => (this.#progress = resolve));
      await Promise.race([aborted, progress]);
    }
    this.#unanswered += this.#due.length;
    this.#due.length = 0;
    if (last && !this.#ended)
      this.#wrong.push('the server did not end a connection that was ended');
  }

  #receive(octets: Buffer): void {
    this.#reader.push(octets);
    for (let reply = this.#reader.next(); reply !== undefined; reply = this.#reader.next()) {
      const question = this.#due.shift();
      const wrong = question?.wrong(reply);
      if (question === undefined) this.#surplus += 1;
      if (wrong !== undefined) this.#wrong.push(wrong);
    }
    if (this.#reader.fault !== undefined) this.#wrong.push('the reply is no netstring');
    if (this.#due.length === 0) this.#progress();
  }
}

function framed({ payload }: Question): Buffer {
  return writeNetstring(payload);
}
