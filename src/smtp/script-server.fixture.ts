/**
 * A server that follows a script, so that a test reads like the dialogue it proves.
 *
 * @module
 */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** Certificate and key for `T:`. */
export interface ScriptTls {
  readonly key: string;
  readonly cert: string;
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly requestCert?: boolean;
  readonly ca?: string;
}

/** A server at work. */
export interface ScriptServer {
  readonly port: number;
  /** Lines that came from the client, over all connections; `closed` once it hung up. */
  readonly received: readonly string[];
  /** Everything that came, raw. */
  readonly raw: () => Buffer;
  /** Resolves when the script is at its end, rejects where the client left it. */
  readonly done: Promise<void>;
  readonly close: () => Promise<void>;
}

type Step =
  | { readonly kind: 'say'; readonly bytes: Buffer }
  | { readonly kind: 'hear'; readonly line: string }
  | { readonly kind: 'tls' | 'hang-up' | 'reset' | 'client-closes' | 'silence' | 'deaf' };

/**
 * One connection after a script. Each line begins with
 * `S:` said by the server (with CRLF; `S\:` without), several are sent in one write;
 * `C:` the next line of the client must be exactly this (`C: *` any);
 * `T:` TLS begins; `X:` the server hangs up; `R:` it resets; `E:` the client must have closed;
 * `Z:` the server falls silent; `P:` and reads no more. Other lines are comments.
 */
export async function startScript(script: string, tls?: ScriptTls): Promise<ScriptServer> {
  const steps = parse(script);
  const received: string[] = [];
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined);
  const server = createServer((socket) => {
    sockets.add(socket);
    const player = play(socket, { steps, received, chunks, tls });
    player.then(resolve, (error: unknown) => {
      reject(error);
      socket.destroy();
    });
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  return {
    port: (server.address() as AddressInfo).port,
    received,
    raw: () => Buffer.concat(chunks),
    done: promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => {
        server.close(() => closed());
      });
    },
  };
}

function parse(script: string): readonly Step[] {
  const steps: Step[] = [];
  for (const line of script.split('\n')) {
    const match = /^\s*([SCTXREZP])(\\?):(?: (.*))?$/.exec(line);
    if (match === null) continue;
    const [, letter, bare, text = ''] = match;
    const last = steps.at(-1);
    if (letter === 'S') {
      const bytes = Buffer.from(`${text}${bare === '' ? '\r\n' : ''}`);
      if (last?.kind === 'say') {
        steps[steps.length - 1] = { kind: 'say', bytes: Buffer.concat([last.bytes, bytes]) };
      } else steps.push({ kind: 'say', bytes });
    } else if (letter === 'C') steps.push({ kind: 'hear', line: text });
    else steps.push({ kind: KINDS[letter!]! });
  }
  return steps;
}

const KINDS: Readonly<
  Record<string, 'tls' | 'hang-up' | 'reset' | 'client-closes' | 'silence' | 'deaf'>
> = {
  T: 'tls',
  X: 'hang-up',
  R: 'reset',
  E: 'client-closes',
  Z: 'silence',
  P: 'deaf',
};

interface Stage {
  readonly steps: readonly Step[];
  readonly received: string[];
  readonly chunks: Buffer[];
  readonly tls: ScriptTls | undefined;
}

/** What one side of the wire gives: lines, then the end. */
class Ear {
  #buffer = '';
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, chunks: Buffer[]) {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      this.#buffer += chunk.toString('latin1');
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  get left(): string {
    return this.#buffer;
  }

  /** Undefined: the client closed. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end !== -1) {
        const line = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + 2);
        return Buffer.from(line, 'latin1').toString('utf8');
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function play(plain: Socket, stage: Stage): Promise<void> {
  let socket = plain;
  let ear = new Ear(socket, stage.chunks);
  for (const step of stage.steps) {
    switch (step.kind) {
      case 'say':
        socket.write(step.bytes);
        break;
      case 'hear': {
        const line = await ear.line();
        if (line !== undefined) stage.received.push(line);
        if (line === undefined || (step.line !== '*' && line !== step.line)) {
          throw new Error(
            `the script wants "${step.line}", the client said "${line ?? '(closed)'}"`,
          );
        }
        break;
      }
      case 'tls':
        if (ear.left !== '') throw new Error(`clear text before the handshake: "${ear.left}"`);
        socket = await secure(socket, stage.tls!);
        ear = new Ear(socket, stage.chunks);
        break;
      case 'hang-up':
        socket.end();
        break;
      case 'reset':
        socket.resetAndDestroy();
        break;
      case 'client-closes': {
        const line = await ear.line();
        if (line !== undefined) throw new Error(`the client should have closed, it said "${line}"`);
        if (ear.left !== '') throw new Error(`half a line was left: "${ear.left}"`);
        break;
      }
      case 'deaf':
        socket.pause();
        return;
      case 'silence':
        return;
      default:
        step satisfies never;
    }
  }
}

async function secure(socket: Socket, tls: ScriptTls): Promise<Socket> {
  socket.removeAllListeners('data');
  const server = createTlsServer({ ...tls });
  return await new Promise<Socket>((resolve) => {
    server.once('secureConnection', resolve);
    // Whoever never comes to an agreement shows by what follows in the script.
    server.once('tlsClientError', (_error, failed) => resolve(failed));
    server.emit('connection', socket);
  }).then((secured) => secured.on('error', () => undefined));
}
