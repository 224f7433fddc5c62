/**
 * One client's session with a lab MX host: a strict SMTP server (RFC 5321, 3207, 3030, 8689).
 *
 * @module
 */
import type { Duplex } from 'node:stream';
import { parsePath, refuseMail, refuseRcpt } from './mx-command.ts';
import type { Offer, ParsedPath } from './mx-command.ts';
import { createOctetReader } from './octet-reader.ts';
import type { OctetReader } from './octet-reader.ts';
import type { LabMessage, MxFault } from './types.ts';

/** Octets of a command line without its CRLF; more than RFC 5321 §4.5.3.1.4, for long parameters. */
const LONGEST_LINE = 4096;

/** What a session does to the outside. */
export interface MxSessionHost {
  readonly host: string;
  readonly keywords: readonly string[];
  readonly fault: MxFault;
  /** Writes; resolves when it may go on, false when the client has left. */
  readonly write: (stream: Duplex, text: string) => Promise<boolean>;
  readonly onCommand: (line: string, tls: boolean) => void;
  readonly onClearText: (octets: Buffer) => void;
  readonly onMessage: (message: Omit<LabMessage, 'tls'>, stream: Duplex) => void;
  /** Upgrades the stream; undefined: there was no handshake. The reply is written by it. */
  readonly startTls: (stream: Duplex) => Promise<Duplex | undefined>;
}

interface Transaction {
  readonly from: Extract<ParsedPath, { ok: true }>;
  readonly recipients: string[];
}

interface State {
  readonly stream: Duplex;
  readonly reader: OctetReader;
  readonly tls: boolean;
  greeted: boolean;
  mail: Transaction | undefined;
  chunks: Buffer[] | undefined;
}

/** Talks until the client has left or QUIT; never rejects because of what a client does. */
export async function talk(stream: Duplex, host: MxSessionHost): Promise<void> {
  if (!(await host.write(stream, `220 ${host.host} ESMTP lab\r\n`))) return;
  let state = newState(stream, host, false);
  for (;;) {
    const line = await state.reader.line(LONGEST_LINE);
    if (line === undefined) break;
    host.onCommand(line, state.tls);
    const [verb, argument] = split(line);
    if (verb === 'QUIT') {
      await host.write(state.stream, `221 2.0.0 ${host.host} closes\r\n`);
      break;
    }
    if (verb === 'STARTTLS') {
      const upgraded = await upgrade(state, host, argument);
      if (upgraded === 'closed') break;
      if (upgraded !== 'refused') state = newState(upgraded, host, true);
      continue;
    }
    const reply = await perform({ state, host, verb, argument, line });
    if (reply === undefined || !(await host.write(state.stream, reply))) break;
  }
  state.stream.end();
}

function newState(stream: Duplex, host: MxSessionHost, tls: boolean): State {
  const reader = createOctetReader(stream, tls ? undefined : host.onClearText);
  return { stream, reader, tls, greeted: false, mail: undefined, chunks: undefined };
}

function split(line: string): [verb: string, argument: string] {
  const space = line.indexOf(' ');
  return space < 0
    ? [line.toUpperCase(), '']
    : [line.slice(0, space).toUpperCase(), line.slice(space + 1)];
}

function offerOf({ tls }: State, host: MxSessionHost): Offer {
  const keywords = new Map(
    host.keywords
      .map((keyword) => split(keyword))
      // RFC 8689 §2: the option is offered inside TLS only.
      .filter(([name]) => name !== 'REQUIRETLS' || tls),
  );
  return { keywords, tls };
}

async function upgrade(
  state: State,
  host: MxSessionHost,
  argument: string,
): Promise<Duplex | 'refused' | 'closed'> {
  const refusal = refuseStartTls(state, host, argument);
  if (refusal !== undefined) {
    return (await host.write(state.stream, refusal)) ? 'refused' : 'closed';
  }
  if (state.reader.waiting > 0) {
    // What comes behind STARTTLS in clear text would be read as if it came inside TLS.
    await host.write(state.stream, '554 5.5.1 Nothing may follow STARTTLS\r\n');
    return 'closed';
  }
  state.reader.detach();
  return (await host.startTls(state.stream)) ?? 'closed';
}

function refuseStartTls(state: State, host: MxSessionHost, argument: string): string | undefined {
  if (state.tls || host.fault === 'strip-starttls') return '502 5.5.1 Not offered\r\n';
  if (argument !== '') return '501 5.5.4 STARTTLS takes no parameter\r\n';
  if (host.fault === 'refuse-starttls') return '454 4.7.0 TLS not available\r\n';
  return undefined;
}

interface Step {
  readonly state: State;
  readonly host: MxSessionHost;
  readonly verb: string;
  readonly argument: string;
  readonly line: string;
}

/** The reply; undefined: the client left in the middle. */
async function perform(step: Step): Promise<string | undefined> {
  const { state, host, verb, argument } = step;
  if (/[\r\n\0]/.test(step.line)) return '500 5.5.2 Stray control character\r\n';
  switch (verb) {
    case 'EHLO':
    case 'HELO':
      return greet(step);
    case 'NOOP':
      return '250 2.0.0 OK\r\n';
    case 'VRFY':
      return '252 2.1.5 Send and see\r\n';
    case 'RSET':
      state.mail = undefined;
      state.chunks = undefined;
      return '250 2.0.0 OK\r\n';
    case 'MAIL':
      return `${mail(step)}\r\n`;
    case 'RCPT':
      return `${rcpt(step)}\r\n`;
    case 'DATA':
      return data(step);
    case 'BDAT':
      return offerOf(state, host).keywords.has('CHUNKING')
        ? bdat(state, host, argument)
        : '502 5.5.1 Not offered\r\n';
    default:
      return '500 5.5.2 Command not recognised\r\n';
  }
}

async function greet({ state, host, verb, argument }: Step): Promise<string | undefined> {
  if (argument.trim() === '') return '501 5.5.4 Name expected\r\n';
  state.greeted = true;
  state.mail = undefined;
  if (verb === 'HELO') return `250 ${host.host}\r\n`;
  if (host.fault === 'endless-reply') return endless(state, host);
  const keywords = offerOf(state, host)
    .keywords.entries()
    .map(([name, value]) => (value === '' ? name : `${name} ${value}`));
  const startTls = !state.tls && host.fault !== 'strip-starttls' ? ['STARTTLS'] : [];
  const lines = [`${host.host} greets you`, ...startTls, ...keywords];
  return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('');
}

/** 64 MiB is endless enough for a client that has a limit, and bounded for one that has none. */
async function endless(state: State, host: MxSessionHost): Promise<undefined> {
  const block = `250-X-${'AGAIN'.repeat(10)}\r\n`.repeat(1024);
  for (let sent = 0; sent < 64 * 1024 * 1024; sent += block.length) {
    if (!(await host.write(state.stream, block))) break;
  }
}

function mail({ state, host, argument }: Step): string {
  if (!state.greeted) return '503 5.5.1 EHLO first';
  if (state.mail !== undefined) return '503 5.5.1 A transaction is open';
  if (host.fault === 'insist-on-tls' && !state.tls) return '530 5.7.0 STARTTLS first';
  const from = parsePath(argument, 'FROM');
  if (!from.ok) return from.reply;
  const refusal = refuseMail(from, offerOf(state, host));
  if (refusal !== undefined) return refusal;
  state.mail = { from, recipients: [] };
  return '250 2.1.0 OK';
}

function rcpt({ state, host, argument }: Step): string {
  if (state.mail === undefined) return '503 5.5.1 MAIL first';
  const to = parsePath(argument, 'TO');
  if (!to.ok) return to.reply;
  const smtpUtf8 = state.mail.from.parameters.has('SMTPUTF8');
  const refusal = refuseRcpt(to, offerOf(state, host), smtpUtf8);
  if (refusal !== undefined) return refusal;
  if (host.fault === 'reject-recipients') return '550 5.1.1 No such mailbox';
  if (host.fault === 'greylist') return '451 4.7.1 Come back later';
  state.mail.recipients.push(Buffer.from(to.address, 'latin1').toString('utf8'));
  return '250 2.1.5 OK';
}

async function data({ state, host, argument }: Step): Promise<string | undefined> {
  if (argument !== '') return '501 5.5.4 DATA takes no parameter\r\n';
  if (state.mail === undefined || state.chunks !== undefined) return '503 5.5.1 MAIL first\r\n';
  if (state.mail.recipients.length === 0) return '503 5.5.1 RCPT first\r\n';
  if (!(await host.write(state.stream, '354 Go ahead, end with a dot\r\n'))) return undefined;
  const lines: string[] = [];
  for (;;) {
    const line = await state.reader.line(10 * 1024 * 1024);
    if (line === undefined) return undefined;
    if (line === '.') break;
    lines.push(line.startsWith('.') ? line.slice(1) : line);
  }
  const content = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  const stray = lines.some((line) => /[\r\n]/.test(line));
  return stray ? finish(state, '554 5.6.0 Bare CR or LF') : accept(state, host, content);
}

async function bdat(
  state: State,
  host: MxSessionHost,
  argument: string,
): Promise<string | undefined> {
  const match = /^(\d{1,10})( LAST)?$/i.exec(argument);
  if (match === null) return '501 5.5.4 BDAT wants a size\r\n';
  const block = await state.reader.block(Number(match[1]));
  if (block === undefined) return undefined;
  if (state.mail === undefined || state.mail.recipients.length === 0) {
    return '503 5.5.1 RCPT first\r\n';
  }
  state.chunks = [...(state.chunks ?? []), block];
  if (match[2] === undefined) return `250 2.0.0 ${block.length} octets\r\n`;
  return accept(state, host, Buffer.concat(state.chunks));
}

/** What comes behind the first empty line. */
function bodyOf(content: Buffer): Buffer {
  const end = content.indexOf('\r\n\r\n');
  return end === -1 ? Buffer.alloc(0) : content.subarray(end);
}

function accept(state: State, host: MxSessionHost, content: Buffer): string {
  const { mail } = state;
  if (mail === undefined) return finish(state, '503 5.5.1 MAIL first');
  const { parameters } = mail.from;
  // Of an internationalised message the header may have 8 bits, and BODY speaks of the rest (RFC 6531 §3.6).
  const bounded = parameters.has('SMTPUTF8') ? bodyOf(content) : content;
  const eightBit = parameters.get('BODY')?.toUpperCase() === '8BITMIME';
  if (!eightBit && bounded.some((octet) => octet > 127)) {
    return finish(state, '554 5.6.1 8-bit content without BODY=8BITMIME');
  }
  const mailParameters = parameters
    .entries()
    .map(([name, value]) => (value === '' ? name : `${name}=${value.toUpperCase()}`));
  host.onMessage(
    {
      from: Buffer.from(mail.from.address, 'latin1').toString('utf8'),
      recipients: mail.recipients,
      mailParameters: [...mailParameters],
      content,
    },
    state.stream,
  );
  return finish(state, '250 2.0.0 Delivered');
}

function finish(state: State, reply: string): string {
  state.mail = undefined;
  state.chunks = undefined;
  return `${reply}\r\n`;
}
