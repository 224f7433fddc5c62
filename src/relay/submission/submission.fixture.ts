/**
 * A server for tests, and a client that sends octets and reads replies.
 *
 * @module
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../clock.fixture.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { RelaySettings } from '../../config/types.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import type { Log } from '../../log/log.ts';
import type { RelayRefusal } from '../../metrics/relay-types.ts';
import { fakeQueue, type FakeQueue } from './fake-queue.fixture.ts';
import { hashPassword } from './password.ts';
import { startSubmission } from './start-submission.ts';
import type { Submission, SubmissionOptions } from './types.ts';
import { userLine } from './users-file.ts';

/** The relay's settings with every default, listening on any port of loopback. */
export function relaySettings(change: Partial<RelaySettings> = {}): RelaySettings {
  const loaded = loadConfig({});
  return { ...loaded.value!.relay, listen: ['127.0.0.1:0'], ...change };
}

/** What the server counted. */
export interface Counted {
  readonly refused: RelayRefusal[];
  readonly accepted: string[];
  authFailures: number;
}

/** One log line. */
export interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A server under test. */
export interface TestServer extends AsyncDisposable {
  readonly submission: Submission;
  readonly queue: FakeQueue;
  readonly clock: FakeClock;
  readonly counted: Counted;
  readonly lines: readonly Line[];
  readonly ports: readonly number[];
  readonly settings: RelaySettings;
  connect(port?: number): TestClient;
}

/** Starts a server with a clock that stands still. */
export async function startTestServer(
  change: Partial<RelaySettings> = {},
  options: Pick<SubmissionOptions, 'contentBudget'> = {},
  lines: Line[] = [],
): Promise<TestServer> {
  const settings = relaySettings(change);
  const queue = fakeQueue();
  const clock = new FakeClock();
  const counted: Counted = { refused: [], accepted: [], authFailures: 0 };
  const submission = await startSubmission({
    ...options,
    settings,
    heloName: 'relay.test',
    queue,
    clock,
    log: collectingLog(lines),
    metrics: {
      accepted: (via) => counted.accepted.push(via),
      refused: (reason) => counted.refused.push(reason),
      authFailed: () => {
        counted.authFailures += 1;
      },
      committed: () => undefined,
      watchConnections: () => undefined,
    },
  });
  const ports = submission.addresses.map((text) => Number(text.slice(text.lastIndexOf(':') + 1)));
  const clients: TestClient[] = [];
  return {
    submission,
    queue,
    clock,
    counted,
    lines,
    ports,
    settings,
    connect(port = ports[0]!) {
      const client = new TestClient(connect({ port, host: '127.0.0.1' }));
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      const closed = submission.close({ graceMs: 0 });
      await clock.advance(10);
      await closed;
    },
  };
}

/** A log that keeps its lines. */
export function collectingLog(lines: Line[]): Log {
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields: fields as Line['fields'], message });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Speaks SMTP octet for octet. */
export class TestClient {
  #socket: Socket | TLSSocket;
  #heard = '';
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('utf8');
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

  get socket(): Socket | TLSSocket {
    return this.#socket;
  }

  send(text: string | Uint8Array): this {
    this.#socket.write(text);
    return this;
  }

  /** The next whole reply. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\n]*\r\n)*\d{3}(?: [^\n]*)?\r\n/.exec(this.#heard);
      if (match !== null) {
        this.#heard = this.#heard.slice(match[0].length);
        return match[0];
      }
      if (this.#ended) throw new Error(`the server ended the connection: "${this.#heard}"`);
      await this.#more();
    }
  }

  /** Sends one command and reads its reply. */
  async ask(command: string): Promise<string> {
    return await this.send(`${command}\r\n`).reply();
  }

  /** All that comes until the server closes. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#heard;
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Greeting and EHLO. */
  async hello(name = 'client.test'): Promise<string> {
    await this.reply();
    return await this.ask(`EHLO ${name}`);
  }

  /** From greeting to the last reply before the content. */
  async toContent(mail = 'MAIL FROM:<a@sender.test>', to = 'b@there.test'): Promise<void> {
    await this.hello();
    await this.ask(mail);
    await this.ask(`RCPT TO:<${to}>`);
    await this.ask('DATA');
  }

  async startTls(): Promise<void> {
    await this.ask('STARTTLS');
    await this.secure();
  }

  /** The handshake alone. */
  async secure(options: object = {}): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const socket = connectTls({ socket: plain, rejectUnauthorized: false, ...options });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    this.#listen(socket);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Files of a server: a certificate and users `alice` (password `secret`) and `bob` (`geheim`). */
export interface TestFiles extends Disposable {
  readonly folder: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly usersFile: string;
  /** Another certificate in the same files. */
  renew(): void;
}

/** Cheap hashes, for there are many. */
export const TEST_COST = { ln: 14, r: 1, p: 1 } as const;

/** Makes the files in a folder of their own. */
export async function testFiles(): Promise<TestFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-submission-'));
  const files = {
    folder,
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    usersFile: join(folder, 'users'),
    renew() {
      const { chain: cert, key } = createLabCa().issue(['relay.test']);
      writeFileSync(files.certFile, cert);
      writeFileSync(files.keyFile, key);
    },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
  files.renew();
  const users = [
    userLine('alice', await hashPassword('secret', TEST_COST)),
    userLine('bob', await hashPassword('geheim', TEST_COST)),
  ];
  writeFileSync(files.usersFile, `${users.join('\n')}\n`, { mode: 0o600 });
  return files;
}

/** The answer to AUTH PLAIN. */
export function plainWord(user: string, password: string, authzid = ''): string {
  return Buffer.from(`${authzid}\0${user}\0${password}`).toString('base64');
}
