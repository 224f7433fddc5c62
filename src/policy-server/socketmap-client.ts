/**
 * Asks a socketmap server one question, as an MTA does.
 *
 * @module
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { MAX_REPLY, NetstringReader, writeNetstring } from './netstring.ts';
import { type SocketAddress, socketAddressText } from '../listen/socket-address.ts';

/** One question. */
export interface SocketmapQuestion {
  readonly address: Exclude<SocketAddress, { readonly kind: 'fd' }>;
  readonly mapName: string;
  readonly key: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * The reply as it came: `OK …`, `NOTFOUND `, `TEMP …`. Fails with `SOCKETMAP_UNREACHABLE`,
 * `SOCKETMAP_TIMEOUT` or `SOCKETMAP_ANSWER_INVALID`.
 */
export async function askSocketmap(question: SocketmapQuestion): Promise<Outcome<string>> {
  const { address, mapName, key, timeoutMs, clock } = question;
  const where = socketAddressText(address);
  const socket = connect(
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
  );
  const timer = clock.after(timeoutMs, () => socket.destroy(new TooLate()));
  try {
    socket.write(writeNetstring(`${mapName} ${key}`));
    return await reply(socket, where);
  } catch (error) {
    if (error instanceof TooLate) {
      return fail('SOCKETMAP_TIMEOUT', `${where} gave no answer within ${timeoutMs} ms`);
    }
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return fail('SOCKETMAP_UNREACHABLE', `cannot ask ${where}: ${reason}`);
  } finally {
    timer.cancel();
    socket.destroy();
  }
}

class TooLate extends Error {}

async function reply(socket: Socket, where: string): Promise<Outcome<string>> {
  const reader = new NetstringReader(MAX_REPLY);
  for await (const chunk of socket) {
    reader.push(chunk as Buffer);
    const payload = reader.next();
    if (payload !== undefined) return ok(Buffer.from(payload, 'latin1').toString('utf8'));
    if (reader.fault !== undefined) {
      return fail(
        'SOCKETMAP_ANSWER_INVALID',
        `${where} answers with something that is no netstring`,
      );
    }
  }
  return fail('SOCKETMAP_ANSWER_INVALID', `${where} closed the connection without an answer`);
}
