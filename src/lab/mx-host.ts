/**
 * A lab MX host: a strict SMTP server with STARTTLS that can be made to misbehave in every way
 * an attacker or a careless administrator can.
 *
 * @module
 */
import { createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { SecureContext, TLSSocketOptions } from 'node:tls';
import { systemClock } from '../clock.ts';
import { talk } from './mx-session.ts';
import type { LabCertificate, LabMessage, LabMx, LabMxOptions, MxFault } from './types.ts';

/** What a modern server offers. */
export const MODERN_KEYWORDS: readonly string[] = [
  'PIPELINING',
  'SIZE 10485760',
  '8BITMIME',
  'SMTPUTF8',
  'DSN',
  'CHUNKING',
  'ENHANCEDSTATUSCODES',
  'REQUIRETLS',
];

/** Milliseconds between two octets of a host that drips. */
const DRIP_MS = 100;
/** Octets of clear text kept for inspection. */
const CLEAR_TEXT_KEPT = 1024 * 1024;

interface Running {
  readonly options: LabMxOptions;
  fault: MxFault;
  certificates: ReadonlyMap<string, LabCertificate>;
  readonly messages: LabMessage[];
  readonly commands: { line: string; tls: boolean }[];
  clear: Buffer[];
  clearLength: number;
  connections: number;
  readonly open: Set<Socket>;
}

/** Starts a host. Rejects if its address and port are taken. */
export async function startLabMx(options: LabMxOptions): Promise<LabMx> {
  const running: Running = {
    options,
    fault: options.fault ?? 'none',
    certificates: options.certificates,
    messages: [],
    commands: [],
    clear: [],
    clearLength: 0,
    connections: 0,
    open: new Set(),
  };
  const server = createServer((socket) => welcome(running, socket));
  // Opening and closing the port takes turns, so that changes in a row end as the last one says.
  let turn: Promise<void> = running.fault === 'down' ? Promise.resolve() : listen(server, options);
  await turn;

  return {
    options,
    messages: running.messages,
    commands: running.commands,
    get connections() {
      return running.connections;
    },
    get clearText() {
      return Buffer.concat(running.clear).toString('latin1');
    },
    setFault(fault) {
      running.fault = fault;
      turn = turn.then(() => adjust(server, running));
    },
    setCertificates(certificates) {
      running.certificates = certificates;
    },
    settled: () => turn,
    async close() {
      await turn;
      await shut(server, running);
    },
  };
}

async function adjust(server: Server, running: Running): Promise<void> {
  if (running.fault === 'down') await shut(server, running);
  else if (!server.listening) await listen(server, running.options);
}

async function listen(server: Server, { address, port }: LabMxOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: address, ...(isIPv6(address) ? { ipv6Only: true } : {}) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function shut(server: Server, running: Running): Promise<void> {
  for (const socket of running.open) socket.destroy();
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

function welcome(running: Running, socket: Socket): void {
  running.connections += 1;
  running.open.add(socket);
  socket.on('close', () => running.open.delete(socket));
  socket.on('error', () => socket.destroy());
  const fault = running.fault;
  if (fault === 'silent') {
    socket.resume();
    return;
  }
  if (fault === 'busy') {
    socket.resume();
    socket.end(`421 4.3.2 ${running.options.host} is busy\r\n`);
    return;
  }
  const talked = talk(socket, {
    host: running.options.host,
    keywords: running.options.keywords ?? MODERN_KEYWORDS,
    fault,
    write: fault === 'drip' ? writeDripping : writeWhole,
    onCommand: (line, tls) => running.commands.push({ line, tls }),
    onClearText: (octets) => keepClearText(running, octets),
    onMessage: (message, stream) => running.messages.push({ ...message, tls: tlsOf(stream) }),
    startTls: (stream) => startTls(running, stream as Socket, fault),
  });
  talked.catch(() => socket.destroy());
}

function keepClearText(running: Running, octets: Buffer): void {
  if (running.clearLength > CLEAR_TEXT_KEPT) return;
  running.clear.push(octets);
  running.clearLength += octets.length;
}

function tlsOf(stream: Duplex): LabMessage['tls'] {
  if (!(stream instanceof TLSSocket)) return undefined;
  const { servername } = stream as TLSSocket & { readonly servername?: string | false };
  return {
    protocol: stream.getProtocol() ?? 'unknown',
    servername: typeof servername === 'string' ? servername : undefined,
  };
}

async function writeWhole(stream: Duplex, text: string): Promise<boolean> {
  if (!stream.writable) return false;
  return await new Promise<boolean>((resolve) => {
    const onClose = (): void => resolve(false);
    stream.once('close', onClose);
    stream.write(text, 'latin1', (error) => {
      stream.off('close', onClose);
      resolve(error === null || error === undefined);
    });
  });
}

async function writeDripping(stream: Duplex, text: string): Promise<boolean> {
  for (const octet of text) {
    if (!(await writeWhole(stream, octet))) return false;
    await new Promise<void>((resolve) => {
      systemClock.after(DRIP_MS, resolve);
    });
  }
  return true;
}

/** Answers 220 (or what the fault makes of it) and upgrades. */
async function startTls(
  running: Running,
  socket: Socket,
  fault: MxFault,
): Promise<Duplex | undefined> {
  const goAhead = '220 2.0.0 Ready\r\n';
  if (fault === 'drop-handshake') {
    await writeWhole(socket, goAhead);
    socket.destroy();
    return undefined;
  }
  if (fault === 'garbage-handshake') {
    await babble(running, socket, goAhead);
    return undefined;
  }
  // In one write, so that both arrive together.
  socket.write(fault === 'inject-after-220' ? `${goAhead}250 2.0.0 Injected\r\n` : goAhead);
  const secure = new TLSSocket(socket, serverTls(running, fault));
  // A failed handshake ends the session; there is nobody to tell.
  secure.on('error', () => secure.destroy());
  return secure;
}

/** Answers whatever comes with nonsense; what the client says now is in clear text, and is kept. */
async function babble(running: Running, socket: Socket, goAhead: string): Promise<void> {
  socket.on('data', (octets: Buffer) => {
    keepClearText(running, octets);
    socket.write('This is not the TLS you are looking for\r\n');
  });
  await writeWhole(socket, goAhead);
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
}

function serverTls(running: Running, fault: MxFault): TLSSocketOptions {
  const old = fault === 'tls-1.1';
  const contextFor = (certificate: LabCertificate | undefined): SecureContext =>
    createSecureContext({
      ...(certificate === undefined ? {} : { key: certificate.key, cert: certificate.chain }),
      // OpenSSL 3 refuses TLS 1.1 altogether above security level 0.
      ...(old
        ? { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
        : { minVersion: 'TLSv1.2' }),
    });
  const fallback = running.certificates.get('') ?? running.certificates.values().next().value;
  return {
    isServer: true,
    secureContext: contextFor(fallback),
    // An unknown name gets the default certificate (RFC 8461 §7.1, RFC 7672 §8.1).
    SNICallback: (servername, done) => {
      done(null, contextFor(running.certificates.get(servername.toLowerCase()) ?? fallback));
    },
  };
}
