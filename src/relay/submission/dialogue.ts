/**
 * The commands of one session and what is answered to them, without any socket.
 *
 * @module
 */
import { mayRelay, type Client } from './client.ts';
import type { Entrance } from './entrance.ts';
import { readMail } from './mail-command.ts';
import { readRcpt } from './rcpt-command.ts';
import { addressLiteral } from './received.ts';
import { closing, reply, REPLIES, type Reply } from './replies.ts';
import { Transaction } from './transaction.ts';

/** What a command leads to. */
export type Answer =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** `354` is due, then the content comes. */
  | { readonly kind: 'content'; readonly transaction: Transaction }
  /** `220` is due, then the handshake. */
  | { readonly kind: 'start-tls' }
  /** The mechanism has the word. */
  | { readonly kind: 'auth' };

/** What a session can offer at this moment. */
export interface Offers {
  readonly client: Client;
  readonly hasCertificate: boolean;
  readonly hasUsers: boolean;
  /** Who authenticated could not do so any more as he did. */
  readonly isLoginOver: boolean;
}

/** Domains and literals, and the many names that are none: who they are is not believed anyway. */
const HELLO_NAME = /^[A-Za-z0-9_.:[\]-]{1,255}$/;
const WEB = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH|HOST:)$/;

/** One session. A new one begins after STARTTLS: what was said before is forgotten (RFC 3207 §4.2). */
export class Dialogue {
  readonly #entrance: Entrance;
  readonly #offers: () => Offers;
  #hello: { readonly name: string; readonly extended: boolean } | undefined;
  #transaction: Transaction | undefined;

  constructor(entrance: Entrance, offers: () => Offers) {
    this.#entrance = entrance;
    this.#offers = offers;
  }

  /** Is a message under way? */
  get isInMail(): boolean {
    return this.#transaction !== undefined;
  }

  /** The sender of the message under way. */
  get from(): string | undefined {
    return this.#transaction?.sender.from;
  }

  /** The content has come, or was given up. */
  mailEnded(): void {
    this.#transaction = undefined;
  }

  /** @param line one command without its line end */
  command(line: string): Answer {
    const space = line.indexOf(' ');
    const verb = (space === -1 ? line : line.slice(0, space)).toUpperCase();
    const argument = space === -1 ? '' : line.slice(space + 1).trim();
    switch (verb) {
      case 'MAIL':
        return said(this.#mail(argument));
      case 'RCPT':
        return said(this.#rcpt(argument));
      case 'DATA':
        return this.#data(argument);
      case 'EHLO':
      case 'HELO':
        return said(this.#greet(argument, verb === 'EHLO'));
      case 'STARTTLS':
        return this.#startTls(argument);
      case 'AUTH':
        return this.#auth();
      default:
        return said(this.#plain(verb, argument));
    }
  }

  /** Commands that lead nowhere else. */
  #plain(verb: string, argument: string): Reply {
    switch (verb) {
      case 'RSET':
        if (argument !== '') return REPLIES.noArgument;
        this.#transaction = undefined;
        return REPLIES.ok;
      case 'NOOP':
        return REPLIES.ok;
      case 'QUIT':
        return argument === '' ? closing(REPLIES.bye) : REPLIES.noArgument;
      case 'HELP':
        return REPLIES.help;
      case 'VRFY':
        return argument === '' ? REPLIES.needsArgument : REPLIES.noPromise;
      // What follows it are octets of a message, and must never be read as commands.
      case 'BDAT':
        return REPLIES.chunks;
      case 'EXPN':
      case 'TURN':
      case 'ETRN':
        return REPLIES.notImplemented;
      default:
        return WEB.test(verb) ? REPLIES.noWeb : REPLIES.unknown;
    }
  }

  #greet(name: string, extended: boolean): Reply {
    if (!HELLO_NAME.test(name)) return REPLIES.helloSyntax;
    this.#transaction = undefined;
    this.#hello = { name, extended };
    const greeting = `${this.#entrance.heloName} greets ${addressLiteral(this.#offers().client.address)}`;
    if (!extended) return reply(250, '', greeting);
    const lines = [greeting, ...this.#extensions()];
    const last = lines.length - 1;
    const wire = lines.map((line, at) => `250${at === last ? ' ' : '-'}${line}\r\n`).join('');
    return { code: 250, wire };
  }

  #extensions(): readonly string[] {
    const { client, hasCertificate } = this.#offers();
    const isSecure = client.tls !== undefined;
    const { maxMessageBytes } = this.#entrance.ruling.settings;
    return [
      'PIPELINING',
      `SIZE ${maxMessageBytes}`,
      '8BITMIME',
      'SMTPUTF8',
      'DSN',
      'ENHANCEDSTATUSCODES',
      // Never nested (RFC 3207 §4.2).
      ...(!isSecure && hasCertificate ? ['STARTTLS'] : []),
      ...(this.#offersAuth() && client.user === undefined ? ['AUTH PLAIN LOGIN'] : []),
      // Only inside TLS (RFC 8689 §2).
      ...(isSecure ? ['REQUIRETLS'] : []),
    ];
  }

  #offersAuth(): boolean {
    const { client, hasUsers } = this.#offers();
    return client.tls !== undefined && hasUsers;
  }

  #mail(argument: string): Reply {
    if (this.#hello === undefined) return REPLIES.helloFirst;
    if (this.#transaction !== undefined) return REPLIES.mailTwice;
    const { client, isLoginOver } = this.#offers();
    if (isLoginOver) return REPLIES.loginOver;
    const { ruling, limits, clock } = this.#entrance;
    const read = readMail(argument, {
      extended: this.#hello.extended,
      tls: client.tls !== undefined,
      auth: this.#offersAuth(),
      maxBytes: ruling.settings.maxMessageBytes,
    });
    if (!read.ok) return read.reply;
    if (!limits.takeMessage(client.key, ruling.settings, clock.now())) return REPLIES.tooFast;
    this.#transaction = new Transaction({
      client,
      clientName: this.#hello.name,
      extended: this.#hello.extended,
      sender: read.value,
    });
    return REPLIES.senderOk;
  }

  #rcpt(argument: string): Reply {
    const transaction = this.#transaction;
    if (this.#hello === undefined) return REPLIES.helloFirst;
    if (transaction === undefined) return REPLIES.mailFirst;
    // Before the address: a stranger learns nothing about addresses here.
    if (!mayRelay(transaction.client)) return REPLIES.notAllowed;
    const read = readRcpt(argument, {
      extended: transaction.extended,
      smtpUtf8: transaction.sender.smtpUtf8 === true,
    });
    if (!read.ok) return read.reply;
    const { maxRecipients } = this.#entrance.ruling.settings;
    if (transaction.count >= maxRecipients && !transaction.has(read.value.key)) {
      return REPLIES.tooManyRecipients;
    }
    transaction.add(read.value);
    return REPLIES.recipientOk;
  }

  #data(argument: string): Answer {
    if (argument !== '') return said(REPLIES.noArgument);
    if (this.#hello === undefined) return said(REPLIES.helloFirst);
    const transaction = this.#transaction;
    if (transaction === undefined) return said(REPLIES.mailFirst);
    // RFC 2920 §3.1: the client may have sent DATA before it knew.
    if (transaction.count === 0) return said(REPLIES.noRecipients);
    return { kind: 'content', transaction };
  }

  #startTls(argument: string): Answer {
    if (argument !== '') return said(REPLIES.startTlsArgument);
    const { client, hasCertificate } = this.#offers();
    if (client.tls !== undefined) return said(REPLIES.tlsTwice);
    return hasCertificate ? { kind: 'start-tls' } : said(REPLIES.noTls);
  }

  #auth(): Answer {
    const { client, hasUsers } = this.#offers();
    if (!hasUsers) return said(REPLIES.noAuth);
    if (client.tls === undefined) return said(REPLIES.authInClear);
    if (this.#hello?.extended !== true) return said(REPLIES.helloFirst);
    if (client.user !== undefined) return said(REPLIES.authTwice);
    if (this.#transaction !== undefined) return said(REPLIES.authInMail);
    return { kind: 'auth' };
  }
}

function said(answer: Reply): Answer {
  return { kind: 'reply', reply: answer };
}
