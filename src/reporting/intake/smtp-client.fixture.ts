/**
 * Speaks LMTP and SMTP octet for octet in tests.
 *
 * @module
 */
import { connect, type Socket } from 'node:net';
import { parseSocketAddress } from '../../listen/socket-address.ts';

/** Who and whom. */
export interface TransactionOptions {
  readonly hello?: 'LHLO' | 'EHLO';
  readonly to?: readonly string[];
}

/** A client that sends lines and reads replies. */
export class SmtpClient {
  readonly #socket: Socket;
  #heard = '';
  #ended = false;
  #wake: () => void = () => undefined;

  /** @param where `127.0.0.1:24`, `[::1]:24` or `unix:/path` */
  constructor(where: string) {
    const address = parseSocketAddress(where);
    this.#socket =
      address.kind === 'tcp'
        ? connect(address.port, address.host)
        : connect(address.kind === 'unix' ? address.path : '');
    this.#socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('utf8');
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) {
      this.#socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  send(text: string): void {
    this.#socket.write(text);
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
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends one command and reads its reply. */
  async ask(command: string): Promise<string> {
    this.send(`${command}\r\n`);
    return await this.reply();
  }

  /** Greeting and the first command. */
  async hello(verb: 'LHLO' | 'EHLO' = 'LHLO'): Promise<string> {
    await this.reply();
    return await this.ask(`${verb} client.test`);
  }

  /** From `MAIL` to the reply to `DATA`. */
  async transaction({ to = ['tls-reports@x.test'] }: TransactionOptions = {}): Promise<void> {
    await this.ask('MAIL FROM:<a@sender.test> SMTPUTF8');
    for (const address of to) await this.ask(`RCPT TO:<${address}>`);
    await this.ask('DATA');
  }

  /** From the greeting to the reply to `DATA`. */
  async toContent(options: TransactionOptions = {}): Promise<void> {
    await this.hello(options.hello);
    await this.transaction(options);
  }

  /** Sends the message and reads the first reply to it. */
  async content(message: string): Promise<string> {
    this.send(`${message.replaceAll(/^\./gm, '..')}.\r\n`);
    return await this.reply();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
