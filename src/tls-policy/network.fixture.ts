/**
 * SMTP servers without sockets, for tests of what is done with sessions. Every step is written
 * down, so that a test can say what never happened.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import type { Failure, Outcome } from '../failure.ts';
import type {
  Capabilities,
  Recipient,
  RecipientResult,
  Reply,
  SmtpConnectOptions,
  SmtpSession,
  StartTlsOptions,
} from '../smtp/types.ts';
import type { PeerTls, PkixVerdict } from '../tls/types.ts';

/** How a server behaves; the default is a good one. */
export interface FakeServer {
  /** Cannot be connected to. */
  readonly unreachable?: Failure;
  /** STARTTLS is not offered. */
  readonly noStartTls?: boolean;
  /** STARTTLS is offered and fails. */
  readonly startTlsFailure?: Failure;
  /** TLS comes about; what follows fails. */
  readonly afterTlsFailure?: Failure;
  /** What it presents, for the SNI name it was sent. */
  readonly certificate?: (servername: string | undefined) => X509Certificate;
  readonly pkix?: PkixVerdict;
  /** The one version it speaks. Default `TLSv1.3`. */
  readonly protocol?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly requireTls?: boolean;
  /** It offers AUTH and refuses whoever comes. */
  readonly authFailure?: Failure;
  /** Default: accepted. */
  readonly answer?: (recipient: Recipient) => RecipientResult;
}

/** The servers, and what happened to them. */
export interface FakeNetwork {
  readonly connect: (options: SmtpConnectOptions) => Promise<Outcome<SmtpSession>>;
  /** In order: `connect A`, `starttls A SNI`, `judged A yes`, `mail A tls r1,r2 REQUIRETLS`, `quit A`. */
  readonly steps: readonly string[];
  /** Steps that begin with this word. */
  only(word: string): readonly string[];
}

/** Says yes. */
export const ACCEPTED: Reply = { code: 250, enhanced: '2.0.0', lines: ['accepted'] };

/** A recipient that a server defers. */
export function greylisted({ address }: Recipient): RecipientResult {
  const reply = { code: 451, enhanced: '4.7.1', lines: ['later'] };
  const failure: Failure = { code: 'SMTP_RCPT_REFUSED', detail: '451 later' };
  return { recipient: address, status: 'deferred', failure, reply };
}

/** A recipient that a server rejects. */
export function rejected({ address }: Recipient): RecipientResult {
  const reply = { code: 550, enhanced: '5.1.1', lines: ['no such user'] };
  const failure: Failure = { code: 'SMTP_RCPT_REFUSED', detail: '550 no such user' };
  return { recipient: address, status: 'failed', failure, reply };
}

/** Servers by address; one that is not named cannot be reached. */
export function fakeNetwork(servers: Readonly<Record<string, FakeServer>>): FakeNetwork {
  const steps: string[] = [];
  return {
    steps,
    only: (word) => steps.filter((step) => step.startsWith(`${word} `)),
    connect: async ({ address }) => {
      steps.push(`connect ${address}`);
      const server = servers[address];
      const failure = server === undefined ? NOBODY : server.unreachable;
      await Promise.resolve();
      return failure === undefined
        ? { ok: true, value: fakeSession(address, server!, steps) }
        : { ok: false, failure };
    },
  };
}

const NOBODY: Failure = { code: 'DIAL_FAILED', detail: 'connection refused' };

const NOT_OFFERED: Failure = {
  code: 'SMTP_STARTTLS_NOT_OFFERED',
  detail: 'STARTTLS is not offered',
  resultType: 'starttls-not-supported',
};

function fakeSession(address: string, server: FakeServer, steps: string[]): SmtpSession {
  let peer: PeerTls | undefined;
  let accepted = false;
  return {
    get capabilities() {
      return capabilitiesOf(server, peer !== undefined);
    },
    get peer() {
      return peer;
    },
    address,
    localAddress: '192.0.2.99',
    banner: 'mx.test ESMTP',
    usable: true,
    async startTls(options) {
      steps.push(`starttls ${address} ${options.servername ?? '-'}`);
      await Promise.resolve();
      const failure = whyNoTls(server, options);
      if (failure !== undefined) return { ok: false, failure };
      peer = peerOf(server, options);
      const yes = options.judge?.(peer) ?? true;
      steps.push(`judged ${address} ${yes ? 'yes' : 'no'}`);
      if (!yes) return { ok: false, failure: { code: 'POLICY_TLS_MISSING', detail: 'judged' } };
      return server.afterTlsFailure === undefined
        ? { ok: true, value: peer }
        : { ok: false, failure: server.afterTlsFailure };
    },
    accept(verdict) {
      accepted = verdict.deliver;
    },
    async authenticate({ user }) {
      steps.push(`auth ${address} ${peer === undefined ? 'clear' : 'tls'} ${user}`);
      await Promise.resolve();
      const { authFailure } = server;
      return authFailure === undefined
        ? { ok: true, value: undefined }
        : { ok: false, failure: authFailure };
    },
    async send(envelope) {
      if (!accepted) throw new Error('a message before the verdict');
      const to = envelope.recipients.map((recipient) => recipient.address).join(',');
      const option = envelope.requireTls === true ? ' REQUIRETLS' : '';
      steps.push(`mail ${address} ${peer === undefined ? 'clear' : 'tls'} ${to}${option}`);
      await Promise.resolve();
      return envelope.recipients.map(
        (recipient) =>
          server.answer?.(recipient) ?? {
            recipient: recipient.address,
            status: 'delivered',
            reply: ACCEPTED,
          },
      );
    },
    async quit() {
      steps.push(`quit ${address}`);
      await Promise.resolve();
    },
    destroy() {
      steps.push(`destroy ${address}`);
    },
  };
}

const TOO_OLD: Failure = {
  code: 'TLS_VERSION_TOO_OLD',
  detail: 'offers no TLS version that is new enough',
  resultType: 'validation-failure',
};

function whyNoTls(server: FakeServer, options: StartTlsOptions): Failure | undefined {
  if (server.noStartTls === true) return NOT_OFFERED;
  const { protocol = 'TLSv1.3', startTlsFailure } = server;
  return protocol < (options.minVersion ?? 'TLSv1.2') ? TOO_OLD : startTlsFailure;
}

function peerOf(server: FakeServer, { servername }: StartTlsOptions): PeerTls {
  if (server.certificate === undefined) throw new Error('the fake server has no certificate');
  return {
    protocol: server.protocol ?? 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    servername,
    chain: [server.certificate(servername)],
    pkix: server.pkix ?? { trusted: true },
  };
}

function capabilitiesOf(server: FakeServer, insideTls: boolean): Capabilities {
  return {
    greeting: 'mx.test',
    startTls: !insideTls && server.noStartTls !== true,
    pipelining: true,
    size: 0,
    eightBitMime: true,
    smtpUtf8: true,
    dsn: true,
    requireTls: insideTls && server.requireTls === true,
    enhancedStatusCodes: true,
    chunking: false,
    keywords: new Map(),
  };
}
