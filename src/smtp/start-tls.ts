/**
 * From clear text to TLS (RFC 3207), with no way back.
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { fail } from '../failure.ts';
import type { Failure, Outcome } from '../failure.ts';
import { handshake } from '../tls/handshake.ts';
import type { TlsConnection } from '../tls/types.ts';
import type { LineSocket } from './line-socket.ts';
import { replyText } from './reply.ts';
import type { Capabilities, Reply, SmtpTimeouts, StartTlsOptions } from './types.ts';

/** What the upgrade takes besides what the caller asks for. */
export interface UpgradeOptions extends StartTlsOptions {
  readonly capabilities: Capabilities;
  readonly timeouts: SmtpTimeouts;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

const NO_STARTTLS = { resultType: 'starttls-not-supported' } as const;
const BROKEN = { resultType: 'validation-failure' } as const;

/**
 * STARTTLS and the handshake. STARTTLS stands alone: nothing is written after it before 220
 * (RFC 3207 §4). On any failure the connection is closed.
 */
export async function upgrade(
  line: LineSocket,
  options: UpgradeOptions,
): Promise<Outcome<TlsConnection>> {
  const { timeouts, capabilities } = options;
  if (!capabilities.startTls) {
    await goodbye(line, timeouts);
    return fail('SMTP_STARTTLS_NOT_OFFERED', `${line.label} does not offer STARTTLS`, NO_STARTTLS);
  }
  const reply = await line.ask('STARTTLS', {
    timeoutMs: timeouts.startTls,
    what: 'the reply to STARTTLS',
  });
  if (!reply.ok) return { ok: false, failure: asTlsFailure(reply.failure) };
  if (reply.value.code !== 220) return await refused(line, reply.value, timeouts);
  const socket = cleanSocket(line);
  return socket.ok ? await shakeHands(socket.value, options) : socket;
}

/** Says QUIT without waiting for an answer and closes. */
export async function goodbye(line: LineSocket, timeouts: SmtpTimeouts): Promise<void> {
  if (line.closed !== undefined) return;
  await line.command(['QUIT'], { timeoutMs: timeouts.quit, what: 'room for QUIT' });
  line.finish(timeouts.quit);
}

/**
 * The socket, if nothing came behind the 220. Whatever did was sent in clear, perhaps by someone
 * between us and the server, to be read as an answer inside TLS (RFC 3207 §6, CVE-2011-0411).
 */
function cleanSocket(line: LineSocket): Outcome<Socket> {
  if (!line.unread) return { ok: true, value: line.detach() };
  const failure: Failure = {
    code: 'SMTP_STARTTLS_INJECTION',
    detail: `${line.label} sent clear text behind its reply to STARTTLS`,
    reasonCode: 'starttls-injection',
    ...BROKEN,
  };
  line.destroy(failure);
  return { ok: false, failure };
}

/** The handshake itself; on failure the socket is closed. */
export async function shakeHands(
  socket: Socket,
  options: Omit<UpgradeOptions, 'capabilities'>,
): Promise<Outcome<TlsConnection>> {
  const { servername, ca, minVersion, timeouts, clock, signal } = options;
  return await handshake(socket, {
    servername,
    clock,
    timeoutMs: timeouts.startTls,
    ...(ca === undefined ? {} : { ca }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function refused(
  line: LineSocket,
  reply: Reply,
  timeouts: SmtpTimeouts,
): Promise<Outcome<never>> {
  const detail = `${line.label} answered STARTTLS with ${replyText(reply)}`;
  await goodbye(line, timeouts);
  return fail('SMTP_STARTTLS_REFUSED', detail, NO_STARTTLS);
}

/** A connection that breaks at STARTTLS counts as failed TLS, not as a server without it. */
function asTlsFailure(failure: Failure): Failure {
  return failure.code === 'SMTP_ABORTED' ? failure : { ...failure, ...BROKEN };
}
